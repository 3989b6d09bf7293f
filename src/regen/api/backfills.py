"""Backfills as they are answered: a plan, one date by date, many in a list."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, UnsetType, field

from regen.api.batches import UNREADABLE, Number
from regen.api.words import Answer, Count, Moment, one_of
from regen.domain.backfill import BackfillStatus, DateStatus


class BackfillDate(Answer, frozen=True, kw_only=True):
    """One date of a backfill or of a plan; numbers are those of its batch, once that has ended."""

    game_date: date
    status: Annotated[str, one_of(*DateStatus)]
    batch_id: str | None
    why: str | None
    attempt: int
    expected_players: Count
    requests: Count = None
    requested_players: Count = None
    produced: Count = None
    coverage_pct: Number = None
    superseded: Count = None
    inserted: Count = None
    seconds: float | None = None


class Plan(Answer, frozen=True, kw_only=True):
    """What would become of each date."""

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    dates: list[BackfillDate]


class Backfill(Answer, frozen=True, kw_only=True):
    """A backfill, date by date.

    Attributes:
        counts: dates by status.
        status_url: in the answer to its creation.
    """

    backfill_id: str
    status: Annotated[str, one_of(*BackfillStatus)]
    from_: date = field(name="from")
    to: date
    reason: str
    only: str
    backwards: bool
    max_concurrent_dates: int
    created_by: str
    on_behalf_of: str | None = None
    created_at: Moment
    updated_at: Moment
    ended_at: Moment | None
    counts: dict[str, int]
    dates: list[BackfillDate]
    status_url: str | UnsetType = UNSET


class WouldBackfill(Backfill, frozen=True, kw_only=True):
    """How a backfill would stand after an order."""

    status: Annotated[str, one_of("dry_run")]
    would: Annotated[str, one_of("pause", "resume", "cancel")]
    would_be: Annotated[str, one_of(*BackfillStatus)]


class ListedBackfill(Answer, frozen=True, kw_only=True):
    """A backfill of a list, with the fields of a backfill; of a record that this version cannot read, what is not known is null, and `error` says why."""

    backfill_id: str
    status: Annotated[str, one_of(*BackfillStatus, UNREADABLE)]
    error: str | UnsetType = UNSET
    from_: date | None = field(name="from", default=None)
    to: date | None = None
    reason: str | None = None
    only: str | None = None
    backwards: bool | None = None
    max_concurrent_dates: int | None = None
    created_by: str | None = None
    on_behalf_of: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    ended_at: Moment | None = None
    counts: dict[str, int]
    dates: list[BackfillDate]


class Backfills(Answer, frozen=True, kw_only=True):
    """Backfills, newest first.

    Attributes:
        next: `cursor` of the following page; absent on the last one.
    """

    backfills: list[ListedBackfill]
    next: str | UnsetType = UNSET
