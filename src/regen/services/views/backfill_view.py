"""A backfill as its callers see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regen.domain.backfill import Backfill, BackfillDate
from regen.domain.errors import Unreadable
from regen.ports import Snapshot
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_backfill
from regen.services.state.paths import BACKFILLS, id_of

MAX_LISTED = 50


def list_backfills(deps: Deps) -> list[dict[str, Any]]:
    """The newest backfills; one that this version cannot read says so, and stands beside the others."""
    found = deps.store.find(BACKFILLS, order_by="created_at", descending=True, limit=MAX_LISTED)
    return [_listed(snapshot) for snapshot in found]


def _listed(snapshot: Snapshot) -> dict[str, Any]:
    try:
        return backfill_view(decode_backfill(snapshot))
    except Unreadable as error:
        return _unreadable(id_of(snapshot), str(error))


def _unreadable(backfill_id: str, error: str) -> dict[str, Any]:
    """A backfill that this version cannot read; what is not known of it is None."""
    unknown = dict.fromkeys(
        ("from", "to", "reason", "only", "backwards", "max_concurrent_dates", "created_by", "created_at", "updated_at")
    )
    named = {"backfill_id": backfill_id, "status": "unreadable", "error": error}
    return {**named, **unknown, "ended_at": None, "counts": {}, "dates": []}


def backfill_view(backfill: Backfill) -> dict[str, Any]:
    """A backfill for its callers."""
    numbers: dict[str, int] = {}
    for day in backfill.dates:
        numbers[day.status.value] = numbers.get(day.status.value, 0) + 1
    return {
        "backfill_id": backfill.backfill_id,
        "status": backfill.status.value,
        "from": backfill.first.isoformat(),
        "to": backfill.last.isoformat(),
        "reason": backfill.reason,
        "only": backfill.only.value,
        "backwards": backfill.backwards,
        "max_concurrent_dates": backfill.max_concurrent,
        "created_by": backfill.created_by,
        "created_at": backfill.created_at.isoformat(),
        "updated_at": backfill.updated_at.isoformat(),
        "ended_at": backfill.ended_at.isoformat() if backfill.ended_at else None,
        "counts": numbers,
        "dates": dates_view(backfill.dates),
    }


def dates_view(dates: Sequence[BackfillDate]) -> list[dict[str, Any]]:
    """Each date of a backfill or of a plan."""
    return [_date_view(day) for day in dates]


def _date_view(day: BackfillDate) -> dict[str, Any]:
    seconds = (day.ended_at - day.started_at).total_seconds() if day.started_at and day.ended_at else None
    return {
        "game_date": day.game_date.isoformat(),
        "status": day.status.value,
        "batch_id": day.batch_id,
        "why": day.why,
        "attempt": day.attempt,
        "expected_players": day.expected,
        "requests": day.requests,
        "requested_players": day.requested,
        "produced": day.produced,
        "coverage_pct": day.coverage_pct,
        "superseded": day.superseded,
        "inserted": day.inserted,
        "seconds": None if seconds is None else round(seconds, 3),
    }
