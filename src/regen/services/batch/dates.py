"""The date: it has one live batch at a time. Triggers that arrive meanwhile are coalesced into one follow-up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from msgspec import Struct

from regen.api.openings import OpeningAnswer
from regen.domain import ids
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import Kind
from regen.domain.dates import parse_game_date
from regen.domain.errors import InvalidInput, Refused, Unreadable
from regen.domain.trigger import Source, Trigger, bounded
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.state import outbox
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord, decode_date, encode_date
from regen.services.state.idempotency import IdempotencyKey, remember
from regen.services.state.messages import follow_up_item
from regen.services.state.paths import DATES, date_path
from regen.services.state.unknown_fields import keep_unknown


class DateSeen(Struct, frozen=True):
    """A date's record, with the version that was read."""

    record: DateRecord
    snapshot: Snapshot | None

    def write(self, record: DateRecord) -> Write:
        """The conditional write that changes it; fields that a newer version added are kept."""
        path = date_path(record.game_date)
        if self.snapshot is None:
            return Write("create", path, encode_date(record))
        data = {k: keep_unknown(self.snapshot.data.get(k), v) for k, v in encode_date(record).items()}
        return Write("update", path, data, self.snapshot.version)


def day_of(name: str) -> date:
    """The date whose record has this name.

    Raises:
        Unreadable: a hand has given it the name, which is no date.
    """
    try:
        return parse_game_date(name, field="name")
    except InvalidInput as error:
        raise Unreadable(f"{DATES}/{name}: {error}") from error


def read_date(deps: Deps, game_date: date) -> DateSeen:
    """Read a date; an unknown one has an empty record."""
    snapshot = deps.store.get(date_path(game_date))
    return DateSeen(decode_date(snapshot, game_date), snapshot)


def must_wait(deps: Deps, trigger: Trigger, record: DateRecord) -> str | None:
    """The batch that the trigger must wait for, if any.

    Raises:
        Refused: a batch is live, and the trigger is a first run or of a backfill, which do not wait. Also if it is a
            redelivered follow-up, which must not open a second batch: the end of the live batch starts one if needed.
    """
    if record.live is not None:
        if trigger.follow_up is not None or trigger.source is Source.BACKFILL:
            raise Refused(f"{record.live} is live on {trigger.game_date.isoformat()}", record.live)
        if trigger.kind is Kind.DAILY:
            raise Refused(f"{record.live} is live on {trigger.game_date.isoformat()}", record.live)
        return record.live
    if not record.promoted:
        return None
    last = record.promoted[-1]
    if trigger.kind is Kind.DAILY and not (trigger.force or trigger.missing):
        raise Refused(f"{last.batch_id} has been promoted on {trigger.game_date.isoformat()}; use force", last.batch_id)
    held = trigger.source is Source.PUBSUB and trigger.follow_up is None
    return last.batch_id if held and deps.clock.now() < hold_down_end(deps, last.at, [trigger]) else None


def hold_down_end(deps: Deps, promoted_at: datetime, triggers: Iterable[Trigger]) -> datetime:
    """The time from which these Pub/Sub triggers start a batch again: the earliest of all, as one batch carries them."""
    config = deps.config
    seconds = (config.news_hold_down_seconds if t.news else config.hold_down_seconds for t in triggers)
    return promoted_at + timedelta(seconds=min(seconds, default=config.hold_down_seconds))


def coalesce(deps: Deps, trigger: Trigger, seen: DateSeen, batch_id: str, key: IdempotencyKey | None) -> OpeningAnswer:
    """Remember the trigger on the date; one follow-up starts when its time comes."""
    answer = OpeningAnswer("coalesced", batch_id, trigger.game_date, 0, 0, trigger_id=trigger.trigger_id)
    record = seen.record
    who = (trigger.trigger_id, trigger.triggered_by)
    if all((t.trigger_id, t.triggered_by) != who for t in record.coalesced):
        record = replace(record, coalesced=bounded((*record.coalesced, trigger)))
    entry = coalesced_entry(deps, trigger, batch_id, "coalesced")
    items = [outbox.audit_item(entry)]
    if record.live is None:
        due = hold_down_end(deps, record.promoted[-1].at, record.coalesced)
        items.append(follow_up_item(record, batch_id, due))
    writes = [seen.write(record), *outbox.put(items)]
    if key:
        writes.append(remember(deps, key, answer))
    deps.store.commit(writes)
    return answer


def coalesced_entry(deps: Deps, trigger: Trigger, batch_id: str | None, status: str) -> AuditEntry:
    """The audit entry of a trigger that is remembered on its date.

    Args:
        batch_id: the batch that it waits for; None if it waits for the resumption of the platform.
    """
    return AuditEntry(
        event_id=ids.digest(status, batch_id or trigger.game_date, trigger.trigger_id, trigger.triggered_by, length=24),
        event=AuditEvent.COALESCED,
        at=deps.clock.now(),
        game_date=trigger.game_date,
        batch_id=batch_id,
        round=0,
        status=status,
        reason=trigger.reason,
        triggered_by=trigger.triggered_by,
        on_behalf_of=trigger.on_behalf_of,
        metadata=trigger.metadata,
        trigger_id=trigger.trigger_id,
    )
