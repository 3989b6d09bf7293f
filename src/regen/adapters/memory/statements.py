"""The statements of `src/regen/sql` that change tables, step by step: their reads, mutations and inserts, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from msgspec import Struct

from regen.adapters.memory.promoting import Row, is_current
from regen.adapters.memory.tables import AUDIT, FENCES, LOCKS, PREDICTIONS, RUNS, Rows, Steps, Tables, Work
from regen.domain.audit import AuditEntry
from regen.domain.errors import Conflict, FenceLost
from regen.domain.promotion import FenceToken, Promotion, PromotionCounts, Rollback, StagedRow
from regen.domain.values import replace

Staged = tuple[StagedRow, ...]
Change = Callable[[Sequence[Row], Staged], tuple[Sequence[Row], PromotionCounts]]


class Fence(Struct, frozen=True):
    """A row of `promotion_fence`."""

    token: int
    batch_id: str
    round: int
    promoted: tuple[str, int] | None = None
    promoted_at: datetime | None = None

    def held_by(self, taken: FenceToken) -> bool:
        """Whether this token, batch and round hold the fence."""
        return (self.token, self.batch_id, self.round) == (taken.token, taken.batch_id, taken.round)


class AuditRow(Struct, frozen=True):
    """A row of `prediction_regeneration_audit`; `token` is that of the fence if the act changed predictions."""

    entry: AuditEntry
    token: int | None = None


class SupersededRowChanged(AssertionError):
    """A superseded row was changed, in violation of P6."""


def locked(tables: Tables, name: str) -> Steps[Work]:
    """Begin a transaction that first changes a row of `statement_locks`, so that one of two concurrent ones is cancelled."""
    if not tables.of(LOCKS, name):
        yield
        tables.insert(LOCKS, name, [0])
        yield
    work = Work(tables)
    yield
    work.put(LOCKS, name, [times + 1 for times in work.of(LOCKS, name)])
    return work


def raise_fence(tables: Tables, fence: FenceToken) -> Steps[None]:
    """Take a date as the adapter does, which also repairs a fence that older versions doubled."""
    rows = yield from take_fence(tables, fence)
    if len(rows) > 1 and max(rows, key=lambda row: row.token).held_by(fence):
        yield from mend_fences(tables)
        rows = yield from take_fence(tables, fence)
    held(rows, fence)


def take_fence(tables: Tables, fence: FenceToken) -> Steps[Rows]:
    """`raise_fence.sql`: create the date's row once, under a lock, raise it by a plain UPDATE, and return the rows."""
    day = fence.game_date
    if not tables.of(FENCES, day):
        yield
        work = yield from locked(tables, "fence")
        try:
            if not work.of(FENCES, day):
                work.insert(FENCES, day, [Fence(fence.token, fence.batch_id, fence.round)])
            yield
            work.commit()
        finally:
            work.end()
        yield
    yield from tables.update(FENCES, day, partial(raised, fence=fence))
    yield
    return tables.of(FENCES, day)


def raised(rows: Rows, fence: FenceToken) -> Rows:
    """The rows of a date's fence, with this token instead of a lower one."""
    mine = {"token": fence.token, "batch_id": fence.batch_id, "round": fence.round}
    return tuple(replace(row, **mine) if row.token < fence.token or row.held_by(fence) else row for row in rows)


def held(rows: Rows, fence: FenceToken) -> None:
    """Assert that the token holds the date.

    Raises:
        FenceLost: another token holds it, at least as high.
        Conflict: a lower token holds it, or the fence has more than one row.
    """
    highest = max(rows, key=lambda row: row.token, default=None)
    if highest is not None and len(rows) == 1 and highest.held_by(fence):
        return
    if highest is None or highest.token < fence.token or highest.held_by(fence):
        raise Conflict(f"{fence.game_date}: the fence changed while token {fence.token} was taken")
    raise FenceLost(f"{fence.game_date}: token {highest.token} holds it, not {fence.token}", highest.token)


def mend_fences(tables: Tables) -> Steps[list[date]]:
    """`mend_fences.sql`: merge the rows of each date with several, keeping the highest token and the last promotion."""
    work = yield from locked(tables, "fence")
    try:
        doubled = [day for day, rows in tables.rows[FENCES].items() if len(rows) > 1]
        for day in doubled:
            rows = work.of(FENCES, day)
            highest = max(rows, key=lambda row: row.token)
            latest = max(rows, key=lambda row: (row.promoted_at is not None, row.promoted_at))
            work.put(FENCES, day, [replace(highest, promoted=latest.promoted, promoted_at=latest.promoted_at)])
        yield
        work.commit()
    finally:
        work.end()
    return sorted(doubled)


def act(
    tables: Tables, done: Promotion | Rollback, change: Change, read: Callable[[], Staged] = tuple
) -> Steps[PromotionCounts]:
    """`promote.sql` and `rollback.sql`: fence, predictions, worker runs and audit in one transaction.

    Args:
        read: reads the staging table, after the check of the fence.
    """
    fence, promotes = done.fence, isinstance(done, Promotion)
    work = Work(tables)
    try:
        yield
        row = own_fence(work.of(FENCES, fence.game_date), fence, promotes=promotes)
        promoted = (fence.batch_id, fence.round) if promotes else row.promoted
        work.put(FENCES, fence.game_date, [replace(row, promoted=promoted, promoted_at=done.at)])
        yield
        before = work.of(PREDICTIONS, fence.game_date)
        staged = read()
        after, counts = change(before, staged)
        for old, new in zip(before, after, strict=False):
            if not is_current(old) and old != new:
                raise SupersededRowChanged(old["prediction_id"])
        work.put(PREDICTIONS, fence.game_date, after)
        yield
        insert_runs(work, staged)
        own = replace(
            done.audit,
            superseded_count=counts.superseded,
            withdrawn=counts.withdrawn,
            regenerated_count=counts.inserted,
        )
        insert_entries(work, [own], fence.token)
        yield
        work.commit()
        return counts
    finally:
        work.end()


def own_fence(rows: Rows, fence: FenceToken, *, promotes: bool) -> Fence:
    """The one row of the fence that the act changes.

    Raises:
        FenceLost: there is no such row, or more than one.
    """
    mine: list[Fence] = [row for row in rows if row.held_by(fence)]
    if promotes:
        mine = [
            row
            for row in mine
            if not (row.promoted and row.promoted[0] == fence.batch_id and row.promoted[1] >= fence.round)
        ]
    if len(mine) != 1:
        raise FenceLost("FENCE_LOST: another token holds the date, or the round is promoted already")
    return mine[0]


def record(tables: Tables, entries: Sequence[AuditEntry], staged: Iterable[StagedRow] = ()) -> Steps[None]:
    """`record.sql`: insert the entries and worker runs that do not exist yet, under a lock."""
    work = yield from locked(tables, "audit")
    try:
        insert_entries(work, entries)
        insert_runs(work, staged)
        yield
        work.commit()
    finally:
        work.end()


def insert_entries(work: Work, entries: Iterable[AuditEntry], token: int | None = None) -> None:
    """Insert the entries that the transaction does not see yet."""
    for entry in entries:
        if not work.of(AUDIT, entry.event_id):
            work.insert(AUDIT, entry.event_id, [AuditRow(entry, token)])


def insert_runs(work: Work, staged: Iterable[StagedRow]) -> None:
    """Insert the worker runs that the transaction does not see yet."""
    for row in staged:
        run: Any = row.run
        if run is not None and not work.of(RUNS, run["request_id"]):
            work.insert(RUNS, run["request_id"], [run])
