"""A backfill: a range of dates with one batch each. Its next step follows from its record alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from regen.domain import ids
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.errors import InvalidInput, Refused
from regen.domain.metadata import Metadata
from regen.domain.values import replace

MAX_DATES = 400
MAX_CONCURRENT = 10
DEFAULT_CONCURRENT = 3
MAX_ATTEMPTS = 3
TROUBLE_PATIENCE = timedelta(hours=2)
"""How long the backfill retries a date whose batch cannot be opened; every sweep makes one attempt."""
SLATE_PATIENCE = timedelta(hours=1)
"""How long a date waits for a slate that existed when the backfill was planned."""
_TRIGGER = re.compile(r"(backfill_[\w-]{1,100})/\d{4}-\d{2}-\d{2}/\d{1,4}", re.ASCII)


class BackfillStatus(StrEnum):
    """The state of a backfill."""

    RUNNING = "running"
    PAUSED = "paused"
    """Batches under way run to their end; the backfill opens no further ones."""
    CANCELLED = "cancelled"
    DONE = "done"
    """Every date has ended, with or without a promotion."""


class Only(StrEnum):
    """Which dates of the range the backfill regenerates."""

    ALL = "all"
    MISSING = "missing"
    """Dates whose coverage against the slate is under the threshold."""
    FAILED = "failed"
    """Dates whose newest batch was not promoted."""


class DateStatus(StrEnum):
    """The state of one date of a backfill."""

    WAITING = "waiting"
    OPENING = "opening"
    """Its batch is being opened. A later delivery that finds this state opens the batch again under the same key."""
    RUNNING = "running"
    PROMOTED = "promoted"
    REJECTED = "rejected"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NO_SLATE = "no_slate"
    SKIPPED = "skipped"
    """Left out by `only`."""


UNDER_WAY = frozenset({DateStatus.OPENING, DateStatus.RUNNING})
UNFINISHED = UNDER_WAY | {DateStatus.WAITING}
SHORT = frozenset({DateStatus.REJECTED, DateStatus.HELD, DateStatus.FAILED, DateStatus.CANCELLED})
"""Ends without a promotion."""
LIVE = frozenset({BackfillStatus.RUNNING, BackfillStatus.PAUSED})


class BackfillDate(Struct, frozen=True):
    """One date of a backfill; the numbers are those of its ended batch.

    Attributes:
        why: the reason why it waits, is left out, or ended without a promotion.
        attempt: incremented when a batch was lost while it was being opened.
        expected: players of the slate to be requested, counted when the backfill was planned.
        trouble_since: time of the first failure to open its batch; None if the last attempt succeeded.
        gone_at: when its slate was first missing, although the plan had seen it; None while the slate exists.
    """

    game_date: date
    status: DateStatus
    batch_id: str | None = None
    why: str | None = None
    attempt: int = 1
    expected: int | None = None
    requests: int | None = None
    requested: int | None = None
    produced: int | None = None
    coverage_pct: float | None = None
    superseded: int | None = None
    inserted: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    gone_at: datetime | None = None
    trouble_since: datetime | None = None

    def in_trouble(self, why: str, at: datetime) -> BackfillDate:
        """The date after its batch could not be opened: it waits, and fails after `TROUBLE_PATIENCE`."""
        since = self.trouble_since or at
        if at - since < TROUBLE_PATIENCE:
            return replace(self, status=DateStatus.WAITING, why=why, started_at=None, trouble_since=since)
        why = f"{why}; for {(at - since).total_seconds() / 60:.0f} minutes"
        return replace(self, status=DateStatus.FAILED, why=why, ended_at=at, trouble_since=since)

    def without_slate(self, why: str, at: datetime) -> BackfillDate:
        """The date after its slate was not found.

        If the plan saw players, upstream may be rebuilding the table: the date waits, and fails after `SLATE_PATIENCE`.
        If the plan saw none, the date has no slate.
        """
        if not self.expected:
            return replace(self, status=DateStatus.NO_SLATE, why=why, ended_at=at)
        gone_at = self.gone_at or at
        why = f"{why}; it had {self.expected} players when the backfill was planned"
        if at - gone_at < SLATE_PATIENCE:
            return replace(self, status=DateStatus.WAITING, why=why, started_at=None, gone_at=gone_at)
        return replace(self, status=DateStatus.FAILED, why=why, ended_at=at, gone_at=gone_at)


class Backfill(Struct, frozen=True):
    """The record of a backfill, as stored in `backfills/{backfill_id}`.

    Attributes:
        dates: every date of the range, in the order in which their batches are opened.
        on_behalf_of: the person behind `created_by` (`regen.domain.persons`).
    """

    backfill_id: str
    first: date
    last: date
    reason: str
    status: BackfillStatus
    dates: tuple[BackfillDate, ...]
    created_by: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    only: Only = Only.ALL
    backwards: bool = False
    max_concurrent: int = DEFAULT_CONCURRENT
    metadata: Metadata = field(default_factory=dict)
    ended_at: datetime | None = None
    on_behalf_of: str | None = None

    @property
    def live(self) -> bool:
        """Whether an operator's order can still change it."""
        return self.status in LIVE

    @property
    def unsettled(self) -> bool:
        """Whether its state can still change without an order: a cancelled backfill waits for the batches that it opened."""
        return self.live or any(d.status in UNDER_WAY for d in self.dates)

    def changed(self, at: datetime, changes: Iterable[BackfillDate]) -> Backfill:
        """The record with these dates replaced.

        The backfill is done when no date is unfinished. In a cancelled backfill, a date that could not be opened ends.
        """
        by_date = {d.game_date: d for d in changes}
        dates = tuple(by_date.get(d.game_date, d) for d in self.dates)
        if self.status is BackfillStatus.CANCELLED:
            dates = tuple(_dropped(d, at) if d.status is DateStatus.WAITING else d for d in dates)
        after = replace(self, dates=dates, updated_at=at)
        if self.live and not any(d.status in UNFINISHED for d in dates):
            return replace(after, status=BackfillStatus.DONE, ended_at=at)
        return after

    def trigger_of(self, day: BackfillDate) -> str:
        """The id of the trigger of a date's attempt. The batch that carries this trigger is the date's batch."""
        return f"{self.backfill_id}/{day.game_date.isoformat()}/{day.attempt}"

    @staticmethod
    def of_triggers(trigger_ids: Iterable[str]) -> list[str]:
        """The backfills that sent these triggers; one batch may carry triggers of several backfills."""
        found = (_TRIGGER.fullmatch(trigger_id) for trigger_id in trigger_ids)
        return sorted({match[1] for match in found if match})

    def date_of(self, game_date: date) -> BackfillDate:
        """The record of a date; KeyError if the date is outside the range."""
        for known in self.dates:
            if known.game_date == game_date:
                return known
        raise KeyError(game_date)


def _dropped(day: BackfillDate, at: datetime) -> BackfillDate:
    return replace(day, status=DateStatus.CANCELLED, why="the backfill was cancelled", ended_at=at)


class DateSurvey(Struct, frozen=True):
    """Counts of one date with a slate, from the tables.

    Attributes:
        missing: names of the expected players without current predictions.
    """

    game_date: date
    rostered: int
    expected: int
    covered: int
    missing: tuple[str, ...] = ()

    @property
    def coverage_pct(self) -> float:
        """Share of the expected players who have current predictions, in percent; 100 if no player is expected."""
        return 100.0 * self.covered / self.expected if self.expected else 100.0


def planned(
    dates: Sequence[date], survey: Mapping[date, DateSurvey], only: Only, unpromoted: Collection[date], threshold: float
) -> tuple[BackfillDate, ...]:
    """The initial state of each date.

    Args:
        unpromoted: dates whose newest batch ended without a promotion.
        threshold: coverage in percent under which a date counts as missing.
    """
    result = []
    for day in dates:
        found = survey.get(day)
        if found is None:
            result.append(BackfillDate(day, DateStatus.NO_SLATE, why="no slate"))
            continue
        left_out = None
        if only is Only.MISSING and found.coverage_pct >= threshold:
            left_out = f"coverage is {found.coverage_pct:.1f} %"
        if only is Only.FAILED and day not in unpromoted:
            left_out = "its newest batch did not fail"
        status = DateStatus.SKIPPED if left_out else DateStatus.WAITING
        result.append(BackfillDate(day, status, why=left_out, expected=found.expected))
    return tuple(result)


def next_dates(backfill: Backfill, blocked: Collection[date]) -> list[BackfillDate]:
    """The dates to open now, within the bound on concurrent dates.

    Args:
        blocked: dates that cannot be opened now.
    """
    if backfill.status is not BackfillStatus.RUNNING:
        return []
    free = backfill.max_concurrent - sum(d.status in UNDER_WAY for d in backfill.dates)
    waiting = [d for d in backfill.dates if d.status is DateStatus.WAITING and d.game_date not in blocked]
    return waiting[: max(0, free)]


def ordered(backfill: Backfill, word: str, at: datetime) -> Backfill:
    """The record after `pause`, `resume` or `cancel`; repeating an order changes nothing.

    Raises:
        Refused: it is over.
        InvalidInput: no such order.
    """
    to = {
        "pause": BackfillStatus.PAUSED,
        "resume": BackfillStatus.RUNNING,
        "cancel": BackfillStatus.CANCELLED,
    }.get(word)
    if to is None:
        raise InvalidInput("order", "pause, resume or cancel")
    if backfill.status is to:
        return backfill
    if not backfill.live:
        raise Refused(f"{backfill.backfill_id} is {backfill.status}: it cannot {word} any more")
    ended_at = at if to is BackfillStatus.CANCELLED else None
    return replace(backfill, status=to, ended_at=ended_at).changed(at, ())


def range_of(first: date, last: date, *, backwards: bool = False) -> list[date]:
    """Every date from the first to the last, in processing order.

    Raises:
        InvalidInput: the range is empty or too long.
    """
    number = (last - first).days + 1
    if not 0 < number <= MAX_DATES:
        raise InvalidInput("to", f"a date from `from` on, at most {MAX_DATES} dates in all")
    dates = [first + timedelta(days=n) for n in range(number)]
    return dates[::-1] if backwards else dates


def backfill_entry(
    backfill: Backfill, status: str, caller: str, at: datetime, why: str | None = None, person: str | None = None
) -> AuditEntry:
    """The audit entry of an order on a backfill; each of its batches has an entry of its own.

    Args:
        why: the reason of this order; `reason` of the entry is the backfill's own.
        person: the person behind the caller.
    """
    return AuditEntry(
        event_id=ids.digest("backfill", backfill.backfill_id, status, at.isoformat(), length=24),
        event=AuditEvent.BACKFILL,
        at=at,
        game_date=None,
        batch_id=None,
        round=0,
        status=status,
        reason=backfill.reason,
        triggered_by=caller,
        on_behalf_of=person,
        metadata={
            **backfill.metadata,
            "backfill_id": backfill.backfill_id,
            "from": backfill.first.isoformat(),
            "to": backfill.last.isoformat(),
            "only": backfill.only.value,
            **({"why": why} if why else {}),
        },
    )
