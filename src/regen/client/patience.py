"""Saying that something is waited for, before the person wonders."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which the waiting is said, and said again.
MOMENTS = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 90.0)


@contextmanager
def waiting_for(what: str, tell: Callable[[str], None] | None, moments: tuple[float, ...] = MOMENTS) -> Iterator[None]:
    """Tell `waiting for WHAT (4 s)` while the work inside goes on; a quick one costs a thread that says nothing."""
    if tell is None:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        began = time.monotonic()
        for moment in moments:
            if over.wait(max(0.0, began + moment - time.monotonic())):
                return
            tell(f"waiting for {what} ({moment:g} s)")

    threading.Thread(target=watch, name=f"waiting for {what}", daemon=True).start()
    try:
        yield
    finally:
        over.set()
