"""The alerts on record: those that are open, and how one ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
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
"""Open alerts that are looked at at once, and in one read; Firestore takes 500 writes in a commit."""


class OpenAlert(Struct, frozen=True):
    """An alert whose cause lasts, and its document."""

    record: AlertRecord
    snapshot: Snapshot


def _leave(error: Unreadable) -> None:
    log.warning("alert left open: %s", error)


def open_alerts(deps: Deps, unreadable: Callable[[Unreadable], None] = _leave) -> list[list[OpenAlert]]:
    """The open alerts, those of one cause together, the newest last; at most `MAX_OPEN`.

    They are read page by page, so that unreadable ones, however many, hide none that can be read.

    Args:
        unreadable: gets the error of each record that this version cannot read; by default the error is logged.
    """
    found: dict[str, list[OpenAlert]] = {}
    for snapshot, record in islice(readable(_open(deps), decode_alert, unreadable), MAX_OPEN):
        found.setdefault(record.key, []).append(OpenAlert(record, snapshot))
    return [sorted(alerts, key=lambda one: one.record.raised_at) for alerts in found.values()]


def _open(deps: Deps) -> Iterator[Snapshot]:
    last: Snapshot | None = None
    while True:
        # A range, because Firestore orders by no field of an equality, and a page begins after the one before.
        page = deps.store.find(ALERTS, [("open", ">=", True)], order_by="open", limit=MAX_OPEN, after=last)
        yield from page
        if len(page) < MAX_OPEN:
            return
        last = page[-1]


def end_where(
    deps: Deps, over: Callable[[AlertRecord], str | None], unreadable: Callable[[Unreadable], None] = _leave
) -> int:
    """End the alerts whose cause is gone; how many causes.

    Args:
        over: why the newest alert of a cause is over; None while it is not. If it cannot read a record, that alert alone
            stays open.
        unreadable: as in `open_alerts`; also gets the errors of `over`.
    """
    ended = 0
    for alerts in open_alerts(deps, unreadable):
        try:
            why = over(alerts[-1].record)
        except Unreadable as error:
            unreadable(error)
            continue
        if why:
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
