"""What the checks look at, and what one of them says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from regen.domain.batch import Thresholds
from regen.domain.errors import Defect
from regen.domain.outcome import Outcome, OutcomeKind, Tally, tally
from regen.domain.plan import Plan, plan
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope
from regen.domain.slate import EXPLAINED, Exclusion, SlateShape

MAX_NAMES = 20
FLOOR = 3
"""Fewer players than this never fail a share: on a short slate one late scratch is a large share."""


class NoLimit(Defect):
    """A check names a limit that no setting has."""


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    Attributes:
        outcomes: the final outcome of every requested player, all rounds considered.
        fresh: those whose rows this promotion makes current.
        current: the predictions that are current before the promotion.
        staged_rows: prediction rows that were loaded into the staging table.
        slate: the slate that the batch was opened on; None in records of earlier versions.
        slate_before: players on the slate of the date's last promoted batch for the whole slate, if one is on record.
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

    def limit(self, name: str) -> float:
        """The limit of a check.

        Raises:
            NoLimit: the batch has none of that name.
        """
        if name not in self.thresholds:
            raise NoLimit(f"{name}: the batch has no such limit: settings.json has no row for it")
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
        return plan(self.current, self.outcomes, self.fresh, self.excluded, self.scope)

    @cached_property
    def withdrawals_alone(self) -> bool:
        """Whether nobody could be produced, and the batch is there to withdraw: a filtered one, or a date called off."""
        numbers = self.tally()
        explained = bool(self.plan.withdrawn) and EXPLAINED.issuperset(self.plan.withdrawn.values())
        return numbers.requested == numbers.forgiven and explained and (not self.scope.whole_slate or not self.outcomes)

    @cached_property
    def baseline(self) -> frozenset[str]:
        """The players with current rows: of the batch's systems, or of any where only retired systems have rows."""
        of_systems = {c.player_lookup for c in self.current if c.system_id in self.systems}
        return frozenset(of_systems or {c.player_lookup for c in self.current})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check saw.

    Attributes:
        concerns: whom or what it concerns (some names).
        not_looked_at: why the check could not look, or was told not to; it has then passed in form only.
    """

    passed: bool
    value: float | None
    limit: float | None
    concerns: Sequence[str] = ()
    not_looked_at: str | None = None


def skipped(why: str, limit: float | None) -> CheckResult:
    """A check that has nothing to look at."""
    return CheckResult(passed=True, value=None, limit=limit, not_looked_at=why)


def share(part: int, whole: int) -> float:
    """In percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0
