"""Raising alerts: once per event, however often the event is observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.errors import AlreadyExists, Unreadable
from regen.services.state import outbox
from regen.services.state.deps import Deps
from regen.services.state.documents import OutboxItem
from regen.services.state.once import claim


def raise_once(
    deps: Deps,
    event_id: str,
    content: Mapping[str, Any],
    batch_id: str | None = None,
    also: tuple[OutboxItem, ...] = (),
) -> bool:
    """Put an alert into the outbox, unless this event was alerted before.

    Args:
        also: further outbox items for the same commit, once per event as well.

    Returns:
        Whether the alert was put into the outbox.
    """
    items = (outbox.alert_item(event_id, deps.clock.now(), content, batch_id), *also)
    try:
        deps.store.commit([claim(event_id, deps.clock.now()), *outbox.put(items)])
    except AlreadyExists:
        return False
    return True


def alert_unreadable(deps: Deps, error: Unreadable) -> str:
    """Alert to a record that this version cannot read, once for each fault.

    Returns:
        The error text, for a report.
    """
    why = str(error)[:500]
    unread = alert(AlertKind.RECORD_UNREADABLE, why, path=why.partition(":")[0])
    raise_once(deps, ids.digest("unreadable", why, length=24), unread)
    return why
