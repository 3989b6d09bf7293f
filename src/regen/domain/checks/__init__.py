"""The checks between generation and promotion: declared, each `fail` or `warn`, each with its value and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from regen.domain.batch import Thresholds
from regen.domain.checks import moves, players, produced, slate
from regen.domain.checks.evidence import CheckResult, Evidence
from regen.domain.checks.produced import agrees, sane

__all__ = ["CHECKS", "NEVER_ACCEPTED", "Check", "Evidence", "Finding", "Verdict", "agrees", "judge", "sane"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        setting: the field of `Thresholds` that holds its limit, if that can be set.
        off: the limit at which it cannot fail: the verdict then lists it as not looked at.
    """

    name: str
    severity: Literal["fail", "warn"]
    look: Callable[[Evidence], CheckResult]
    setting: str | None = None
    off: float | None = None

    def is_off(self, thresholds: Thresholds) -> bool:
        """Whether its limit lets everything through."""
        return self.setting is not None and getattr(thresholds, self.setting) == self.off


def _compared(name: str, look: Callable[[Evidence, moves.Pairs], CheckResult], setting: str, off: float) -> Check:
    return Check(name, "fail", moves.compared(look, setting), setting, off)


CHECKS: tuple[Check, ...] = (
    Check("coverage", "fail", produced.coverage, "coverage_pct", 0),
    Check("minimum_produced", "fail", produced.minimum_produced),
    Check("every_system", "fail", produced.every_system),
    Check("in_range", "fail", produced.in_range),
    Check("direction", "fail", produced.direction),
    Check("unique_keys", "fail", produced.unique_keys),
    Check("rows_staged", "fail", produced.rows_staged),
    Check("withdrawn_players", "fail", slate.withdrawn_players, "withdrawn_pct", 100),
    Check("games_gone", "fail", slate.games_gone, "games_gone", 100),
    Check("slate_size", "fail", slate.slate_size, "slate_drop_pct", 100),
    Check("two_teams", "fail", slate.two_teams, "uneven_games", 100),
    Check("game_coverage", "fail", players.game_coverage, "game_coverage_pct", 0),
    Check("excluded_players", "fail", players.excluded_players, "excluded_pct", 100),
    Check("out_at_once", "fail", players.out_at_once, "out_pct", 100),
    Check("system_share", "fail", players.system_share, "system_share_pct", 0),
    Check("systems_lost", "fail", players.systems_lost, "systems_lost_pct", 100),
    _compared("lined_drop", moves.lined_drop, "lined_drop_pct", 100),
    _compared("lines_lost", moves.lines_lost, "lines_lost_pct", 100),
    _compared("tier_drop", moves.tier_drop, "tier_drop_pct", 100),
    _compared("rows_drop", moves.rows_drop, "rows_drop_pct", 100),
    _compared("line_shift", moves.line_shift, "line_shift", 100),
    Check("mean_shift", "fail", moves.mean_shift, "mean_shift", 100),
    Check("gold_share", "warn", produced.gold_share),
    Check("lined_share", "warn", produced.lined_share),
    Check("bookmaker_change", "warn", moves.compared(moves.bookmaker_change)),
    Check("mean_edge", "warn", produced.mean_edge),
    Check("one_revision", "warn", produced.one_revision),
)
NEVER_ACCEPTED = frozenset({"in_range", "unique_keys", "rows_staged", "minimum_produced"})
"""Checks that no operator can waive: the tables would be wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, and what follows from them.

    Attributes:
        withdrawals: players and rows that the promotion takes away without a replacement, by reason.
    """

    findings: Mapping[str, CheckResult]
    accepted: frozenset[str]
    withdrawals: Mapping[str, Mapping[str, int]]

    @property
    def failed(self) -> list[str]:
        """Checks that forbid the promotion."""
        return [
            c.name
            for c in CHECKS
            if c.severity == "fail"
            and not self.findings[c.name].passed
            and (c.name not in self.accepted or c.name in NEVER_ACCEPTED)
        ]

    def as_record(self) -> dict[str, Any]:
        """The verdict as it is stored and shown."""
        return {
            "passed": not self.failed,
            "failed": self.failed,
            "accepted": sorted(self.accepted),
            "not_looked_at": [
                {"name": c.name, "why": why} for c in CHECKS if (why := self.findings[c.name].not_looked_at)
            ],
            "withdrawals": {reason: dict(counts) for reason, counts in self.withdrawals.items()},
            "checks": [
                {
                    "name": c.name,
                    "severity": c.severity,
                    "passed": f.passed,
                    "value": f.value,
                    "limit": f.limit,
                    "concerns": list(f.concerns),
                }
                for c in CHECKS
                for f in [self.findings[c.name]]
            ],
        }


def judge(evidence: Evidence, accepted: frozenset[str] = frozenset()) -> Verdict:
    """Run every check; one whose limit is off still tells its value, and the verdict says that nothing follows from it."""
    findings = {c.name: _found(c, evidence) for c in CHECKS}
    return Verdict(findings, accepted, evidence.plan.record())


def _found(check: Check, evidence: Evidence) -> CheckResult:
    found = check.look(evidence)
    if found.not_looked_at is None and check.is_off(evidence.thresholds):
        return replace(found, passed=True, not_looked_at=f"its limit {check.setting} is {check.off:g}, which is off")
    return found
