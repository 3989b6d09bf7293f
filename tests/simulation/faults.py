"""What may go wrong at a call to a port, and how often: drawn from a seed, or planned for exact calls."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum


class Fault(StrEnum):
    """What happens at one call to a port."""

    CRASH_BEFORE = "crash before the call"
    CRASH_AFTER = "crash after the call"
    REFUSED = "refused as unavailable"
    UNANSWERED = "done, answered as unavailable"
    LATE = "answered as unavailable, done later"
    TOUCHED = "a batch's record written by another in the same moment"
    DONE_REFUSED = "a write that was done, answered as a conflict"
    UNSTORABLE = "a document refused for good"
    AMBIGUOUS = "a transaction done, answered with an error of no known kind"
    CONFLICT = "transaction conflict"
    BROKEN = "refused for good"
    STALL = "process stalled"


class Mishap(StrEnum):
    """What happens to a message, an event or a tick."""

    DUPLICATE = "delivered twice"
    DELAY = "delayed"
    DROP = "dropped and delivered again"
    LOST = "lost for good"
    POISON = "kills whoever takes it"
    REPLAY = "everything delivered again at the end"
    OUTAGE = "refused while a dependency is down"
    SKIPPED = "tick left out"
    JUMP = "clock jumped"
    STRAY = "a record of another version"
    MARKED = "fields of a later version"


@dataclass(frozen=True)
class Mix:
    """Chances of each fault at each call, and of each mishap to each message."""

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
        """A mix for a seed: some kinds absent, some rare, some frequent, so that runs differ in kind."""
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
        planned: faults at exact calls, by number; the calls of the whole run are counted from 0.
        on: off once the run is to become quiet.
        counted: how many of each kind were injected.
        shaken: a transaction is late or its process stands still: the next one is in trouble, too (troubles come in company).
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
        # Of its own, so that this kind changes no other draw of a seed.
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
        """The fault at the next call, if any.

        Args:
            writes: it changes something, so that its answer may be lost and its effect may come late.
            transaction: it may meet another one.
            breakable: it may be refused for good (what comes before it must succeed some time, or nobody can decide).
            ends: it asks how a transaction has ended.
            conditional: it may fail on a precondition; the client may have sent it twice.
            documents: it writes documents with what comes from upstream, which Firestore may refuse for good.
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
        """Whether a mishap happens now."""
        chance: float = getattr(self.mix, mishap.name.lower())
        if not self.on or not chance or self.rng.random() >= chance:
            return False
        self.counted[mishap] += 1
        return True
