"""What follows a commit: audit entries, messages, alerts. Written with the commit, carried out at least once after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from regen.api.forms import Form
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry
from regen.domain.batch import Batch
from regen.domain.errors import Conflict, InvalidInput, RegenError, Unavailable, Unreadable
from regen.ports import Message, Snapshot, Write
from regen.services.state import messages
from regen.services.state.deps import ALERT_TOPIC, Deps
from regen.services.state.documents import OutboxItem, decode_outbox, encode_outbox
from regen.services.state.messages import ask_to_verify
from regen.services.state.paths import OUTBOX, outbox_dead_path, outbox_path

log = logging.getLogger(__name__)
_ENTRY = Form(AuditEntry)
LIMIT = 1000
"""Documents that a flush reads at once."""
MESSAGES, ALERTS = 50, 10
"""Items that are published, and deleted, as one."""
BUDGET = timedelta(seconds=20)
"""A flush begins nothing more after this; a sweep comes every minute."""
AGAIN_AFTER = timedelta(minutes=5)
ASIDE_AFTER = timedelta(days=1)
"""What can never be carried out is tried for a day (a table may be missing for a while), then put aside."""


def audit_item(entry: AuditEntry, staging: str | None = None) -> OutboxItem:
    """An audit entry on its way to the table; with `staging`, the worker runs staged there go with it."""
    return OutboxItem(entry.event_id, "audit", entry.at, entry.batch_id, {"entry": asdict(entry), "staging": staging})


def alert_item(event_id: str, at: datetime, content: Mapping[str, Any], batch_id: str | None = None) -> OutboxItem:
    """An alert to raise."""
    return OutboxItem(event_id, "alert", at, batch_id, {"event_id": event_id, **content})


def put(items: Sequence[OutboxItem]) -> list[Write]:
    """The writes that a commit takes along; the same event written twice is one."""
    writes = [Write("put", outbox_path(i.event_id), encode_outbox(i)) for i in items]
    return [*writes, *(note for i in items for note in messages.note_writes(i))]


def entry_of(item: OutboxItem) -> AuditEntry:
    """The audit entry of an item.

    Raises:
        InvalidInput: it is none; another version may have written it.
    """
    try:
        return _ENTRY.convert(item.payload["entry"])
    except (msgspec.ValidationError, KeyError) as error:
        raise InvalidInput("entry", f"an audit entry ({error})") from error


@dataclass(frozen=True, slots=True)
class Due:
    """An item whose time has come, and its document."""

    item: OutboxItem
    snapshot: Snapshot


def due_items(deps: Deps, batch_id: str | None, unreadable: Callable[[Unreadable], None] | None = None) -> list[Due]:
    """Items that are due, the oldest first: of one batch, or all; at most `LIMIT`, but no kind hides another.

    Args:
        unreadable: gets the error of each item that this version cannot read; without it, the log does.
    """
    unreadable = unreadable or _leave
    now = deps.clock.now()
    if not batch_id:
        return _due(_oldest(deps, now, unreadable), now)
    found = deps.store.find(OUTBOX, [("batch_id", "==", batch_id)], limit=LIMIT)
    return _due(_readable(found, unreadable), now)


def _oldest(deps: Deps, now: datetime, unreadable: Callable[[Unreadable], None]) -> list[Due]:
    """Page by page, so that any number of items that cannot be read (a newer version's) hides none that can."""
    items: list[Due] = []
    last: Snapshot | None = None
    while len(items) < LIMIT:
        page = deps.store.find(OUTBOX, [("due_at", "<=", now)], order_by="due_at", limit=LIMIT, after=last)
        items += _readable(page, unreadable)
        if len(page) < LIMIT:
            return items
        last = page[-1]
    for kind in ("message", "alert"):
        items += _readable(deps.store.find(OUTBOX, [("kind", "==", kind)], limit=LIMIT), unreadable)
    return items


def _due(items: Sequence[Due], now: datetime) -> list[Due]:
    once = {due.snapshot.path: due for due in items if due.item.due_at <= now}
    return sorted(once.values(), key=lambda due: due.item.due_at)


def _leave(error: Unreadable) -> None:
    log.warning("left in the outbox: %s", error)


def _readable(found: Sequence[Snapshot], unreadable: Callable[[Unreadable], None]) -> list[Due]:
    """Each on its own: what cannot be read is left alone, and holds up no other."""
    items: list[Due] = []
    for snapshot in found:
        try:
            items.append(Due(decode_outbox(snapshot), snapshot))
        except Unreadable as error:
            unreadable(error)
    return items


@dataclass(slots=True)
class Carrier:
    """Carries out items in groups, and deletes each group as it is done.

    Attributes:
        until: no group is begun after this.
        done: items carried out.
        trouble: what could not be carried out, now or ever; the rest was.
    """

    deps: Deps
    until: datetime
    done: int = 0
    trouble: Unavailable | None = None

    @property
    def late(self) -> bool:
        """Whether the time for this flush is over; what is left waits for the next."""
        return self.deps.clock.now() >= self.until

    def carry(self, group: Sequence[Due], act: Callable[[Sequence[Due]], None]) -> bool:
        """Carry out a group as one; if something in it is refused for good, its halves, down to the one that is.

        Returns:
            Whether the service answers: False after an Unavailable, which says nothing about the items.
        """
        if not group or self.late:
            return True
        try:
            act(group)
        except Unavailable as error:
            self.trouble = error
            return False
        except RegenError as error:
            if len(group) > 1:
                half = len(group) // 2
                return self.carry(group[:half], act) and self.carry(group[half:], act)
            self.refused(group[0], error)
            return True
        self.deps.store.commit([Write("delete", due.snapshot.path) for due in group])
        self.done += len(group)
        return True

    def refused(self, due: Due, error: RegenError) -> None:
        """Put off an item that is refused for good."""
        _postpone(self.deps, due, str(error))
        self.trouble = Unavailable(f"{due.item.kind} {due.item.event_id}: {error}")

    def deliver(self, found: Sequence[Due]) -> None:
        """Publish the messages and raise the alerts among these items."""
        topics: dict[str, list[Due]] = {}
        for due in found:
            if due.item.kind == "message":
                topics.setdefault(str(due.item.payload["topic"]), []).append(due)
        for topic, dues in topics.items():
            for group in _groups(dues, MESSAGES):
                self.carry(group, partial(self._publish, topic))
        for group in _groups([due for due in found if due.item.kind == "alert"], ALERTS):
            self.carry(group, self._alert)

    def _publish(self, topic: str, group: Sequence[Due]) -> None:
        payloads = [due.item.payload for due in group]
        self.deps.queue.publish(topic, [Message(payload["data"], payload["attributes"]) for payload in payloads])

    def _alert(self, group: Sequence[Due]) -> None:
        messages = [Message(due.item.payload, {"event_id": due.item.event_id}) for due in group]
        self.deps.queue.publish(ALERT_TOPIC, messages)
        for due in group if self.deps.alerts else ():
            try:
                self.deps.alerts.send(due.item.payload)  # type: ignore[union-attr]
            except Unavailable:
                # The alert is on the topic; that the chat did not take it must itself be seen, and fail nothing.
                log.exception("alert not delivered to the webhook", extra={"event_id": due.item.event_id})


def deliver(deps: Deps, name: str, ended: Batch | None = None) -> None:
    """Publish what a batch, backfill or scan has to say; audit entries are the verifier's to record.

    What cannot be published now is left to the sweep: the act that it follows is committed, and its caller is told so.

    Args:
        ended: a batch that has just ended; the verifier is asked to look at it, and records its entries.
    """
    carrier = Carrier(deps, deps.clock.now() + BUDGET)
    try:
        carrier.deliver(due_items(deps, name))
        if ended:
            ask_to_verify(deps, ended)
    except Unavailable as error:
        carrier.trouble = error
    if carrier.trouble:
        log.warning("left to the sweep: %s", carrier.trouble, extra={"batch_id": name})


def _postpone(deps: Deps, due: Due, error: str) -> None:
    """Put off what no retry mends, so that it holds up nothing; after a day aside, on record, with an alert."""
    item, now = due.item, deps.clock.now()
    failing = replace(item, error=error, failing_since=item.failing_since or now, due_at=now + AGAIN_AFTER)
    path, what = due.snapshot.path, f"{item.kind} {item.event_id}"
    writes = [Write("update", path, encode_outbox(failing), due.snapshot.version)]
    aside = failing.failing_since is not None and now - failing.failing_since >= ASIDE_AFTER
    if aside:
        content = alert(AlertKind.OUTBOX_DEAD, f"{what}: {error}", item=item.event_id, batch_id=item.batch_id)
        writes = [
            Write("delete", path, version=due.snapshot.version),
            Write("put", outbox_dead_path(item.event_id), encode_outbox(failing)),
            *put([alert_item(ids.digest("outbox_dead", item.event_id, length=24), now, content, item.batch_id)]),
        ]
    try:
        deps.store.commit(writes)
    except Conflict:
        return  # another flush has done so
    log.log(logging.ERROR if aside else logging.WARNING, "%s cannot be carried out: %s", what, error)


def _groups(dues: Sequence[Due], size: int) -> list[Sequence[Due]]:
    return [dues[start : start + size] for start in range(0, len(dues), size)]
