"""Dates and batches that disagree because a record was deleted by hand or restored from a backup; the sweep repairs them.

regen changes a batch and its date in one commit, so a crash cannot cause such a disagreement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import CANCELLABLE, Act, Batch, Status
from regen.domain.errors import NoSuchBatch, Unreadable
from regen.domain.trigger import Trigger, bounded, triggers_of
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.batch.dates import day_of, read_date
from regen.services.batch.ending import end_round
from regen.services.state import outbox
from regen.services.state.commit import Seen, read_batch, until_committed
from regen.services.state.decoding import readable
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord, OutboxItem, decode_batch, decode_date
from regen.services.state.messages import follow_up_item
from regen.services.state.paths import DATES, batch_path, id_of


def held_dates(deps: Deps, unreadable: Callable[[Unreadable], object]) -> Mapping[str, date]:
    """The held dates by the id of the batch that holds them; `unreadable` gets the error of each unreadable record."""
    found = deps.store.find(DATES, [("live", ">", "")])
    return {str(record.live): record.game_date for _, record in readable(found, _date, unreadable)}


def _date(snapshot: Snapshot) -> DateRecord:
    """The record of a date; Unreadable also where its name is none."""
    return decode_date(snapshot, day_of(id_of(snapshot)))


def disagreements(
    deps: Deps, live: Sequence[Batch], held: Mapping[str, date]
) -> Iterator[tuple[str, Callable[[], str | None]]]:
    """The disagreements: a name for the report, and a function that repairs it. It reads again before it writes."""
    for batch in live:
        if batch.batch_id not in held:
            yield batch.batch_id, lambda b=batch.batch_id: _take_back(deps, b)  # type: ignore[misc]
    known = {batch.batch_id for batch in live}
    for batch_id, day in held.items():
        if batch_id not in known:
            yield day.isoformat(), lambda b=batch_id, d=day: _release(deps, d, b)  # type: ignore[misc]


def _release(deps: Deps, game_date: date, batch_id: str) -> str | None:
    """Release a date whose batch is gone or has ended, and send its follow-up.

    Raises:
        Unreadable: the batch exists, but this version cannot read it; the date is left unchanged.
    """

    def decide() -> tuple[Sequence[Write], str | None]:
        found = deps.store.get(batch_path(batch_id))
        seen = None if found is None else Seen(decode_batch(found), found)
        day = read_date(deps, game_date)
        if day.record.live != batch_id:
            return [], None
        if seen is not None and seen.batch.live:
            # The sweep finds live batches by a field that an operator may have removed.
            unseen = seen.snapshot.data.get("live") is not True
            return ([seen.update(seen.batch)], "seen again") if unseen else ([], None)
        ended = seen is not None
        why = f"has ended ({seen.batch.status})" if seen else "has no record"
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
    """Let a live batch that its date does not name take the date back, unless another live batch holds it."""

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
        # The commit checks the batch's version, too: the batch must not end in between.
        return [day.write(record), seen.update(batch), *outbox.put(items)], ("taken", "took its date back", seen)

    done = until_committed(deps, decide)
    if done is None:
        return None
    word, why, seen = done
    if word == "yielded":
        # Its triggers now wait on the date; two batches of one date must not both be promoted.
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
    """The audit entry and the alert of a repaired date."""
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
