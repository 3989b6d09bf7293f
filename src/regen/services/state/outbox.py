"""The outbox: audit entries, messages and alerts, written with a commit and carried out at least once after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct, field

from regen.api.forms import Form
from regen.domain import ids
from regen.domain.alert_record import record_of
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry
from regen.domain.batch import Batch
from regen.domain.errors import AlertRefused, Conflict, InvalidInput, RegenError, Unavailable, Unreadable
from regen.domain.soundness import is_moment, plain
from regen.domain.values import asdict
from regen.ports import Message, Snapshot, Write
from regen.services.state import messages
from regen.services.state.decoding import readable
from regen.services.state.deps import ALERT_TOPIC, TOPICS, TRACEPARENT, Deps
from regen.services.state.documents import OUTBOX_KINDS, OutboxItem, decode_outbox, encode_alert, encode_outbox
from regen.services.state.messages import ask_to_verify
from regen.services.state.paths import OUTBOX, alert_path, outbox_dead_path, outbox_path
from regen.services.state.stored import Stored

log = logging.getLogger(__name__)
_ENTRY = Stored(AuditEntry)
LIMIT = 1000
"""Documents that a flush reads at once."""
MESSAGES, ALERTS = 50, 10
"""Sizes of the groups in which messages and alerts are published and deleted."""
MAX_ATTRIBUTES = 100
"""Of a message, as Pub/Sub takes it (https://cloud.google.com/pubsub/quotas#resource_limits)."""
BUDGET = timedelta(seconds=20)
"""A flush starts no further group after this time; the next sweep comes within a minute."""
TIMELESS_MINUTES = 10
AGAIN_AFTER = timedelta(minutes=5)
WEBHOOK_PAUSE, WEBHOOK_MOST = timedelta(seconds=30), timedelta(hours=1)
"""Time to the next try of an alert that the webhook has not taken: first, and at most."""
ASIDE_AFTER = timedelta(days=1)
"""An item refused with a lasting error is retried for this long, then moved to `outbox_dead`; a missing table may return."""


def audit_item(entry: AuditEntry, staging: str | None = None) -> OutboxItem:
    """The item of an audit entry; with `staging`, the worker runs in that staging table are recorded with it."""
    return OutboxItem(entry.event_id, "audit", entry.at, entry.batch_id, {"entry": asdict(entry), "staging": staging})


def alert_item(event_id: str, at: datetime, content: Mapping[str, Any], batch_id: str | None = None) -> OutboxItem:
    """The item of an alert."""
    return OutboxItem(event_id, "alert", at, batch_id, {"event_id": event_id, **content})


def put(items: Sequence[OutboxItem]) -> list[Write]:
    """The writes for a commit; repeated writes of one event give one item."""
    writes = [Write("put", outbox_path(i.event_id), encode_outbox(i)) for i in items]
    writes += [_alert_write(i) for i in items if i.kind == "alert" and not i.payload.get("resolved")]
    return [*writes, *(note for i in items for note in messages.note_writes(i))]


def _alert_write(item: OutboxItem) -> Write:
    """The write of what `regen alerts` lists."""
    record = record_of(item.event_id, item.due_at, item.payload)
    return Write("put", alert_path(item.event_id), encode_alert(record))


def entry_of(item: OutboxItem) -> AuditEntry:
    """The audit entry of an item.

    Raises:
        InvalidInput: the item holds no audit entry; another version may have written it.
    """
    staging = item.payload.get("staging")
    if staging is not None and not (isinstance(staging, str) and staging):
        raise InvalidInput("staging", "the name of a table, or null")
    try:
        return _ENTRY.convert(item.payload["entry"])
    except (msgspec.ValidationError, KeyError) as error:
        raise InvalidInput("entry", f"an audit entry ({error})") from error


class _MessagePayload(Struct, frozen=True):
    topic: str
    data: dict[str, Any]
    attributes: dict[str, str]


class _AlertPayload(Struct, frozen=True):
    type: str
    why: str


_MESSAGE = Form(_MessagePayload)
_ALERT = Form(_AlertPayload)


def check_payload(item: OutboxItem) -> None:
    """Look at what an item is to send, before it is put beside others.

    Raises:
        InvalidInput: nothing can carry it out; another version, or a hand, has written it.
    """
    if item.kind == "audit":
        entry_of(item)
        return
    try:
        if item.kind == "alert":
            _ALERT.convert(item.payload)
            return
        message = _MESSAGE.convert(item.payload)
    except msgspec.ValidationError as error:
        raise InvalidInput("payload", f"what an item of kind {item.kind} needs ({error})") from error
    if message.topic not in TOPICS:
        raise InvalidInput("payload.topic", f"one of {', '.join(TOPICS)}")
    if len(message.attributes) > MAX_ATTRIBUTES or not all(
        _is_attribute(name, value) for name, value in message.attributes.items()
    ):
        raise InvalidInput("payload.attributes", "names and texts that Pub/Sub takes")


def _is_attribute(name: str, value: str) -> bool:
    if name.startswith("goog") and name != TRACEPARENT:
        return False
    try:
        return 0 < len(name.encode()) <= 256 and len(value.encode()) <= 1024
    except UnicodeEncodeError:
        return False


class Due(Struct, frozen=True):
    """A due item, and its document."""

    item: OutboxItem
    snapshot: Snapshot


def due_items(deps: Deps, batch_id: str | None, unreadable: Callable[[Unreadable], None] | None = None) -> list[Due]:
    """The due items of one batch, or of all, oldest first; at most `LIMIT` of each kind, so that no kind hides another.

    Args:
        unreadable: gets the error of each item that this version cannot read; by default the error is logged.
    """
    now = deps.clock.now()
    if not batch_id:
        return _due(_oldest(deps, now, unreadable or _leave), now)
    return _due(items_of(deps, batch_id, unreadable), now)


def items_of(deps: Deps, batch_id: str, unreadable: Callable[[Unreadable], None] | None = None) -> list[Due]:
    """All items of a batch, whether their time has come or they were put off."""
    return _readable(deps.store.find(OUTBOX, [("batch_id", "==", batch_id)], limit=LIMIT), unreadable or _leave)


def _oldest(deps: Deps, now: datetime, unreadable: Callable[[Unreadable], None]) -> list[Due]:
    """Read page by page, so that unreadable items (of a newer version), however many, do not hide readable ones."""
    items: list[Due] = []
    last: Snapshot | None = None
    while len(items) < LIMIT:
        page = deps.store.find(OUTBOX, [("due_at", "<=", now)], order_by="due_at", limit=LIMIT, after=last)
        items += _readable(page, unreadable)
        if len(page) < LIMIT:
            return items
        last = page[-1]
    for kind in OUTBOX_KINDS:
        items += _readable(deps.store.find(OUTBOX, [("kind", "==", kind)], limit=LIMIT), unreadable)
    return items


def report_timeless(deps: Deps, unreadable: Callable[[Unreadable], None]) -> int:
    """Name the items that no flush finds, as they have no moment from which they are due; how many they are.

    A sweep looks in every tenth minute of the clock, at `LIMIT` items.
    """
    if deps.clock.now().minute % TIMELESS_MINUTES:
        return 0
    found = deps.store.find(OUTBOX, limit=LIMIT)
    timeless = [snapshot for snapshot in found if not is_moment(snapshot.data.get("due_at"))]
    _readable(timeless, unreadable)
    return len(timeless)


def _due(items: Sequence[Due], now: datetime) -> list[Due]:
    once = {due.snapshot.path: due for due in items if due.item.due_at <= now}
    return sorted(once.values(), key=lambda due: due.item.due_at)


def _leave(error: Unreadable) -> None:
    log.warning("left in the outbox: %s", error)


def _readable(found: Sequence[Snapshot], unreadable: Callable[[Unreadable], None]) -> list[Due]:
    """Decode each item separately: an unreadable one is left alone and does not hold up the others."""
    return [Due(item, snapshot) for snapshot, item in readable(found, decode_outbox, unreadable)]


class Carrier(Struct):
    """Carries out items in groups, and deletes each group afterwards.

    Attributes:
        until: no group is begun after this.
        done: items carried out.
        kept: what takes the place of an item's end, by its path: an alert that the webhook has not taken.
        deaf: whether the webhook has not answered in this flush; the other alerts wait for the next one.
        trouble: what could not be carried out, now or ever; the rest was.
        refusals: of each item that was put off, why.
    """

    deps: Deps
    until: datetime
    done: int = 0
    trouble: Unavailable | None = None
    refusals: dict[str, Exception] = field(default_factory=dict)
    kept: dict[str, Write] = field(default_factory=dict)
    deaf: bool = False

    @property
    def late(self) -> bool:
        """Whether the time for this flush is over; remaining items wait for the next one."""
        return self.deps.clock.now() >= self.until

    def carry(self, group: Sequence[Due], act: Callable[[Sequence[Due]], None]) -> bool:
        """Carry out a group in one call. After a lasting refusal split it in halves, to find the refused item.

        Returns:
            Whether the service answers: False after an Unavailable, which is not about the items.
        """
        if not group or self.late:
            return True
        try:
            act(group)
        except Unavailable as error:
            self.trouble = error
            return False
        except Exception as error:
            if len(group) > 1:
                half = len(group) // 2
                return self.carry(group[:half], act) and self.carry(group[half:], act)
            if not isinstance(error, RegenError):
                log.exception("outbox: %s", group[0].snapshot.path)  # a defect, or an item that no rule foresaw
            self.refused(group[0], error)
            return True
        kept = [self.kept.pop(due.snapshot.path) for due in group if due.snapshot.path in self.kept]
        paths = {write.path for write in kept}
        self.deps.store.commit([Write("delete", due.snapshot.path) for due in group if due.snapshot.path not in paths])
        for write in kept:
            with suppress(Conflict):  # another flush has delivered or kept it
                self.deps.store.commit([write])
        self.done += len(group)
        return True

    def sound(self, found: Sequence[Due]) -> list[Due]:
        """The items that can be carried out; each other item is postponed separately, with one alert."""
        good: list[Due] = []
        for due in found:
            try:
                check_payload(due.item)
            except InvalidInput as error:
                if not self.late:
                    self.refused(due, error, unreadable=True)
            else:
                good.append(due)
        return good

    def refused(self, due: Due, error: Exception, *, unreadable: bool = False) -> None:
        """Postpone an item that was refused with a lasting error."""
        why = str(error) if isinstance(error, RegenError) else f"{type(error).__name__}: {error}"
        _postpone(self.deps, due, plain(why), unreadable=unreadable)
        self.refusals[due.item.event_id] = error
        self.trouble = Unavailable(f"{due.item.kind} {due.item.event_id}: {plain(why)}")

    def deliver(self, found: Sequence[Due]) -> None:
        """Publish the messages and raise the alerts among these items."""
        found = self.sound([due for due in found if due.item.kind != "audit"])
        topics: dict[str, list[Due]] = {}
        for due in found:
            if due.item.kind == "message":
                topics.setdefault(due.item.payload["topic"], []).append(due)
        for topic, dues in topics.items():
            for group in _groups(dues, MESSAGES):
                self.carry(group, partial(self._publish, topic))
        for group in _groups([due for due in found if due.item.kind == "alert"], ALERTS):
            self.carry(group, self._alert)

    def _publish(self, topic: str, group: Sequence[Due]) -> None:
        payloads = [due.item.payload for due in group]
        self.deps.queue.publish(topic, [Message(payload["data"], payload["attributes"]) for payload in payloads])

    def _alert(self, group: Sequence[Due]) -> None:
        contents = {due.snapshot.path: self._content(due) for due in group}
        fresh = [due for due in group if not due.item.published and not due.item.payload.get("resolved")]
        if fresh:
            messages = [Message(contents[due.snapshot.path], {"event_id": due.item.event_id}) for due in fresh]
            self.deps.queue.publish(ALERT_TOPIC, messages)
        for due in group if self.deps.alerts else ():
            if self.deaf:
                self._keep(due, None)
                continue
            try:
                self.deps.alerts.send(contents[due.snapshot.path])  # type: ignore[union-attr]
            except Unavailable as error:
                self.deaf = not isinstance(error, AlertRefused)
                self._keep(due, error)

    def _content(self, due: Due) -> Mapping[str, Any]:
        """The alert, with its runbook as an address where one is set."""
        content, runbook = due.item.payload, self.deps.config.runbook_url
        return {**content, "runbook": f"{runbook}#{content['type']}"} if runbook else content

    def _keep(self, due: Due, error: Unavailable | None) -> None:
        """Keep an alert for the webhook's next try; None for one that was not tried. After a day it is given up."""
        item, now = due.item, self.deps.clock.now()
        since = item.failing_since or now
        attempts = item.attempts + (error is not None)
        given_up = now - since >= ASIDE_AFTER
        if error is not None:
            lasting = isinstance(error, AlertRefused) and item.attempts == 0
            level = logging.ERROR if given_up or lasting else logging.WARNING
            log.log(level, "alert not delivered: %s", error, extra={"event_id": item.event_id})
        if not given_up:
            pause = min(WEBHOOK_PAUSE * 2 ** min(max(attempts - 1, 0), 10), WEBHOOK_MOST)
            later = {"published": True, "attempts": attempts, "failing_since": since, "due_at": now + pause}
            self.kept[due.snapshot.path] = Write("update", due.snapshot.path, later, due.snapshot.version)


def deliver(deps: Deps, name: str, ended: Batch | None = None) -> None:
    """Publish the messages and alerts of a batch, backfill or scan; the verifier records audit entries.

    Items that cannot be published now are left to the sweep: their act is committed, so its caller gets a success.

    Args:
        ended: a batch that has just ended; the verifier is asked to record its audit entries.
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


def _postpone(deps: Deps, due: Due, error: str, *, unreadable: bool = False) -> None:
    """Postpone an item that retrying cannot cure, so that it does not block others.

    After `ASIDE_AFTER` move it to `outbox_dead` and alert.

    Args:
        unreadable: the item itself is wrong: the first alert does not wait for `ASIDE_AFTER`.
    """
    item, now = due.item, deps.clock.now()
    since = item.failing_since or now
    # The stored payload stays unchanged: it may hold what cannot be encoded again.
    failing = {"error": error, "failing_since": since, "due_at": now + AGAIN_AFTER}
    path, what = due.snapshot.path, f"{item.kind} {item.event_id}"
    writes = [Write("update", path, failing, due.snapshot.version)]
    if unreadable and item.failing_since is None:
        content = alert(AlertKind.RECORD_UNREADABLE, f"{path}: {error}", path=path, batch_id=item.batch_id)
        writes += put([alert_item(ids.digest("unreadable", path, length=24), now, content, item.batch_id)])
    aside = now - since >= ASIDE_AFTER
    if aside:
        content = alert(AlertKind.OUTBOX_DEAD, f"{what}: {error}", item=item.event_id, batch_id=item.batch_id)
        writes = [
            Write("delete", path, version=due.snapshot.version),
            Write("put", outbox_dead_path(item.event_id), {**due.snapshot.data, **failing}),
            *put([alert_item(ids.digest("outbox_dead", item.event_id, length=24), now, content, item.batch_id)]),
        ]
    try:
        deps.store.commit(writes)
    except Conflict:
        return  # another flush has postponed or carried out the item
    log.log(logging.ERROR if aside else logging.WARNING, "%s cannot be carried out: %s", what, error)


def _groups(dues: Sequence[Due], size: int) -> list[Sequence[Due]]:
    return [dues[start : start + size] for start in range(0, len(dues), size)]
