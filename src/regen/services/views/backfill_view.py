"""A backfill as its callers see it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from regen.api.backfills import Backfill, BackfillDate, ListedBackfill
from regen.api.batches import UNREADABLE
from regen.domain.backfill import Backfill as StoredBackfill
from regen.domain.backfill import BackfillDate as StoredDate
from regen.domain.errors import Unreadable
from regen.ports import Snapshot
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_backfill
from regen.services.state.paths import BACKFILLS, id_of

MAX_LISTED = 50


def list_backfills(deps: Deps) -> list[ListedBackfill]:
    """The newest backfills; one that this version cannot read says so, and stands beside the others."""
    found = deps.store.find(BACKFILLS, order_by="created_at", descending=True, limit=MAX_LISTED)
    return [_listed(snapshot) for snapshot in found]


def _listed(snapshot: Snapshot) -> ListedBackfill:
    try:
        known = asdict(backfill_view(decode_backfill(snapshot)))
    except Unreadable as error:
        return ListedBackfill(backfill_id=id_of(snapshot), status=UNREADABLE, error=str(error), counts={}, dates=[])
    del known["status_url"]
    return ListedBackfill(**known)


def backfill_view(backfill: StoredBackfill) -> Backfill:
    """A backfill for its callers."""
    numbers: dict[str, int] = {}
    for day in backfill.dates:
        numbers[day.status.value] = numbers.get(day.status.value, 0) + 1
    return Backfill(
        backfill_id=backfill.backfill_id,
        status=backfill.status.value,
        from_=backfill.first,
        to=backfill.last,
        reason=backfill.reason,
        only=backfill.only.value,
        backwards=backfill.backwards,
        max_concurrent_dates=backfill.max_concurrent,
        created_by=backfill.created_by,
        created_at=backfill.created_at,
        updated_at=backfill.updated_at,
        ended_at=backfill.ended_at,
        counts=numbers,
        dates=dates_view(backfill.dates),
    )


def dates_view(dates: Sequence[StoredDate]) -> list[BackfillDate]:
    """Each date of a backfill or of a plan."""
    return [_date_view(day) for day in dates]


def _date_view(day: StoredDate) -> BackfillDate:
    seconds = (day.ended_at - day.started_at).total_seconds() if day.started_at and day.ended_at else None
    return BackfillDate(
        game_date=day.game_date,
        status=day.status.value,
        batch_id=day.batch_id,
        why=day.why,
        attempt=day.attempt,
        expected_players=day.expected,
        requests=day.requests,
        requested_players=day.requested,
        produced=day.produced,
        coverage_pct=day.coverage_pct,
        superseded=day.superseded,
        inserted=day.inserted,
        seconds=None if seconds is None else round(seconds, 3),
    )
