"""A call that is held: somebody waits for it to arrive, and decides what becomes of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from support.polling import patience

LONGEST_SECONDS = 300.0


@dataclass
class Held:
    """What is held at one place.

    Attributes:
        reached: set when the call is there (or, for a fault that does not hold, when it has gone wrong).
        port: the caller's end of the connection.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _told: threading.Event = field(default_factory=threading.Event)
    _goes_on: bool = False

    def hold(self) -> bool:
        """Wait until it is told what to do; whether the call goes on."""
        self.reached.set()
        self._told.wait(LONGEST_SECONDS)
        return self._goes_on

    def wait(self, seconds: float = 30) -> None:
        """Wait for the call to arrive."""
        assert self.reached.wait(patience(seconds)), f"waited {patience(seconds):g} s for {self}"

    def let_go(self) -> None:
        """Let the call go on."""
        self._goes_on = True
        self._told.set()

    def drop(self) -> None:
        """The call ends here."""
        self._told.set()
