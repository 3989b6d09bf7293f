"""The scheduled check of the tables: disagreements with the audit and low coverage become alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from regen.domain import ids
from regen.domain.alert_record import AlertRecord
from regen.domain.alerts import AlertKind, alert
from regen.domain.dates import eastern_today
from regen.domain.invariants import Finding
from regen.services.state.alert_records import end_where, raise_anew
from regen.services.state.deps import Deps
from regen.services.tables import records


def check(deps: Deps, first: date, last: date, *, alerts: bool = True, records_only: bool = False) -> list[Finding]:
    """Verify a range of dates; an alert names each invariant that does not hold, once a day while it lasts.

    Args:
        alerts: whether to raise them.
        records_only: compare the batch records with the audit, and look at nothing else.

    Returns:
        The findings, in the order of the invariants; at the end, that of the batch records.
    """
    now = deps.clock.now()
    if records_only:
        return [records.compare(deps, first, last, deps.books.acts(first, last))]
    found, acts = deps.books.looked(first, last, now, deps.config.thresholds["coverage_pct"])
    findings = [*found, records.compare(deps, first, last, acts)]
    for finding in findings:
        if alerts and not finding.holds:
            event = ids.digest("check", finding.name, first, last, eastern_today(now), length=24)
            raise_anew(deps, event, _alert(finding, first, last))
    _end(deps, findings, first, last)
    return findings


def _end(deps: Deps, findings: Sequence[Finding], first: date, last: date) -> None:
    """End the alerts of an earlier check of these dates, or of some of them, where nothing is found any more."""
    now, broken = deps.clock.now(), {_kind(finding) for finding in findings if not finding.holds}
    kinds = {kind.value for kind in (AlertKind.COVERAGE_LOW, AlertKind.AUDIT_DISAGREEMENT) if kind not in broken}

    def over(record: AlertRecord) -> str | None:
        begin, until = record.game_date or "", record.until or record.game_date or ""
        is_looked_at = first.isoformat() <= begin and until <= last.isoformat() and record.raised_at < now
        found = f"a check of {first} to {last} finds nothing any more"
        return found if record.type in kinds and is_looked_at else None

    end_where(deps, over)


def _kind(finding: Finding) -> AlertKind:
    return AlertKind.COVERAGE_LOW if finding.name == "coverage" else AlertKind.AUDIT_DISAGREEMENT


def _alert(finding: Finding, first: date, last: date) -> dict[str, Any]:
    span = {"game_date": first.isoformat(), "until": last.isoformat(), "violations": finding.violations}
    if _kind(finding) is AlertKind.COVERAGE_LOW:
        return alert(AlertKind.COVERAGE_LOW, "; ".join(finding.examples[:3])[:1500], **span)
    why = f"{finding.name}: {'; '.join(finding.examples[:3])}"[:1500]
    return alert(AlertKind.AUDIT_DISAGREEMENT, why, **span)
