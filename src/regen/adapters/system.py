"""The system clock, random names, and a heartbeat thread."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from regen import clock


class SystemClock:
    """The system time."""

    def now(self) -> datetime:
        return clock.now()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RandomIds:
    """Eight random hex digits."""

    def suffix(self) -> str:
        return secrets.token_hex(4)


@contextmanager
def thread_heartbeat(beat: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Call `beat` in a thread until the block ends or `beat` returns False."""
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
