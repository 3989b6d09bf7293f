"""A warehouse that runs the shipped statements in Google's reference evaluator, through the real adapter.

Acts are atomic here, with the same faults around them. The checks read the evaluator's tables after each act.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.memory.promoting import Row
from regen.adapters.memory.statements import AuditRow, Fence
from regen.adapters.memory.tables import AUDIT, FENCES, PREDICTIONS, RUNS, Rows, Steps
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.promotion import CurrentPrediction, FenceToken, Promotion, PromotionCounts, Rollback, StagedRow
from regen.domain.values import replace

T = TypeVar("T")
MOST = 3
"""The most players of a slate: every statement sends its tables to the evaluator."""


class SqlWarehouse(MemoryWarehouse):
    """Keeps slates and the lifetime of staging tables in memory, and all other tables in the evaluator."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(now)
        self._google = EvaluatorHarness()
        self._entries: dict[str, AuditEntry] = {}

    def seed_predictions(self, rows: Iterable[Row]) -> None:
        """Add rows from before the run."""
        self._google.seed(list(rows))
        self._copy_table(PREDICTIONS)

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """See the port."""
        return self._run(lambda: self._google.warehouse.current_predictions(game_date))

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """See the port."""
        return self._run(lambda: self._google.warehouse.promotion_of(game_date, batch_id, round_, event))

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        """See the port."""
        known = tuple(rows)
        super().stage(staging, known)
        return self._run(lambda: self._google.warehouse.stage(staging, known))

    def drop_staging(self, staging: str) -> None:
        """See the port."""
        super().drop_staging(staging)
        self._google.warehouse.drop_staging(staging)

    def take_fence_steps(self, fence: FenceToken) -> Steps[Rows]:
        """Run `raise_fence.sql`."""
        yield
        holders = self._run(lambda: self._google.warehouse._take(fence), FENCES)
        return tuple(Fence(*holder) for holder in holders)

    def promote_steps(self, promotion: Promotion) -> Steps[PromotionCounts]:
        """Run `promote.sql`."""
        yield
        self._staged(promotion.staging)
        return self._changed(promotion.audit, lambda: self._google.warehouse.promote(promotion))

    def rollback_steps(self, rollback: Rollback) -> Steps[PromotionCounts]:
        """Run `rollback.sql`."""
        yield
        return self._changed(rollback.audit, lambda: self._google.warehouse.rollback(rollback))

    def _changed(self, audit: AuditEntry, act: Callable[[], PromotionCounts]) -> PromotionCounts:
        self._entries[audit.event_id] = audit
        return self._run(act, PREDICTIONS, FENCES, AUDIT, RUNS)

    def record_steps(self, entries: Sequence[AuditEntry], staging: str | None = None) -> Steps[None]:
        """Run `record_entries.sql` and `record_runs.sql`."""
        yield
        if staging is not None:
            self._staged(staging)
        self._entries.update({entry.event_id: entry for entry in entries if entry.event_id not in self._entries})
        self._run(lambda: self._google.warehouse.record(entries, staging), AUDIT, RUNS)

    def _run(self, act: Callable[[], T], *changed: str) -> T:
        """Run an act of the adapter; its jobs' ids are kept apart by those who call, so that each is new here."""
        self._google.client.jobs.clear()  # type: ignore[attr-defined]
        result = act()
        for table in changed:
            self._copy_table(table)
        return result

    def _copy_table(self, table: str) -> None:
        """Copy the rows of a table from the evaluator; an unchanged row stays the same object."""
        made: dict[Any, list[Any]] = {}
        known = {row["prediction_id"]: row for rows in self.tables.rows[PREDICTIONS].values() for row in rows}
        for row in self._google.table(table):
            if table == PREDICTIONS:
                plain = {k: v.isoformat() if type(v) is date else v for k, v in row.items()}
                old = known.get(row["prediction_id"])
                made.setdefault(row["game_date"], []).append(old if old == plain else plain)
            elif table == FENCES:
                promoted = (row["promoted_batch_id"], row["promoted_round"]) if row["promoted_batch_id"] else None
                held = Fence(row["token"], row["batch_id"], row["round"], promoted, row["promoted_at"])
                made.setdefault(row["game_date"], []).append(held)
            elif table == RUNS:
                made.setdefault(row["request_id"], []).append(row)
            else:
                made.setdefault(row["event_id"], []).append(self._audited(row))
        for key, rows in made.items():
            before = self.tables.of(table, key)
            if len(rows) != len(before) or any(a is not b for a, b in zip(rows, before, strict=True)):
                self.tables.put(table, key, tuple(rows))

    def _audited(self, row: Row) -> AuditRow:
        counts = {name: row[name] for name in ("superseded_count", "regenerated_count")}
        entry = self._entries[row["event_id"]]
        return AuditRow(replace(entry, **counts, withdrawn=row["withdrawn"]), row["fence_token"])
