"""The alerts on record: those that are open, and how one ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct

from regen.domain import ids
from regen.domain.alert_record import AlertRecord
from regen.domain.errors import Conflict, Unreadable
from regen.ports import Snapshot, Write
from regen.services.state import outbox
from regen.services.state.alerting import raise_once
from regen.services.state.decoding import readable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_alert
from regen.services.state.paths import ALERTS, alert_path

log = logging.getLogger(__name__)
MAX_OPEN = 300
"""Open alerts that are looked at at once."""


class OpenAlert(Struct, frozen=True):
    """An alert whose cause lasts, and its document."""

    record: AlertRecord
    snapshot: Snapshot


def _leave(error: Unreadable) -> None:
    log.warning("alert left open: %s", error)


def open_alerts(deps: Deps, unreadable: Callable[[Unreadable], None] = _leave) -> list[list[OpenAlert]]:
    """The open alerts, those of one cause together, the newest last.

    Args:
        unreadable: gets the error of each record that this version cannot read; by default the error is logged.
    """
    found: dict[str, list[OpenAlert]] = {}
    records = deps.store.find(ALERTS, [("open", "==", True)], limit=MAX_OPEN)
    for snapshot, record in readable(records, decode_alert, unreadable):
        found.setdefault(record.key, []).append(OpenAlert(record, snapshot))
    return [sorted(alerts, key=lambda one: one.record.raised_at) for alerts in found.values()]


def end_where(
    deps: Deps, over: Callable[[AlertRecord], str | None], unreadable: Callable[[Unreadable], None] = _leave
) -> int:
    """End the alerts whose cause is gone; how many causes.

    Args:
        over: why the newest alert of a cause is over; None while it is not.
        unreadable: as in `open_alerts`.
    """
    ended = 0
    for alerts in open_alerts(deps, unreadable):
        if why := over(alerts[-1].record):
            end(deps, alerts, why)
            ended += 1
    return ended


def raise_anew(deps: Deps, event_id: str, content: Mapping[str, Any]) -> bool:
    """Raise an alert about what was measured just now: once for the event, and again each time its cause is back.

    Two at once come to the same name of the next alert, so that one of them raises it.

    Returns:
        Whether it was raised.
    """
    while not raise_once(deps, event_id, content):
        if (ended := _resolved_at(deps, event_id)) is None:
            return False
        event_id = ids.digest(event_id, ended, length=24)
    return True


def _resolved_at(deps: Deps, event_id: str) -> datetime | None:
    """When the alert of an event ended; None while it is open, and if there is none that this version can read."""
    snapshot = deps.store.get(alert_path(event_id))
    try:
        return None if snapshot is None else decode_alert(snapshot).resolved_at
    except Unreadable:
        return None


def end(deps: Deps, alerts: Sequence[OpenAlert], why: str) -> None:
    """End all alerts of one cause, and tell the webhook once, in one commit."""
    now, newest = deps.clock.now(), alerts[-1].record
    over = {"open": False, "resolved_at": now, "resolved_why": why}
    writes = [Write("update", one.snapshot.path, over, one.snapshot.version) for one in alerts]
    if deps.alerts is not None:
        names = ("type", "game_date", "batch_id", "look", "runbook")
        content = {name: getattr(newest, name) for name in names if getattr(newest, name) is not None}
        content |= {"severity": "INFO", "why": why, "resolved": True, "dedup_key": newest.key}
        name = ids.digest("resolved", newest.key, newest.event_id, length=24)
        writes += outbox.put([outbox.alert_item(name, now, content, newest.batch_id)])
    with suppress(Conflict):  # another sweep or check has ended it
        deps.store.commit(writes)
