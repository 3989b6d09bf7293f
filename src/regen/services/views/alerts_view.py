"""Alerts as their readers see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from regen.api.alerts import Alert
from regen.domain.alert_record import AlertRecord
from regen.ports import Snapshot
from regen.services.state.decoding import left_out, readable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_alert
from regen.services.state.paths import ALERTS

MAX_LISTED = 200


def list_alerts(deps: Deps, limit: int = MAX_LISTED, *, only_open: bool = False) -> list[Alert]:
    """The newest alerts; one that this version cannot read is left out, and logged."""
    if only_open:
        found: Iterable[Snapshot] = sorted(deps.store.find(ALERTS, [("open", "==", True)]), key=_raised, reverse=True)
    else:
        found = _newest(deps, limit)
    return [_alert(record) for _, record in islice(readable(found, decode_alert, left_out), limit)]


def _newest(deps: Deps, limit: int) -> Iterator[Snapshot]:
    """Page by page, so that unreadable ones, however many, hide none that can be read."""
    last: Snapshot | None = None
    while True:
        page = deps.store.find(ALERTS, order_by="raised_at", descending=True, limit=limit, after=last)
        yield from page
        if len(page) < limit:
            return
        last, limit = page[-1], MAX_LISTED


def _raised(snapshot: Snapshot) -> float:
    at = snapshot.data.get("raised_at")
    return at.timestamp() if isinstance(at, datetime) else 0.0


def _alert(record: AlertRecord) -> Alert:
    return Alert(
        event_id=record.event_id,
        type=record.type,
        severity=record.severity,
        state=record.state,
        why=record.why,
        key=record.key,
        raised_at=record.raised_at,
        game_date=record.game_date,
        batch_id=record.batch_id,
        look=record.look,
        runbook=record.runbook,
        resolved_at=record.resolved_at,
        resolved_why=record.resolved_why,
    )
