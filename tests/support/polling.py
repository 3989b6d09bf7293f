"""Polling with a deadline and without a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")
ROUNDS = 1_000_000
REFERENCE_SECONDS = 0.06
"""The seconds of these rounds on the reference machine, for which the deadlines are set, when it was idle."""
SLOWEST = 6.0


@cache
def slowness() -> float:
    """How many times slower this machine is now than the reference machine, between 1 and `SLOWEST`."""
    begun, total = time.perf_counter(), 0
    for number in range(ROUNDS):
        total += number
    return min(SLOWEST, max(1.0, (time.perf_counter() - begun) / REFERENCE_SECONDS))


def patience(seconds: float) -> float:
    """Convert seconds of the reference machine to seconds of this one."""
    return seconds * slowness()


def wait_until(ask: Callable[[], T], seconds: float, what: str) -> T:
    """Poll until the answer is true and return it; raise AssertionError with `what` at the deadline."""
    seconds = patience(seconds)
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
