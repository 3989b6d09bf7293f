"""The port `Warehouse` in memory, with BigQuery's transactions and refusals, for the simulator and for tests."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from regen import clock
from regen.adapters.memory import statements
from regen.adapters.memory.box_scores import box_scores
from regen.adapters.memory.promoting import Row, is_current, promoted, rolled_back
from regen.adapters.memory.statements import AuditRow, Fence, SupersededRowChanged
from regen.adapters.memory.tables import AUDIT, CHALLENGERS, FENCES, PREDICTIONS, RUNS, Rows, Steps, Tables, at_once
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.box_scores import BoxScores
from regen.domain.errors import InvalidInput, StagingMissing
from regen.domain.promotion import (
    CurrentPrediction,
    FenceToken,
    Promotion,
    PromotionCounts,
    Rollback,
    StagedRow,
    StagingTable,
)
from regen.domain.slate import sound
from regen.domain.slate_reading import SlateReading, known_before_start
from regen.domain.values import replace
from regen.schemas.staging import checked

STAGING_LIFE = timedelta(hours=24)
__all__ = ["AuditRow", "Fence", "MemoryWarehouse", "SupersededRowChanged"]


class MemoryWarehouse:
    """The warehouse in memory; every method is atomic.

    Methods that change tables also exist in steps (`promote_steps` and so on), for the simulator, which runs other acts in
    between.

    Attributes:
        submitted: number of jobs that BigQuery would have received.
        tables: the stored rows.
    """

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._slates: dict[date, SlateReading] = {}
        self._box_scores: dict[date, list[Row]] = {}
        self.tables = Tables()
        self._staging: dict[str, tuple[datetime, tuple[StagedRow, ...]]] = {}
        self._done: dict[tuple[str, str, int, int], PromotionCounts] = {}
        self._challenged: set[tuple[str, int]] = set()
        self.submitted = 0

    # for tests: setting and reading the content

    def seed_slate(self, reading: SlateReading) -> None:
        """Set the result of `read_slate` for the date."""
        with self._lock:
            self._slates[reading.game_date] = reading

    def seed_box_scores(self, rows: Iterable[Row]) -> None:
        """Rows of `player_game_summary`, with `home_game` as the slate of the date had it."""
        with self._lock:
            for row in rows:
                self._box_scores.setdefault(row["game_date"], []).append(row)

    def seed_predictions(self, rows: Iterable[Row]) -> None:
        """Add existing rows, such as the predecessor's."""
        with self._lock:
            by_date: dict[date, list[Row]] = defaultdict(list)
            for row in rows:
                by_date[date.fromisoformat(row["game_date"])].append(dict(row))
            for day, seeded in by_date.items():
                self.tables.insert(PREDICTIONS, day, seeded)

    def predictions(self, game_date: date) -> list[Row]:
        """Every row of a date, superseded ones included, in order of creation."""
        with self._lock:
            return list(self.tables.of(PREDICTIONS, game_date))

    def audit(self) -> list[AuditRow]:
        """The audit, in order of writing."""
        with self._lock:
            return [row for rows in self.tables.rows[AUDIT].values() for row in rows]

    def runs(self) -> list[Mapping[str, Any]]:
        """The worker runs."""
        with self._lock:
            return [row for rows in self.tables.rows[RUNS].values() for row in rows]

    def fence(self, game_date: date) -> Fence | None:
        """The fence of a date."""
        with self._lock:
            return next(iter(self.tables.of(FENCES, game_date)), None)

    # the port

    def read_slate(self, game_date: date) -> SlateReading:
        """See the port."""
        with self._lock:
            self.submitted += 1
            reading = self._slates.get(game_date) or SlateReading(game_date, (), "none", None)
            known = (sound(entry, number) for number, entry in enumerate(reading.entries))
            entries = tuple(known_before_start(entry, self._now()) for entry in known)
            moved = any(new is not old for new, old in zip(entries, reading.entries, strict=True))
            return replace(reading, entries=entries) if moved else reading

    def box_scores(self, first: date, before: date, known: str = "") -> list[BoxScores]:
        """See the port."""
        with self._lock:
            self.submitted += 1
            found = [
                box_scores(day, self._box_scores[day]) for day in sorted(self._box_scores) if first <= day < before
            ]
        return [replace(day, games=None) if day.fingerprint in known else day for day in found if day is not None]

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """See the port."""
        with self._lock:
            self.submitted += 1
            found = [_current(row) for row in self.tables.of(PREDICTIONS, game_date) if is_current(row)]
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
            at_once(statements.raise_fence(self.tables, fence))

    def take_fence_steps(self, fence: FenceToken) -> Steps[Rows]:
        """The statements of `raise_fence`, without the repair of a doubled fence."""
        return statements.take_fence(self.tables, fence)

    def mend_fences(self) -> list[date]:
        """See the port."""
        with self._lock:
            self.submitted += 1
            return at_once(self.mend_fences_steps())

    def mend_fences_steps(self) -> Steps[list[date]]:
        """The transaction of `mend_fences`."""
        return statements.mend_fences(self.tables)

    def promote(self, promotion: Promotion) -> PromotionCounts:
        """See the port."""
        return self._act("promote", promotion.fence, lambda: self.promote_steps(promotion))

    def promote_steps(self, promotion: Promotion) -> Steps[PromotionCounts]:
        """The transaction of `promote`."""
        change = partial(promoted, act=promotion)
        return statements.act(self.tables, promotion, change, lambda: self._staged(promotion.staging))

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        """See the port."""
        return self._act("rollback", rollback.fence, lambda: self.rollback_steps(rollback))

    def rollback_steps(self, rollback: Rollback) -> Steps[PromotionCounts]:
        """The transaction of `rollback`."""
        return statements.act(self.tables, rollback, lambda rows, _: rolled_back(rows, rollback))

    def _act(self, step: str, fence: FenceToken, steps: Callable[[], Steps[PromotionCounts]]) -> PromotionCounts:
        """Run a job under its id; if it has already succeeded, return its result."""
        name = (step, fence.batch_id, fence.round, fence.token)
        with self._lock:
            if found := self._done.get(name):
                return found
            self.submitted += 1
            self._done[name] = counts = at_once(steps())
            return counts

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """See the port; with `ROLLED_BACK`, what a rollback committed."""
        with self._lock:
            self.submitted += 1
            rows = [
                row
                for row in self.audit()
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
            at_once(self.record_steps(entries, staging))

    def record_steps(self, entries: Sequence[AuditEntry], staging: str | None = None) -> Steps[None]:
        """The transaction of `record`."""
        return statements.record(self.tables, entries, self._staged(staging) if staging is not None else ())

    def keep_challengers(self, batch_id: str, round_: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """See the port."""
        with self._lock:
            if (batch_id, round_) in self._challenged:
                return
            self._challenged.add((batch_id, round_))
            self.submitted += 1
            for row in rows:
                self.tables.insert(CHALLENGERS, date.fromisoformat(row["game_date"]), [row])

    def challengers(self, game_date: date) -> list[Row]:
        """What challengers predicted of a date, in order of writing."""
        with self._lock:
            return list(self.tables.of(CHALLENGERS, game_date))

    def staging_tables(self) -> list[StagingTable]:
        """See the port."""
        with self._lock:
            self._expire()
            return [StagingTable(name, at, at + STAGING_LIFE) for name, (at, _) in sorted(self._staging.items())]

    def drop_staging(self, staging: str) -> None:
        """See the port."""
        with self._lock:
            self._staging.pop(staging, None)

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
    line, quality = row.get("current_points_line"), row.get("feature_quality_score")
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
        bookmaker=row.get("sportsbook"),
        quality=None if quality is None else float(quality),
        history_games=row.get("actual_games_count") if row.get("batch_id") else None,
        filter_reason=row.get("filter_reason"),
        is_fallback=row.get("was_line_fallback"),
    )
