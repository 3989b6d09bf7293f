"""A message that can never be understood: on record, seen, and out of the way (I-20, I-54)."""

from __future__ import annotations

import logging

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry, AuditEvent
from regen.services import outbox
from regen.services.alerting import raise_once
from regen.services.deps import Deps

log = logging.getLogger(__name__)
SAMPLE = 2000


def record(deps: Deps, body: bytes, error: str, caller: str, message_id: str | None) -> None:
    """Leave an audit entry and an alert, once for each message."""
    event = ids.digest("malformed", message_id or "", body[:100_000].hex(), length=24)
    now = deps.clock.now()
    sample = body[:SAMPLE].decode("utf-8", "replace")
    entry = AuditEntry(
        event_id=event,
        event=AuditEvent.MALFORMED,
        at=now,
        game_date=None,
        batch_id=None,
        round=0,
        status="malformed",
        reason="malformed",
        triggered_by=caller,
        metadata={"body": sample},
        trigger_id=message_id,
        error=error,
    )
    told = alert(AlertKind.MESSAGE_MALFORMED, error, message_id=message_id)
    raise_once(deps, ids.digest("alert", event, length=24), told, also=(outbox.audit_item(entry),))
    log.warning("malformed message recorded: %s", error, extra={"event_id": event, "action": "malformed"})
