"""Reading for a page: at once, each with its own failure, and with the last known state of what is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from msgspec import Struct

from regen import clock
from regen.client.errors import OperatorError, Problem, Unreachable

T = TypeVar("T")
MOST_KEPT = 256
AT_ONCE = 6
PATIENCE_SECONDS = 10.0
AWAY = frozenset({429, 500, 502, 503, 504})


def utc_now() -> datetime:
    """The present time."""
    return clock.now()


class Seen(Struct, Generic[T], frozen=True):
    """What a read brought.

    Attributes:
        value: None if nothing was ever read.
        at: when the value was read.
        error: why there is no newer value; None if this is the newest.
        age: seconds since the value was read, where it is not the newest.
    """

    value: T | None
    at: datetime
    error: str | None = None
    age: float = 0.0


class Ask(Struct, Generic[T], frozen=True, dict=True):
    """One question of a page.

    Attributes:
        key: under which its answer is remembered.
        fresh: seconds in which the remembered answer is as good as a new one, unless the stamp has changed.
        stamp: of what the answer depends on, such as the last end of a batch.
    """

    key: tuple[Hashable, ...]
    read: Callable[[], T]
    fresh: float = 0.0
    stamp: Hashable = None


@dataclass
class Memory:
    """The last answers. A coordinator that is away leaves them, with their age.

    Attributes:
        reads: how many questions went out; for tests of their number.
        patience: seconds that a page waits for one answer.
    """

    now: Callable[[], datetime] = utc_now
    reads: int = 0
    patience: float = PATIENCE_SECONDS
    _known: dict[tuple[Hashable, ...], tuple[datetime, Any, Hashable]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, ask: Ask[T]) -> Seen[T]:
        """The answer, or the last one where the other side is away.

        Raises:
            Problem: the coordinator has answered, and refuses: no such batch.
        """
        now = self.now()
        with self._lock:
            known: tuple[datetime, T, Hashable] | None = self._known.get(ask.key)
        if known and ask.fresh and known[2] == ask.stamp and now - known[0] < timedelta(seconds=ask.fresh):
            return Seen(known[1], known[0])
        try:
            with self._lock:
                self.reads += 1
            value = self._answered(ask)
        except OperatorError as error:
            if isinstance(error, Problem) and error.status not in AWAY:
                raise
            if known is None:
                return Seen(None, now, str(error))
            return Seen(known[1], known[0], str(error), max(0.0, (self.now() - known[0]).total_seconds()))
        with self._lock:
            self._known.pop(ask.key, None)
            self._known[ask.key] = (now, value, ask.stamp)
            while len(self._known) > MOST_KEPT:
                del self._known[next(iter(self._known))]
        return Seen(value, now)

    def _answered(self, ask: Ask[T]) -> T:
        """The answer within the patience. Google's clients repeat a call that nothing answers for minutes; a page must not.

        Raises:
            Unreachable: there is none in time.
        """
        answers: list[T] = []
        errors: list[Exception] = []

        def read() -> None:
            try:
                answers.append(ask.read())
            except Exception as error:  # noqa: BLE001 - raised below, in the thread that asked
                errors.append(error)

        # A daemon: a call that never comes back does not keep the console from ending.
        reading = threading.Thread(target=copy_context().run, args=(read,), name=f"console: {ask.key[0]}", daemon=True)
        reading.start()
        reading.join(self.patience)
        if errors:
            raise errors[0]
        if not answers:
            raise Unreachable(f"no answer in {self.patience:g} s")
        return answers[0]

    def together(self, asks: Mapping[str, Ask[Any]]) -> dict[str, Seen[Any]]:
        """All answers, asked for at once and, as every question, for the person whose page it is."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = {name: pool.submit(copy_context().run, self.look, ask) for name, ask in asks.items()}
            return {name: answer.result() for name, answer in waiting.items()}
