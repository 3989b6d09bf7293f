"""Faults at calls to ports and mishaps of messages: drawn from a seed, or planned for exact calls."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum


class Fault(StrEnum):
    """A fault of one call to a port."""

    CRASH_BEFORE = "crash before the call"
    CRASH_AFTER = "crash after the call"
    REFUSED = "refused as unavailable"
    UNANSWERED = "done, answered as unavailable"
    LATE = "answered as unavailable, done later"
    TOUCHED = "a batch's record written by another process at the same moment"
    DONE_REFUSED = "a write that was done, answered as a conflict"
    UNSTORABLE = "a document refused for good"
    AMBIGUOUS = "a transaction done, answered with an error of no known kind"
    CONFLICT = "transaction conflict"
    BROKEN = "refused for good"
    STALL = "process stalled"


class Mishap(StrEnum):
    """A mishap of a message, an event, a tick or a record."""

    DUPLICATE = "delivered twice"
    DELAY = "delayed"
    DROP = "dropped and delivered again"
    LOST = "lost for good"
    POISON = "kills the process that takes it"
    REPLAY = "everything delivered again at the end"
    OUTAGE = "refused while a dependency is down"
    SKIPPED = "tick left out"
    JUMP = "clock jumped"
    STRAY = "a record of another version"
    MARKED = "fields of a later version"
    VANISHED = "a model gone from its store, or half of it"


@dataclass(frozen=True)
class Mix:
    """The chance of each fault at a call, and of each mishap of a message."""

    crash: float = 0.0
    refused: float = 0.0
    unanswered: float = 0.0
    late: float = 0.0
    conflict: float = 0.0
    stall: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    lost: float = 0.0
    poison: float = 0.0
    replay: float = 0.0
    broken: float = 0.0
    skipped: float = 0.0
    jump: float = 0.0
    switch: float = 0.05
    overlap: float = 0.0
    touched: float = 0.0
    done_refused: float = 0.0
    ambiguous: float = 0.0
    unstorable: float = 0.0

    @staticmethod
    def drawn(rng: random.Random) -> "Mix":
        """Draw the mix of a seed: some kinds absent, some rare, some frequent, so that runs differ."""
        scale = {
            "crash": 0.02,
            "refused": 0.03,
            "unanswered": 0.03,
            "late": 0.02,
            "conflict": 0.3,
            "stall": 0.015,
            "duplicate": 0.3,
            "delay": 0.3,
            "drop": 0.2,
            "lost": 0.1,
            "poison": 0.05,
            "broken": 0.1,
            "skipped": 0.3,
            "jump": 0.02,
            "switch": 0.3,
            "touched": 0.1,
            "done_refused": 0.02,
            "ambiguous": 0.3,
        }
        chances = {name: rng.choice((0.0, 0.25, 1.0)) * top for name, top in scale.items()}
        if rng.random() < 0.6:
            chances["lost"] = 0.0
        if rng.random() < 0.6:
            chances["poison"] = 0.0
        chances["switch"] = max(0.02, chances["switch"])
        chances["overlap"] = rng.choice((0.05, 0.3, 1.0))
        chances["replay"] = 0.2
        chances["unstorable"] = rng.choice((0.0, 0.0, 0.02))
        return Mix(**chances)

    def __str__(self) -> str:
        return ", ".join(f"{f.name} {getattr(self, f.name):g}" for f in fields(self) if getattr(self, f.name))


@dataclass
class Faults:
    """The source of faults of one run.

    Attributes:
        planned: faults at exact calls, by number; the calls of a run are counted from 0.
        on: whether faults are injected; False after the storm.
        counted: how many of each kind were injected.
        shaken: whether the last transaction was late or stalled; the next one then fails more often.
    """

    rng: random.Random
    mix: Mix
    planned: Mapping[int, Fault] = field(default_factory=dict)
    on: bool = True
    calls: int = 0
    _odd: random.Random = field(init=False)
    counted: Counter[str] = field(default_factory=Counter)
    shaken: bool = False

    def __post_init__(self) -> None:
        # A separate generator, so that this kind changes no other draw of a seed.
        self._odd = random.Random(str(self.mix))  # noqa: S311

    def at_call(
        self,
        *,
        writes: bool,
        transaction: bool = False,
        breakable: bool = False,
        ends: bool = False,
        conditional: bool = False,
        documents: bool = False,
    ) -> Fault | None:
        """Draw the fault of the next call, if any.

        Args:
            writes: it changes something: its answer may be lost, and its effect may come late.
            transaction: it may conflict with another one.
            breakable: it may be refused for good. The calls before it must succeed at some time.
            ends: it asks how a transaction has ended.
            conditional: it has a precondition, which may fail because the client sent the call twice.
            documents: it writes documents with upstream data, which Firestore may refuse for good.
        """
        number, self.calls = self.calls, self.calls + 1
        fault = self.planned.get(number)
        if fault is None and self.on and not self.planned:
            fault = self._drawn(writes=writes, transaction=transaction, breakable=breakable, ends=ends)
            if fault is None and conditional:
                fault = self._at_precondition()
            if fault is None and documents and self._odd.random() < self.mix.unstorable:
                fault = Fault.UNSTORABLE
        if fault in {Fault.TOUCHED, Fault.DONE_REFUSED} and not conditional:
            fault = None
        if fault is Fault.AMBIGUOUS and not ends:
            fault = None
        if breakable and transaction:
            self.shaken = fault in {Fault.LATE, Fault.STALL}
        if fault is not None:
            self.counted[fault] += 1
        return fault

    def _drawn(self, *, writes: bool, transaction: bool, breakable: bool, ends: bool) -> Fault | None:
        mix, dice = self.mix, self.rng.random()
        kinds = [
            (Fault.CRASH_BEFORE, mix.crash / 2),
            (Fault.CRASH_AFTER, mix.crash / 2),
            (Fault.REFUSED, mix.refused),
            (Fault.STALL, mix.stall),
        ]
        if writes:
            kinds += [(Fault.UNANSWERED, mix.unanswered), (Fault.LATE, mix.late)]
        if transaction:  # rare, and where it hurts most
            kinds = [(kind, (10 if breakable else 6) * chance) for kind, chance in kinds]
            broken = breakable * mix.broken * (8 if self.shaken else 1)
            kinds = [(Fault.BROKEN, broken), *kinds, (Fault.CONFLICT, mix.conflict)]
        elif breakable:
            kinds += [(Fault.BROKEN, mix.broken / 4)]
        elif ends:
            kinds = [(Fault.AMBIGUOUS, mix.ambiguous), *((kind, 3 * chance) for kind, chance in kinds)]
        for kind, chance in kinds:
            if dice < chance:
                return kind
            dice -= chance
        return None

    def _at_precondition(self) -> Fault | None:
        dice = self.rng.random()
        if dice < self.mix.touched:
            return Fault.TOUCHED
        return Fault.DONE_REFUSED if dice < self.mix.touched + self.mix.done_refused else None

    def happens(self, mishap: Mishap) -> bool:
        """Draw whether a mishap happens now, and count it."""
        chance: float = getattr(self.mix, mishap.name.lower())
        if not self.on or not chance or self.rng.random() >= chance:
            return False
        self.counted[mishap] += 1
        return True
