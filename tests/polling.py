"""Waiting for something to become true, with a deadline and without a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(ask: Callable[[], T], seconds: float, what: str) -> T:
    """Ask until the answer is truthy; AssertionError with `what` when time is up."""
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
