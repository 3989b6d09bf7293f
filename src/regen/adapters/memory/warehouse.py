"""The port `Warehouse` in memory: the same promises, transactions and refusals, for the simulator and for tests."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from regen.adapters.memory.promoting import Row, is_current, promoted, rolled_back
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.errors import FenceLost, InvalidInput, StagingMissing
from regen.domain.promotion import (
    CurrentPrediction,
    FenceToken,
    Promotion,
    PromotionCounts,
    Rollback,
    StagedRow,
    StagingTable,
)
from regen.domain.reading import SlateReading
from regen.schemas.staging import checked

STAGING_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Fence:
    """A row of `promotion_fence`."""

    token: int
    batch_id: str
    round: int
    promoted: tuple[str, int] | None = None
    promoted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of `prediction_regeneration_audit`; `token` is the fence's, for an act that changed predictions."""

    entry: AuditEntry
    token: int | None = None


class SupersededRowChanged(AssertionError):
    """A row that was superseded has been changed: P6 is broken."""


class MemoryWarehouse:
    """The warehouse in memory; every method is one transaction.

    Attributes:
        submitted: jobs that BigQuery would have been given.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._slates: dict[date, SlateReading] = {}
        self._predictions: dict[date, tuple[Row, ...]] = defaultdict(tuple)
        self._audit: dict[str, AuditRow] = {}
        self._runs: dict[str, Mapping[str, Any]] = {}
        self._fences: dict[date, Fence] = {}
        self._staging: dict[str, tuple[datetime, tuple[StagedRow, ...]]] = {}
        self._done: dict[tuple[str, str, int, int], PromotionCounts] = {}
        self.submitted = 0

    # what a test puts in, and looks at

    def seed_slate(self, reading: SlateReading) -> None:
        """What `read_slate` answers for the date."""
        with self._lock:
            self._slates[reading.game_date] = reading

    def seed_predictions(self, rows: Iterable[Row]) -> None:
        """Rows that are there from before, such as the predecessor's."""
        with self._lock:
            for row in rows:
                self._predictions[date.fromisoformat(row["game_date"])] += (dict(row),)

    def predictions(self, game_date: date) -> list[Row]:
        """Every row of a date, superseded ones included, in the order of their making."""
        with self._lock:
            return list(self._predictions[game_date])

    def audit(self) -> list[AuditRow]:
        """The audit, in the order of its writing."""
        with self._lock:
            return list(self._audit.values())

    def runs(self) -> list[Mapping[str, Any]]:
        """The worker runs."""
        with self._lock:
            return list(self._runs.values())

    def fence(self, game_date: date) -> Fence | None:
        """The fence of a date."""
        with self._lock:
            return self._fences.get(game_date)

    # the port

    def read_slate(self, game_date: date) -> SlateReading:
        """See the port."""
        with self._lock:
            self.submitted += 1
            return self._slates.get(game_date) or SlateReading(game_date, (), "none", None)

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """See the port."""
        with self._lock:
            self.submitted += 1
            found = [_current(row) for row in self._predictions[game_date] if is_current(row)]
        order: Callable[[CurrentPrediction], tuple[Any, ...]] = lambda row: (  # noqa: E731
            row.player_lookup,
            row.system_id,
            row.line is not None,
            row.line or 0.0,
            row.prediction_id,
        )
        return sorted(found, key=order)

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        """See the port."""
        good = tuple(checked(row) for row in rows)
        if not good:
            raise InvalidInput("staging", "at least one row")
        with self._lock:
            self.submitted += 1
            created = self._staging[staging][0] if staging in self._staging else self._now()
            self._staging[staging] = (created, good)
        return sum(row.kind == "prediction" for row in good)

    def raise_fence(self, fence: FenceToken) -> None:
        """See the port."""
        with self._lock:
            self.submitted += 1
            old = self._fences.get(fence.game_date)
            mine = (fence.token, fence.batch_id, fence.round)
            if old and old.token >= fence.token and (old.token, old.batch_id, old.round) != mine:
                raise FenceLost(f"{fence.game_date}: token {old.token} holds it, not {fence.token}", old.token)
            promoted_before = (old.promoted, old.promoted_at) if old else (None, None)
            self._fences[fence.game_date] = Fence(*mine, *promoted_before)

    def mend_fences(self) -> list[date]:
        """See the port; a date has one fence here."""
        with self._lock:
            self.submitted += 1
        return []

    def promote(self, promotion: Promotion) -> PromotionCounts:
        """See the port."""
        with self._lock:
            if found := self._found("promote", promotion.fence):
                return found
            held = self._held(promotion.fence)
            mine = (promotion.fence.batch_id, promotion.fence.round)
            if held.promoted and held.promoted[0] == mine[0] and held.promoted[1] >= mine[1]:
                raise FenceLost("FENCE_LOST: the round is promoted already")
            staged = self._staged(promotion.staging)
            after, counts = promoted(self._predictions[promotion.fence.game_date], staged, promotion)
            self._commit("promote", promotion, after, counts)
            self._fences[promotion.fence.game_date] = replace(held, promoted=mine, promoted_at=promotion.at)
            self._write_runs(staged)
            return counts

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        """See the port."""
        with self._lock:
            if found := self._found("rollback", rollback.fence):
                return found
            held = self._held(rollback.fence)
            after, counts = rolled_back(self._predictions[rollback.fence.game_date], rollback)
            self._commit("rollback", rollback, after, counts)
            self._fences[rollback.fence.game_date] = replace(held, promoted_at=rollback.at)
            return counts

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """See the port; with `ROLLED_BACK`, what a rollback committed."""
        with self._lock:
            self.submitted += 1
            rows = [
                row
                for row in self._audit.values()
                if (row.entry.game_date, row.entry.batch_id, row.entry.round) == (game_date, batch_id, round_)
                and row.entry.event is event
            ]
        if not rows:
            return None
        row = max(rows, key=lambda found: found.entry.at)
        entry = row.entry
        return PromotionCounts(
            superseded=entry.superseded_count or 0,
            withdrawn=entry.withdrawn or 0,
            inserted=entry.regenerated_count or 0,
            at=entry.at,
            token=row.token or 0,
        )

    def record(self, entries: Sequence[AuditEntry], staging: str | None = None) -> None:
        """See the port."""
        if not entries and staging is None:
            return
        with self._lock:
            self.submitted += 1
            staged = self._staged(staging) if staging is not None else ()
            self._write_audit(entries)
            self._write_runs(staged)

    def staging_tables(self) -> list[StagingTable]:
        """See the port."""
        with self._lock:
            self._expire()
            return [StagingTable(name, at, at + STAGING_LIFE) for name, (at, _) in sorted(self._staging.items())]

    def drop_staging(self, staging: str) -> None:
        """See the port."""
        with self._lock:
            self._staging.pop(staging, None)

    # one transaction

    def _found(self, step: str, fence: FenceToken) -> PromotionCounts | None:
        """A job of the same id that has succeeded already."""
        found = self._done.get((step, fence.batch_id, fence.round, fence.token))
        self.submitted += found is None
        return found

    def _held(self, fence: FenceToken) -> Fence:
        held = self._fences.get(fence.game_date)
        if held is None or (held.token, held.batch_id, held.round) != (fence.token, fence.batch_id, fence.round):
            raise FenceLost("FENCE_LOST: another token holds the date")
        return held

    def _commit(self, step: str, act: Promotion | Rollback, after: Sequence[Row], counts: PromotionCounts) -> None:
        day = act.fence.game_date
        for old, new in zip(self._predictions[day], after, strict=False):
            if not is_current(old) and old != new:
                raise SupersededRowChanged(old["prediction_id"])
        own = replace(
            act.audit,
            superseded_count=counts.superseded,
            withdrawn=counts.withdrawn,
            regenerated_count=counts.inserted,
        )
        self._predictions[day] = tuple(after)
        self._write_audit([own], act.fence.token)
        self._done[step, act.fence.batch_id, act.fence.round, act.fence.token] = counts

    def _write_audit(self, entries: Iterable[AuditEntry], token: int | None = None) -> None:
        for entry in entries:
            self._audit.setdefault(entry.event_id, AuditRow(entry, token))

    def _write_runs(self, staged: Iterable[StagedRow]) -> None:
        for row in staged:
            if row.run is not None:
                self._runs.setdefault(row.run["request_id"], row.run)

    def _staged(self, staging: str) -> tuple[StagedRow, ...]:
        self._expire()
        if staging not in self._staging:
            raise StagingMissing(f"there is no staging table {staging}")
        return self._staging[staging][1]

    def _expire(self) -> None:
        end = self._now() - STAGING_LIFE
        for name in [name for name, (at, _) in self._staging.items() if at <= end]:
            del self._staging[name]


def _current(row: Row) -> CurrentPrediction:
    line = row.get("current_points_line")
    return CurrentPrediction(
        prediction_id=row["prediction_id"],
        batch_id=row.get("batch_id"),
        player_lookup=row["player_lookup"],
        game_id=row["game_id"],
        system_id=row["system_id"],
        line=None if line is None else float(line),
        points=float(row["predicted_points"]),
        recommendation=row["recommendation"],
        data_source_tier=row.get("data_source_tier"),
        created_at=row.get("created_at"),
    )
