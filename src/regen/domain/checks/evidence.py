"""The input of the checks, and the result of one check."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from msgspec import Struct, field

from regen.domain.batch import Thresholds
from regen.domain.errors import Defect
from regen.domain.outcome import Outcome, OutcomeKind, Tally, tally
from regen.domain.plan import Plan, plan
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope
from regen.domain.slate import EXPLAINED, Exclusion, SlateShape
from regen.domain.values import replace
from regen.domain.words import counted

MAX_NAMES = 20
FLOOR = 3
"""Fewer players than this never fail a share: on a short slate one late scratch is a large share."""

RENEWED_FLOOR = 8
"""From so many players on, a batch that renews a part of the date is judged by that part, too: most of a game. Of fewer,
one player's news is a large share."""


class NoLimit(Defect):
    """A check names a limit that is not a setting."""


class Evidence(Struct, frozen=True, dict=True):
    """The input of the checks.

    Attributes:
        outcomes: the final outcome of every requested player, all rounds considered.
        fresh: the outcomes whose rows this promotion makes current.
        current: the predictions that are current before the promotion.
        staged_rows: number of prediction rows that were loaded into the staging table.
        retired: systems that no batch runs any more. Their rows are in no baseline.
        slate: the slate that the batch was opened on; None in records of earlier versions.
        slate_before: number of players on the slate of the date's last promoted whole-slate batch; None if no such
            batch is on record.
    """

    outcomes: Sequence[Outcome]
    systems: Sequence[str]
    current: Sequence[CurrentPrediction]
    thresholds: Thresholds
    staged_rows: int
    expected_rows: int
    fresh: Sequence[Outcome] = ()
    excluded: Sequence[Exclusion] = ()
    scope: Scope = field(default_factory=Scope)
    slate: SlateShape | None = None
    slate_before: int | None = None
    retired: frozenset[str] = frozenset()

    def limit(self, name: str) -> float:
        """The limit of a check.

        Raises:
            NoLimit: the batch has no limit of that name.
        """
        if name not in self.thresholds:
            raise NoLimit(f"{name}: the batch has no such limit; add a row to settings.json")
        return self.thresholds[name]

    @property
    def produced(self) -> list[Outcome]:
        """The players with predictions."""
        return [o for o in self.outcomes if o.kind is OutcomeKind.PRODUCED]

    def tally(self) -> Tally:
        """The outcomes, counted."""
        return tally(self.outcomes)

    @cached_property
    def plan(self) -> Plan:
        """The date before and after the promotion."""
        return plan(self.current, self.outcomes, self.fresh, self.excluded, self.scope, self.retired)

    @cached_property
    def players(self) -> frozenset[str]:
        """The players whom the batch requests, and those with current rows."""
        return self.baseline | {o.player_lookup for o in self.outcomes}

    @cached_property
    def renewed(self) -> frozenset[str]:
        """The players with current rows who get new ones."""
        had = {row.player_lookup for row in self.plan.before}
        return frozenset(row.player_lookup for row in self.plan.new if row.player_lookup in had)

    @cached_property
    def withdrawals_alone(self) -> bool:
        """Whether the batch only withdraws: no player could be produced, and it is filtered or its date is called off."""
        numbers = self.tally()
        explained = bool(self.plan.withdrawn) and EXPLAINED.issuperset(self.plan.withdrawn.values())
        return numbers.requested == numbers.forgiven and explained and (not self.scope.whole_slate or not self.outcomes)

    @cached_property
    def baseline(self) -> frozenset[str]:
        """The players with current rows of the batch's systems; if only others have rows, the players of those."""
        of_systems = {c.player_lookup for c in self.current if c.system_id in self.systems}
        return frozenset(of_systems or {c.player_lookup for c in self.current if c.system_id not in self.retired})


class CheckResult(Struct, frozen=True):
    """The result of one check.

    Attributes:
        concerns: names of some players, games or systems that the result is about.
        not_looked_at: why the check had nothing to compare, or was switched off; it then counts as passed.
    """

    passed: bool
    value: float | None
    limit: float | None
    concerns: Sequence[str] = ()
    not_looked_at: str | None = None


def skipped(why: str, limit: float | None) -> CheckResult:
    """The result of a check that has nothing to compare."""
    return CheckResult(passed=True, value=None, limit=limit, not_looked_at=why)


def worse(of_date: CheckResult, of_part: CheckResult) -> CheckResult:
    """The worse of two results of one check, over the date's players and over those alone whom the batch is about."""
    if of_part.value is None or of_date.value is None:
        return replace(of_date, not_looked_at=of_date.not_looked_at or of_part.not_looked_at)
    return max((of_date, of_part), key=lambda found: (not found.passed, found.value))


def too_few(part: int, whole: int) -> str:
    """Why the date's share alone judges a batch that renews few players."""
    return f"{counted(part, 'player')} of {whole} renewed: fewer than {RENEWED_FLOOR} are judged as a part of the date"


def loss(lost: Collection[str], of: Collection[str], limit: float) -> CheckResult:
    """The result of a check of the players who lose something, as a share of those who had it."""
    value = share(len(lost), len(of))
    return CheckResult(value <= limit or len(lost) < FLOOR, round(value, 2), limit, sorted(lost)[:MAX_NAMES])


def share(part: int, whole: int) -> float:
    """The share in percent; 0 if the whole is empty."""
    return 100.0 * part / whole if whole else 0.0


def is_smaller(now: int, before: int, limit: float) -> bool:
    """Whether something has shrunk by more than the limit in percent, and by at least `FLOOR`."""
    lost = before - now
    return share(lost, before) > limit and lost >= FLOOR
