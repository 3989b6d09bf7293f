"""Raising alerts: each once, however often what it tells of is seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.errors import AlreadyExists, Unreadable
from regen.ports import Write
from regen.services import outbox
from regen.services.deps import Deps
from regen.services.records import IDEMPOTENCY, OutboxItem, check_schema

REMEMBERED = timedelta(days=7)


def raise_once(
    deps: Deps, event_id: str, told_: Mapping[str, Any], batch_id: str | None = None, also: tuple[OutboxItem, ...] = ()
) -> bool:
    """Put an alert on its way, unless this event has been told of before; whether it was put.

    Args:
        also: what goes the same way and must be there once, too.
    """
    items = (outbox.alert_item(event_id, deps.clock.now(), told_, batch_id), *also)
    try:
        deps.store.commit([told(told_path(event_id), deps.clock.now()), *outbox.put(items)])
    except AlreadyExists:
        return False
    return True


def tell_unreadable(deps: Deps, error: Unreadable) -> str:
    """Raise an alert to a record that this version cannot read, once for each fault; the text for a report."""
    why = str(error)[:500]
    told = alert(AlertKind.RECORD_UNREADABLE, why, path=why.partition(":")[0])
    raise_once(deps, ids.digest("unreadable", why, length=24), told)
    return why


def check_message(deps: Deps, data: Mapping[str, Any]) -> None:
    """Leave alone a message of a newer form: it comes again, and a newer version takes it.

    Raises:
        Unreadable: its `schema` is higher than this version knows; it has been alerted to.
    """
    try:
        check_schema(data, "message")
    except Unreadable as error:
        tell_unreadable(deps, error)
        raise


def told_path(event_id: str) -> str:
    """Where it is remembered that an event has been told of."""
    return f"{IDEMPOTENCY}/alert_{event_id}"


def told(path: str, now: datetime) -> Write:
    """The write that remembers it; it fails if somebody has told before."""
    data = {"key": path.rpartition("_")[2], "fingerprint": "alert", "answer": "", "expires_at": now + REMEMBERED}
    return Write("create", path, data)
