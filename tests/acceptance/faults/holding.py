"""A held call: a test waits for its arrival, then resumes or drops it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from support.polling import patience

LONGEST_SECONDS = 300.0


@dataclass
class Held:
    """A call that a front holds for a test.

    Attributes:
        reached: set when the call has arrived (or, for a fault that does not hold, when it was injected).
        port: the caller's port of the connection.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _decided: threading.Event = field(default_factory=threading.Event)
    _resumed: bool = False

    def hold(self) -> bool:
        """Hold the call until a test resumes or drops it; return whether it was resumed."""
        self.reached.set()
        self._decided.wait(LONGEST_SECONDS)
        return self._resumed

    def wait(self, seconds: float = 30) -> None:
        """Wait until the call has arrived."""
        assert self.reached.wait(patience(seconds)), f"waited {patience(seconds):g} s for {self}"

    def resume(self) -> None:
        """Pass the call on."""
        self._resumed = True
        self._decided.set()

    def drop(self) -> None:
        """End the call without passing it on."""
        self._decided.set()
