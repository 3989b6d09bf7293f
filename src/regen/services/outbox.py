"""What follows a commit: audit entries, messages, alerts. Written with the commit, carried out at least once after it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry
from regen.domain.errors import Conflict, InvalidInput, RegenError, StagingMissing, Unavailable
from regen.ports import Message, Snapshot, Write
from regen.services import own_messages
from regen.services.deps import ALERT_TOPIC, Deps
from regen.services.records import OUTBOX, OUTBOX_DEAD, OutboxItem, decode_outbox, encode_outbox

log = logging.getLogger(__name__)
LIMIT = 300
AGAIN_AFTER = timedelta(minutes=5)
ASIDE_AFTER = timedelta(days=1)
"""What can never be carried out is tried for a day (a table may be missing for a while), then put aside."""


def audit_item(entry: AuditEntry, staging: str | None = None) -> OutboxItem:
    """An audit entry on its way to the table; with `staging`, the worker runs staged there go with it."""
    return OutboxItem(entry.event_id, "audit", entry.at, entry.batch_id, {"entry": asdict(entry), "staging": staging})


def message_item(
    event_id: str, at: datetime, topic: str, data: Mapping[str, Any], batch_id: str | None = None, **attributes: str
) -> OutboxItem:
    """A message to publish; it carries the event's id."""
    payload = {"topic": topic, "data": dict(data), "attributes": {"event_id": event_id, **attributes}}
    return OutboxItem(event_id, "message", at, batch_id, payload)


def alert_item(event_id: str, at: datetime, told: Mapping[str, Any], batch_id: str | None = None) -> OutboxItem:
    """An alert to raise."""
    return OutboxItem(event_id, "alert", at, batch_id, {"event_id": event_id, **told})


def put(items: Sequence[OutboxItem]) -> list[Write]:
    """The writes that a commit takes along; the same event written twice is one."""
    writes = [Write("put", f"{OUTBOX}/{i.event_id}", encode_outbox(i)) for i in items]
    return [*writes, *(note for i in items for note in own_messages.note(i))]


def audit_entry(item: OutboxItem) -> AuditEntry:
    """The audit entry of an item.

    Raises:
        InvalidInput: it is none; another version may have written it.
    """
    try:
        return msgspec.convert(item.payload["entry"], AuditEntry)
    except (msgspec.ValidationError, KeyError) as error:
        raise InvalidInput("entry", f"an audit entry ({error})") from error


@dataclass(frozen=True, slots=True)
class _Due:
    item: OutboxItem
    snapshot: Snapshot


def _due(deps: Deps, batch_id: str | None) -> list[_Due]:
    """Items that are due: of one batch, or all."""
    where = [("batch_id", "==", batch_id)] if batch_id else [("due_at", "<=", deps.clock.now())]
    found = [_Due(decode_outbox(s), s) for s in deps.store.find(OUTBOX, where, limit=LIMIT)]  # type: ignore[arg-type]
    return [due for due in found if due.item.due_at <= deps.clock.now()]


def flush(deps: Deps, batch_id: str | None = None) -> int:
    """Carry out what is due and forget it; what cannot be done now stays for the next sweep.

    Returns:
        The number of items carried out.

    Raises:
        Unavailable: something could not be carried out, now or ever; the rest was.
    """
    trouble: Unavailable | None = None
    done: list[OutboxItem] = []
    for due in _due(deps, batch_id):
        item = due.item
        try:
            _carry_out(deps, item)
            done.append(item)
        except Unavailable as error:
            trouble = error
        except RegenError as error:
            _postpone(deps, due, str(error))
            trouble = Unavailable(f"{item.kind} {item.event_id}: {error}")
    if done:
        deps.store.commit([Write("delete", f"{OUTBOX}/{i.event_id}") for i in done])
    if trouble:
        raise trouble
    return len(done)


def _postpone(deps: Deps, due: _Due, error: str) -> None:
    """Nobody's retry mends it, and it must not hold up the others: later, and after a day aside, on record, with an alert."""
    item, now = due.item, deps.clock.now()
    failing = replace(item, error=error, failing_since=item.failing_since or now, due_at=now + AGAIN_AFTER)
    path, what = due.snapshot.path, f"{item.kind} {item.event_id}"
    writes = [Write("update", path, encode_outbox(failing), due.snapshot.version)]
    aside = failing.failing_since is not None and now - failing.failing_since >= ASIDE_AFTER
    if aside:
        told = alert(AlertKind.OUTBOX_DEAD, f"{what}: {error}", item=item.event_id, batch_id=item.batch_id)
        writes = [
            Write("delete", path, version=due.snapshot.version),
            Write("put", f"{OUTBOX_DEAD}/{item.event_id}", encode_outbox(failing)),
            *put([alert_item(ids.digest("outbox_dead", item.event_id, length=24), now, told, item.batch_id)]),
        ]
    try:
        deps.store.commit(writes)
    except Conflict:
        return  # another flush has done so
    log.log(logging.ERROR if aside else logging.WARNING, "%s cannot be carried out: %s", what, error)


def _carry_out(deps: Deps, item: OutboxItem) -> None:
    payload = item.payload
    if item.kind == "audit":
        _record(deps, audit_entry(item), payload["staging"])
        return
    if item.kind == "message":
        deps.queue.publish(payload["topic"], [Message(payload["data"], payload["attributes"])])
        return
    deps.queue.publish(ALERT_TOPIC, [Message(payload, {"event_id": item.event_id})])
    if deps.alerts:
        try:
            deps.alerts.send(payload)
        except Unavailable:
            # The alert is on the topic; that the chat did not take it must itself be seen, and fail nothing.
            log.exception("alert not delivered to the webhook", extra={"event_id": item.event_id})


def _record(deps: Deps, entry: AuditEntry, staging: str | None) -> None:
    """One job an entry, its id derived from the event: two flushes at once submit the same job (P7: once)."""
    try:
        deps.warehouse.record([entry], staging)
    except StagingMissing:
        # A flush died after it had recorded all and dropped the table, or the table has expired.
        log.warning("%s is gone; the audit entry is recorded without it", staging)
        deps.warehouse.record([entry])
    if staging:
        deps.warehouse.drop_staging(staging)
