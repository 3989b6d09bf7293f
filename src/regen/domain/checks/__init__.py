"""The checks between generation and promotion. Each is declared `fail` or `warn`, and reports its value and its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from regen.domain.checks import moves, players, produced, slate
from regen.domain.checks.declared import Check
from regen.domain.checks.evidence import CheckResult, Evidence
from regen.domain.checks.produced import agrees, sane
from regen.domain.checks.waivers import NEVER_ACCEPTED
from regen.domain.values import replace

__all__ = ["CHECKS", "NEVER_ACCEPTED", "Check", "CheckResult", "Evidence", "Verdict", "agrees", "judge", "sane"]


_DECLARED = (*produced.CHECKS, *slate.CHECKS, *players.CHECKS, *moves.CHECKS)
CHECKS: tuple[Check, ...] = tuple(sorted(_DECLARED, key=lambda check: check.severity))
"""All checks; those that only warn come last."""


class Verdict(Struct, frozen=True):
    """The results of all checks.

    Attributes:
        withdrawals: players and rows that the promotion withdraws, by reason.
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

    @property
    def waived(self) -> list[str]:
        """Failed checks that an operator accepted."""
        failed = [c.name for c in CHECKS if c.severity == "fail" and not self.findings[c.name].passed]
        return [name for name in failed if name not in self.failed]

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
    """Run every check. A check whose limit is off reports its value, passes, and is listed as not looked at.

    One whose limit lets the worst of this batch pass is listed, too.
    """
    findings = {c.name: _found(c, evidence) for c in CHECKS}
    return Verdict(findings, accepted, evidence.plan.record())


def _found(check: Check, evidence: Evidence) -> CheckResult:
    found = check.look(evidence)
    if found.value is None:
        return found
    if check.is_off(evidence.thresholds):
        why: str | None = f"its limit {check.setting} is {check.off:g}, which is off"
        found = replace(found, passed=True)
    else:
        why = check.loose(evidence)
    whys = [each for each in (why, found.not_looked_at) if each]
    return replace(found, not_looked_at="; ".join(whys) or None)
