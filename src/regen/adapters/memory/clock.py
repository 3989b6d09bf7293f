"""A clock and ids under a test's control."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class ManualClock:
    """A clock that advances only by `advance` and `sleep`."""

    def __init__(self, start: datetime = datetime(2026, 1, 20, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass (or, with a negative number, jump back)."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class CountingIds:
    """00000001, 00000002, ..."""

    def __init__(self) -> None:
        self._next = 0
        self._lock = threading.Lock()

    def suffix(self) -> str:
        with self._lock:
            self._next += 1
            return f"{self._next:08x}"
