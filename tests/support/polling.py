"""Waiting for something to become true, with a deadline and without a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")
ROUNDS = 1_000_000
REFERENCE_SECONDS = 0.06
"""What so many rounds of a loop took on the machine that the deadlines were set on, when nothing else ran there."""
SLOWEST = 6.0


@cache
def slowness() -> float:
    """How many times slower than that machine this one is now; 1 if it is as fast, at most 6."""
    begun, total = time.perf_counter(), 0
    for number in range(ROUNDS):
        total += number
    return min(SLOWEST, max(1.0, (time.perf_counter() - begun) / REFERENCE_SECONDS))


def patience(seconds: float) -> float:
    """A deadline in seconds of the reference machine, in seconds of this one."""
    return seconds * slowness()


def wait_until(ask: Callable[[], T], seconds: float, what: str) -> T:
    """Ask until the answer is truthy; AssertionError with `what` when time is up."""
    seconds = patience(seconds)
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
