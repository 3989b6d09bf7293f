"""The results of a backfill's batches, by date."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from regen.domain.backfill import MAX_ATTEMPTS, SHORT, Backfill, BackfillDate, DateStatus
from regen.domain.batch import Batch, Status
from regen.domain.batch_end import coverage_of
from regen.domain.dates import parse_game_date
from regen.domain.errors import Unreadable
from regen.domain.soundness import is_moment, shown
from regen.domain.values import replace
from regen.ports import Snapshot
from regen.services.batch.dates import read_date
from regen.services.state.decoding import decoding, left_out
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch
from regen.services.state.paths import BATCHES, batch_path, id_of

SUCCESSOR_WAIT = timedelta(minutes=5)
ENDS = {
    Status.PROMOTED: DateStatus.PROMOTED,
    Status.REJECTED: DateStatus.REJECTED,
    Status.HELD: DateStatus.HELD,
    Status.CANCELLED: DateStatus.CANCELLED,
    Status.FAILED: DateStatus.FAILED,
    Status.ROLLED_BACK: DateStatus.CANCELLED,
}


def settled(deps: Deps, backfill: Backfill, now: datetime) -> list[BackfillDate]:
    """The dates that differ from the record: their batches have ended, or were redriven after an end."""
    watched = [d for d in backfill.dates if d.batch_id and (d.status is DateStatus.RUNNING or d.status in SHORT)]
    found = deps.store.get_many([batch_path(str(d.batch_id)) for d in watched]) if watched else []
    after = [_seen(deps, backfill, day, snapshot, now) for day, snapshot in zip(watched, found, strict=True)]
    given_up = [d for d in backfill.dates if d.status in SHORT and d.batch_id is None and d.trouble_since]
    after += [_given_up(deps, backfill, day, now) for day in given_up]
    return [new for new, old in zip(after, [*watched, *given_up], strict=True) if new != old]


def _given_up(deps: Deps, backfill: Backfill, day: BackfillDate, now: datetime) -> BackfillDate:
    """The state of a date that was given up because opening its batch failed. The batch may exist all the same.

    In that case its end wakes the backfill, and the date takes its result.
    """
    for snapshot in _carriers(deps, backfill, day):
        after = _seen(deps, backfill, replace(day, batch_id=id_of(snapshot)), snapshot, now)
        if after.status is not day.status or after.ended_at != day.ended_at:
            return after
    return day


def _carriers(deps: Deps, backfill: Backfill, day: BackfillDate) -> list[Snapshot]:
    """The batches that carry the trigger of a date's attempt."""
    return deps.store.find(BATCHES, [("trigger_ids", "array_contains", backfill.trigger_of(day))])


def _seen(deps: Deps, backfill: Backfill, day: BackfillDate, found: Snapshot | None, now: datetime) -> BackfillDate:
    """The state of one date. An unreadable batch record leaves this date unchanged, and does not affect others."""
    try:
        return _settled(deps, backfill, day, None if found is None else decode_batch(found), now)
    except Unreadable as error:
        return replace(day, why=str(error)[:500])


def _settled(deps: Deps, backfill: Backfill, day: BackfillDate, batch: Batch | None, now: datetime) -> BackfillDate:
    if batch is None:
        return _lost(deps, backfill, day, day.started_at or backfill.created_at, None, now)
    if batch.live:
        # Live again after a redrive: its next end wakes the backfill.
        return day
    if batch.status is Status.FAILED:
        return _lost(deps, backfill, day, batch.created_at, batch.ended_at or batch.updated_at, now)
    return with_numbers(replace(day, status=ENDS[batch.status]), batch)


def _lost(
    deps: Deps, backfill: Backfill, day: BackfillDate, opened_at: datetime, lost_at: datetime | None, now: datetime
) -> BackfillDate:
    """The state of a date whose batch was lost while being opened, or whose batch record is gone.

    The sweep returns its trigger to the date, and a later batch carries it.

    Args:
        lost_at: None if unknown; the opening counts instead.
    """
    if day.status is not DateStatus.RUNNING:
        return day
    name = backfill.trigger_of(day)
    later = [
        b
        for b in map(decode_batch, _carriers(deps, backfill, day))
        if b.created_at > opened_at and b.batch_id != day.batch_id
    ]
    if later:
        successor = max(later, key=lambda b: b.created_at)
        return _settled(deps, backfill, replace(day, batch_id=successor.batch_id), successor, now)
    record = read_date(deps, day.game_date).record
    if any(t.trigger_id == name for t in (*record.coalesced, *record.carried)):
        return day  # a follow-up will carry its trigger; there is no limit to that wait
    if now - (lost_at or opened_at) < SUCCESSOR_WAIT:
        return day
    if day.attempt >= MAX_ATTEMPTS:
        return replace(day, status=DateStatus.FAILED, why=f"its batch was lost {day.attempt} times", ended_at=now)
    return replace(day, status=DateStatus.WAITING, attempt=day.attempt + 1, batch_id=None, started_at=None)


def with_numbers(day: BackfillDate, batch: Batch) -> BackfillDate:
    """The date with the numbers of its batch."""
    return replace(
        day,
        why=batch.error or (None if batch.status is Status.PROMOTED else batch.status.value),
        requests=batch.request_count,
        requested=batch.requested_players,
        produced=batch.counts.produced,
        coverage_pct=coverage_of(batch),
        superseded=batch.counts.superseded,
        inserted=batch.counts.inserted,
        started_at=batch.created_at,
        ended_at=batch.ended_at,
    )


def unpromoted(deps: Deps, first: date, last: date) -> set[date]:
    """Dates of a range whose newest batch ended without a promotion."""
    where: list[Any] = [("game_date", ">=", first.isoformat()), ("game_date", "<=", last.isoformat())]
    newest: dict[date, tuple[datetime, str]] = {}
    for snapshot in deps.store.find(BATCHES, where, fields=["game_date", "created_at", "status"]):
        try:
            day, at, status = _stand(snapshot)
        except Unreadable as error:
            left_out(error)
            continue
        if day not in newest or at > newest[day][0]:
            newest[day] = (at, status)
    short = {Status.REJECTED, Status.HELD, Status.FAILED, Status.CANCELLED}
    return {day for day, (_, status) in newest.items() if status in short}


def _stand(snapshot: Snapshot) -> tuple[date, datetime, str]:
    """A batch's game date, when it was opened, and its status.

    Raises:
        Unreadable: its record does not say them.
    """
    with decoding(snapshot) as data:
        status, at = data["status"], data["created_at"]
        if not (isinstance(status, str) and is_moment(at)):
            raise ValueError(f"expected a status and a moment, got {shown(status)} and {shown(at)}")
        return parse_game_date(data["game_date"]), at, status
