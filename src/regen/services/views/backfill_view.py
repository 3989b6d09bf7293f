"""A backfill as its callers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
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
from regen.services.views.paging import page

MAX_LISTED = 50


class BackfillFilter(Struct, frozen=True):
    """Which backfills are listed; what is not set lets all through.

    Attributes:
        first: first game date of a range that the backfill shares a date with; given with `last`.
    """

    first: date | None = None
    last: date | None = None
    statuses: tuple[str, ...] = ()


def page_of_backfills(
    deps: Deps, wanted: BackfillFilter, limit: int = MAX_LISTED, cursor: str | None = None
) -> tuple[list[ListedBackfill], str | None]:
    """A page of backfills, newest first, and the cursor of the next one.

    A backfill that this version cannot read says so, and stands beside the others.

    Args:
        cursor: the last backfill of the page before.

    Raises:
        InvalidInput: there is no backfill of the cursor's id.
    """
    matching = None if wanted == BackfillFilter() else _matching(deps, wanted)
    shown, following = page(deps, BACKFILLS, matching, limit, cursor)
    return [_listed(snapshot) for snapshot in shown], following


def _matching(deps: Deps, wanted: BackfillFilter) -> list[Snapshot]:
    """All backfills that a filter lets through: for conditions on both ends of a range Firestore would need an index."""
    found = deps.store.find(BACKFILLS, fields=["created_at", "first", "last", "status"])
    return [s for s in found if _is_wanted(s.data, wanted)]


def _is_wanted(data: Mapping[str, Any], wanted: BackfillFilter) -> bool:
    if wanted.statuses and data.get("status") not in wanted.statuses:
        return False
    if wanted.first is None or wanted.last is None:
        return True
    return str(data.get("first")) <= wanted.last.isoformat() and wanted.first.isoformat() <= str(data.get("last"))


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
        on_behalf_of=backfill.on_behalf_of,
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
