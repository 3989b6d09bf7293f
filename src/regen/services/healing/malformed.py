"""Malformed messages: record each in the audit, alert, and acknowledge it (I-20, I-54)."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress

from regen.api.openings import OpeningAnswer
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.errors import AlreadyExists
from regen.domain.texts import storable
from regen.services.state import outbox
from regen.services.state.deps import Deps
from regen.services.state.idempotency import IdempotencyKey, claims
from regen.services.state.once import claim

log = logging.getLogger(__name__)
WHOLE = 950_000
PART = 100_000
"""Most bytes of JSON in an outbox item, and most characters of a part, which fit however they are escaped."""


_ATTEMPT = re.compile(rb'"deliveryAttempt"\s*:\s*[0-9]+')
"""The field that differs between two deliveries of a message."""


def record(
    deps: Deps,
    body: bytes,
    error: str,
    caller: str,
    message_id: str | None,
    answered: tuple[IdempotencyKey, OpeningAnswer] | None = None,
) -> None:
    """Record the whole message in audit entries, once per message, and alert once per caller and hour.

    A thousand messages cost a thousand small commits, but only one alert.

    Args:
        answered: the message's idempotency key and its answer, if a later delivery might be understood: the same
            message must not be both refused and carried out (P5). If another delivery was carried out meanwhile,
            nothing is recorded.
    """
    event = ids.digest("malformed", message_id or "", _ATTEMPT.sub(b"", body)[:PART].hex(), length=24)
    now = deps.clock.now()
    text = storable(body.decode("utf-8", "replace"))
    error = storable(error)
    parts = [text]
    if len(json.dumps(text)) > WHOLE:
        parts = [text[n : n + PART] for n in range(0, len(text), PART)]
    entries = [
        AuditEntry(
            event_id=ids.digest(event, number, length=24) if number else event,
            event=AuditEvent.MALFORMED,
            at=now,
            game_date=None,
            batch_id=None,
            round=0,
            status="malformed",
            reason="malformed",
            triggered_by=caller,
            metadata={"body": part, **({"part": number + 1, "parts": len(parts)} if len(parts) > 1 else {})},
            trigger_id=message_id,
            error=error,
        )
        for number, part in enumerate(parts)
    ]
    why = f"{error} (further ones of this hour are in the audit alone)"
    hour = ids.digest("malformed", caller, now.strftime("%Y-%m-%dT%H"), length=24)
    content = alert(AlertKind.MESSAGE_MALFORMED, why, message_id=message_id)
    once = [claim(event, now), *outbox.put([outbox.audit_item(entry) for entry in entries])]
    once += claims(deps, *answered) if answered else []
    raising = [claim(hour, now), *outbox.put([outbox.alert_item(hour, now, content)])]
    try:
        deps.store.commit([*once, *raising])
    except AlreadyExists:
        with suppress(AlreadyExists):  # this message is already on record
            deps.store.commit(once)
    log.warning("malformed message recorded: %s", error, extra={"event_id": event, "action": "malformed"})
