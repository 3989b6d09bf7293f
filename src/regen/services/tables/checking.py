"""The scheduled check of the tables: disagreements with the audit and low coverage become alerts."""

from __future__ import annotations

from datetime import date
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.dates import eastern_today
from regen.domain.invariants import Finding
from regen.services.state.alerting import raise_once
from regen.services.state.deps import Deps


def check(deps: Deps, first: date, last: date, *, alerts: bool = True) -> list[Finding]:
    """Verify a range of dates; an alert names each invariant that does not hold, once a day.

    Args:
        alerts: whether to raise them.

    Returns:
        The findings, in the order of the invariants.
    """
    now = deps.clock.now()
    findings = deps.books.verify(first, last, now, deps.config.thresholds["coverage_pct"])
    for finding in findings:
        if alerts and not finding.holds:
            event = ids.digest("check", finding.name, first, last, eastern_today(now), length=24)
            raise_once(deps, event, _alert(finding, first, last))
    return findings


def _alert(finding: Finding, first: date, last: date) -> dict[str, Any]:
    span = {"game_date": first.isoformat(), "until": last.isoformat(), "violations": finding.violations}
    if finding.name == "coverage":
        return alert(AlertKind.COVERAGE_LOW, "; ".join(finding.examples[:3])[:1500], **span)
    why = f"{finding.name}: {'; '.join(finding.examples[:3])}"[:1500]
    return alert(AlertKind.AUDIT_DISAGREEMENT, why, **span)
