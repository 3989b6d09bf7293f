"""The real clock and really fresh names."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RandomIds:
    """Eight random hex digits."""

    def suffix(self) -> str:
        return secrets.token_hex(4)


@contextmanager
def thread_heartbeat(beat: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Beat in a thread until the block ends or a beat answers False."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(seconds) and beat():
            pass

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(seconds)
