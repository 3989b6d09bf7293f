"""Dates and batches that do not agree: a record was deleted by hand, or restored from an older copy. The sweep mends them.

In a commit of regen a batch and its date change together, so that none of this follows from a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import CANCELLABLE, Act, Batch, Status
from regen.domain.errors import NoSuchBatch, Unreadable
from regen.domain.trigger import Trigger, bounded, triggers_of
from regen.ports import Write
from regen.services.batch.dates import read_date
from regen.services.batch.ending import end_round
from regen.services.state import outbox
from regen.services.state.commit import Seen, read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord, OutboxItem, decode_batch, decode_date
from regen.services.state.messages import follow_up_item
from regen.services.state.paths import DATES, batch_path, id_of


def held_dates(deps: Deps, unreadable: Callable[[Unreadable], object]) -> Mapping[str, date]:
    """The dates that a batch holds, by the batch's id; `unreadable` gets the error of each that cannot be read."""
    held: dict[str, date] = {}
    for snapshot in deps.store.find(DATES, [("live", ">", "")]):
        try:
            record = decode_date(snapshot, date.fromisoformat(id_of(snapshot)))
        except ValueError as error:
            unreadable(Unreadable(f"{snapshot.path}: {error}"))
        except Unreadable as error:
            unreadable(error)
        else:
            held[str(record.live)] = record.game_date
    return held


def disagreements(
    deps: Deps, live: Sequence[Batch], held: Mapping[str, date]
) -> Iterator[tuple[str, Callable[[], str | None]]]:
    """What does not agree, by name, each with what mends it; both look again before they write."""
    for batch in live:
        if batch.batch_id not in held:
            yield batch.batch_id, lambda b=batch.batch_id: _take_back(deps, b)  # type: ignore[misc]
    known = {batch.batch_id for batch in live}
    for batch_id, day in held.items():
        if batch_id not in known:
            yield day.isoformat(), lambda b=batch_id, d=day: _release(deps, d, b)  # type: ignore[misc]


def _release(deps: Deps, game_date: date, batch_id: str) -> str | None:
    """A date whose batch is gone, or has ended: it is free again, and what waited for the batch goes on.

    Raises:
        Unreadable: the batch is there, and this version cannot read it: the date stays as it is.
    """

    def decide() -> tuple[Sequence[Write], str | None]:
        found = deps.store.get(batch_path(batch_id))
        seen = None if found is None else Seen(decode_batch(found), found)
        day = read_date(deps, game_date)
        if day.record.live != batch_id:
            return [], None
        if seen is not None and seen.batch.live:
            # The sweep looks for live batches by a field that a hand has taken away.
            unseen = seen.snapshot.data.get("live") is not True
            return ([seen.update(seen.batch)], "seen again") if unseen else ([], None)
        ended = seen is not None
        why = f"has ended ({seen.batch.status})" if seen else "has no record any more"
        carried = () if ended else day.record.carried
        record = replace(
            day.record, live=None, carried=(), coalesced=bounded((*_new(carried, day.record), *day.record.coalesced))
        )
        now = deps.clock.now()
        items = _healed_items(record, batch_id, f"{batch_id} held the date and {why}: the date is released", now)
        if record.coalesced:
            items.append(follow_up_item(record, f"healed:{batch_id}", now))
        return [day.write(record), *outbox.put(items)], f"released from {batch_id}, which {why}"

    return until_committed(deps, decide)


def _new(carried: Sequence[Trigger], record: DateRecord) -> list[Trigger]:
    waiting = {t.trigger_id for t in record.coalesced}
    return [t for t in carried if t.trigger_id not in waiting]


def _take_back(deps: Deps, batch_id: str) -> str | None:
    """A live batch that its date does not name: it takes the date back, unless another live batch has it by now."""

    def decide() -> tuple[Sequence[Write], tuple[str, str, Seen] | None]:
        try:
            seen = read_batch(deps, batch_id)
        except NoSuchBatch:
            return [], None
        batch = seen.batch
        day = read_date(deps, batch.game_date)
        if not batch.live or day.record.live == batch_id:
            return [], None
        now = deps.clock.now()
        if day.record.live is not None and _is_live(deps, day.record.live):
            record = replace(
                day.record, coalesced=bounded((*_new(triggers_of(batch), day.record), *day.record.coalesced))
            )
            return [day.write(record)], ("yielded", f"{day.record.live} holds the date", seen)
        carried = bounded(triggers_of(batch)) if batch.act is Act.GENERATE else ()
        record = replace(day.record, live=batch_id, carried=carried)
        items = _healed_items(
            record, batch_id, f"{batch_id} is live and its date did not say so: the date is taken back", now
        )
        # The batch's own version is part of the commit: it must not end in between.
        return [day.write(record), seen.update(batch), *outbox.put(items)], ("taken", "took its date back", seen)

    done = until_committed(deps, decide)
    if done is None:
        return None
    word, why, seen = done
    if word == "yielded":
        # Its triggers wait on the date by now; two batches of one date must not both be promoted.
        end_round(
            deps, batch_id, seen.batch.round, Status.CANCELLED, why, allowed=CANCELLABLE, caller="sweep", error=why
        )
    return why


def _is_live(deps: Deps, batch_id: str) -> bool:
    try:
        return read_batch(deps, batch_id).batch.live
    except NoSuchBatch:
        return False


def _healed_items(record: DateRecord, batch_id: str, why: str, now: datetime) -> list[OutboxItem]:
    """The audit entry and the alert of a date that was mended."""
    event = ids.digest("healed", batch_id, record.game_date, why, now.isoformat(), length=24)
    entry = AuditEntry(
        event_id=event,
        event=AuditEvent.HEALED,
        at=now,
        game_date=record.game_date,
        batch_id=batch_id,
        round=0,
        status="healed",
        reason="healed",
        triggered_by="sweep",
        metadata={"trigger_ids": [t.trigger_id for t in record.coalesced]},
        error=why,
    )
    content = alert(AlertKind.BATCH_HEALED, why, batch_id=batch_id, game_date=record.game_date.isoformat())
    return [outbox.audit_item(entry), outbox.alert_item(ids.digest("alert", event, length=24), now, content, batch_id)]
