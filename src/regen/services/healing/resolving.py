"""Ends alerts whose cause is gone: the date has been promoted since, the batch has ended, coverage is back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from regen.domain.alert_record import OPEN_FOR, AlertRecord
from regen.domain.alerts import AlertKind
from regen.domain.batch import Batch
from regen.domain.batch_end import coverage_of
from regen.domain.bdb import REASON
from regen.domain.errors import NoSuchBatch, Unreadable
from regen.services.batch.dates import read_date
from regen.services.state.alert_records import end_where
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps
from regen.services.state.documents import Promoted

ELSEWHERE = frozenset({AlertKind.AUDIT_DISAGREEMENT, AlertKind.SOURCE_LATE, AlertKind.SOURCE_SHRUNK})
"""Kinds that the look ends that finds them."""
EVERY_MINUTES = 5
"""So often the open alerts are read: a sweep a minute that reads them each time costs more than it is worth."""
Days = dict[date, tuple[Promoted, ...]]


def resolve(deps: Deps, unreadable: Callable[[Unreadable], None]) -> int:
    """End the alerts whose cause is gone, in every fifth minute; how many causes."""
    if deps.clock.now().minute % EVERY_MINUTES:
        return 0
    days: Days = {}
    return end_where(deps, lambda record: _over(deps, record, days), unreadable)


def _over(deps: Deps, record: AlertRecord, days: Days) -> str | None:
    """Why an alert is over; None while it is not."""
    if deps.clock.now() - record.raised_at >= OPEN_FOR:
        return f"nothing ended it within {OPEN_FOR.days} days"
    if record.type == AlertKind.BATCH_STUCK and record.batch_id:
        batch = _batch(deps, record.batch_id)
        return f"{record.batch_id} is {batch.status}" if batch and not batch.live else None
    day = _day(record.game_date)
    if day is None or record.type in ELSEWHERE:
        return None
    if day not in days:
        days[day] = read_date(deps, day).record.promoted
    since = [promoted.batch_id for promoted in days[day] if promoted.at > record.raised_at]
    if not since:
        return None
    batch_id = since[-1]
    is_enough: dict[str, Callable[[Batch], bool]]
    is_enough = {AlertKind.COVERAGE_LOW: _covers, AlertKind.BATCH_PARTIAL: _whole, AlertKind.BDB_OVERDUE: _brought}
    rule = is_enough.get(record.type)
    if rule is not None and ((batch := _batch(deps, batch_id)) is None or not rule(batch)):
        return None
    return f"{batch_id} was promoted"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _batch(deps: Deps, batch_id: str) -> Batch | None:
    try:
        return read_batch(deps, batch_id).batch
    except NoSuchBatch:
        return None


def _covers(batch: Batch) -> bool:
    return batch.scope.whole_slate and (coverage_of(batch) or 0.0) >= batch.thresholds["coverage_pct"]


def _brought(batch: Batch) -> bool:
    return REASON in {batch.reason, *batch.reasons}


def _whole(batch: Batch) -> bool:
    return (batch.counts.produced or 0) >= batch.requested_players
