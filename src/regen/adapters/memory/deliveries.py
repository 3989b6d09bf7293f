"""Retrying of items by a few threads, each item at its due time."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class Deliveries(Generic[T]):
    """Calls `attempt` for every item; it returns the delay before the next attempt, or None when done.

    Items due at the same time are tried in order of arrival. The threads start with the first item.
    """

    def __init__(self, attempt: Callable[[T], float | None], *, threads: int = 2) -> None:
        self._attempt = attempt
        self._heap: list[tuple[float, int, T]] = []
        self._count = 0
        self._running = 0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        self._started = False

    def put(self, item: T, delay: float = 0.0) -> None:
        """Schedule an item's attempt in `delay` seconds."""
        with self._changed:
            self._count += 1
            heapq.heappush(self._heap, (time.monotonic() + delay, self._count, item))
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Start no further attempts; those under way run to their end."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while (item := self._take()) is not None:
            delay: float | None = None
            try:
                delay = self._attempt(item[0])
            except Exception:
                log.exception("an attempt ended with an error; it is not made again")
            finally:
                with self._changed:
                    self._running -= 1
                    if delay is not None and not self._closed:
                        self._count += 1
                        heapq.heappush(self._heap, (time.monotonic() + delay, self._count, item[0]))
                    self._changed.notify_all()

    def _take(self) -> tuple[T] | None:
        with self._changed:
            while not self._closed:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    self._running += 1
                    return (heapq.heappop(self._heap)[2],)
                self._changed.wait(wait)
            return None
