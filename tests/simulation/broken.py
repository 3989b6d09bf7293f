"""Variants of regen with a mistake that somebody could make: the simulator must catch each of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

from regen.adapters.memory.promoting import is_current
from regen.adapters.memory.statements import Fence, insert_entries, insert_runs, raised
from regen.adapters.memory.tables import AUDIT, FENCES, PREDICTIONS, Steps, Work
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain import bdb
from regen.domain.audit import AuditEntry
from regen.domain.backfill import DateStatus
from regen.domain.batch import WAITING, Batch, Status
from regen.domain.errors import FenceLost, Unavailable
from regen.domain.promotion import FenceToken, Promotion, PromotionCounts, Rollback
from regen.ports import Message, Write
from regen.services import (
    backfill_settling,
    bdb_scanning,
    dead_letters,
    dispatching,
    opening,
    processing,
    promoting,
    requests,
    sweeping,
)
from regen.services.commit import read_batch, until_committed
from regen.services.deps import REQUEST_TOPIC, Deps


@dataclass(frozen=True)
class Variant:
    """A mistake: in the warehouse, or in a service."""

    name: str
    warehouse: type[MemoryWarehouse] = MemoryWarehouse
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext


class SupersedesFirst(MemoryWarehouse):
    """What is current stops being so before the replacement is there (the predecessor's way)."""

    def raise_fence_steps(self, fence: FenceToken) -> Steps[None]:
        yield from super().raise_fence_steps(fence)
        marks = {"superseded": True, "is_active": False, "superseded_at": self._now(), "superseded_reason": "upgrade"}
        self.tables.rows[PREDICTIONS][fence.game_date] = tuple(
            {**row, **marks, "superseded_by_batch_id": fence.batch_id} if is_current(row) else row
            for row in self.tables.of(PREDICTIONS, fence.game_date)
        )


class WithoutFence(MemoryWarehouse):
    """A lease in Firestore is all there is: a stale owner's transaction goes through, as what he staged is there still."""

    def raise_fence_steps(self, fence: FenceToken) -> Steps[None]:
        yield

    def promote_steps(self, promotion: Promotion) -> Steps[PromotionCounts]:
        self._let_in(promotion.fence)
        return super().promote_steps(promotion)

    def rollback_steps(self, rollback: Rollback) -> Steps[PromotionCounts]:
        self._let_in(rollback.fence)
        return super().rollback_steps(rollback)

    def _let_in(self, fence: FenceToken) -> None:
        self.tables.rows[FENCES][fence.game_date] = (Fence(fence.token, fence.batch_id, fence.round),)

    def drop_staging(self, staging: str) -> None:
        """A table that could not be dropped."""


class MergesFence(MemoryWarehouse):
    """The fence is raised by a MERGE, which only inserts where the date has no row, and then conflicts with nothing."""

    def raise_fence_steps(self, fence: FenceToken) -> Steps[None]:
        yield
        if not self.tables.of(FENCES, fence.game_date):
            yield
            self.tables.insert(FENCES, fence.game_date, [Fence(fence.token, fence.batch_id, fence.round)])
            return
        rows = yield from self.tables.update(FENCES, fence.game_date, partial(raised, fence=fence))
        if not any(row.held_by(fence) for row in rows):
            raise FenceLost(f"{fence.game_date}: a token higher than {fence.token} has been taken")


class MergesAudit(MemoryWarehouse):
    """Entries are recorded by a MERGE that only inserts: of two at once, both do."""

    def record_steps(self, entries: Sequence[AuditEntry], staging: str | None = None) -> Steps[None]:
        staged = self._staged(staging) if staging is not None else ()
        yield
        work = Work(self.tables)
        insert_entries(work, entries)
        insert_runs(work, staged)
        yield
        work.commit()


class AuditsApart(MemoryWarehouse):
    """The promotion commits, and its audit row is written by another job afterwards."""

    owed: dict[tuple[str, int], AuditEntry]

    def promote_steps(self, promotion: Promotion) -> Steps[PromotionCounts]:
        return self._apart(promotion, super().promote_steps(promotion))

    def rollback_steps(self, rollback: Rollback) -> Steps[PromotionCounts]:
        return self._apart(rollback, super().rollback_steps(rollback))

    def _apart(self, act: Promotion | Rollback, steps: Steps[PromotionCounts]) -> Steps[PromotionCounts]:
        counts = yield from steps
        (row,) = self.tables.rows[AUDIT].pop(act.audit.event_id)
        self.__dict__.setdefault("owed", {})[act.fence.batch_id, act.fence.round] = row.entry
        return counts


@contextmanager
def _audits_apart() -> Iterator[None]:
    submit = promoting._submit

    def patched(deps: Deps, batch: Batch, *rest: Any) -> PromotionCounts:
        counts = submit(deps, batch, *rest)
        memory: AuditsApart = deps.warehouse._warehouse  # type: ignore[attr-defined]
        if owed := memory.__dict__.get("owed", {}).get((batch.batch_id, batch.round)):
            deps.warehouse.record([owed])
        return counts

    with patch.object(promoting, "_submit", patched):
        yield


@contextmanager
def _publishes_first() -> Iterator[None]:
    write = requests.write_requests

    def patched(deps: Deps, batch: Batch, records: Sequence[Any], *rest: Any) -> None:
        named = [{"batch_id": batch.batch_id, "request_id": r.request_id, "round": 1} for r in records]
        deps.queue.publish(REQUEST_TOPIC, [Message(data) for data in named])
        write(deps, batch, records, *rest)

    with patch.object(opening, "write_requests", patched):
        yield


@contextmanager
def _acknowledges_first() -> Iterator[None]:
    process = processing.process_request

    def patched(deps: Deps, batch_id: str, request_id: str) -> str:
        try:
            return process(deps, batch_id, request_id)
        except Unavailable:
            return "done"  # the answer is out already; what failed, failed

    with patch.object(processing, "process_request", patched):
        yield


@contextmanager
def _counts_deliveries() -> Iterator[None]:
    def counted(deps: Deps, batch: Batch) -> bool:
        path = f"counters/{batch.batch_id}_{batch.round}"
        seen = deps.store.get(path)
        number = (seen.data["number"] if seen else 0) + 1
        deps.store.commit([Write("put", path, {"number": number})])
        if number < batch.request_count:
            return False

        def decide() -> tuple[Sequence[Write], bool]:
            known = read_batch(deps, batch.batch_id)
            if known.batch.status not in WAITING or known.batch.round != batch.round:
                return [], True
            moved = known.batch.moved(Status.COMPLETE, f"{number} completions counted", deps.clock.now())
            return [known.update(moved)], True

        return until_committed(deps, decide)

    with (
        patch.object(processing, "check_completion", counted),
        patch.object(dead_letters, "check_completion", counted),
        patch.object(dispatching, "check_completion", lambda *_: False),
        patch.object(sweeping, "check_completion", lambda *_: False),
    ):
        yield


@contextmanager
def _counts_ends() -> Iterator[None]:
    """A date of a backfill is done as soon as its batch has ended, however it has."""
    with patch.dict(backfill_settling.ENDS, dict.fromkeys(backfill_settling.ENDS, DateStatus.PROMOTED)):
        yield


@contextmanager
def _completes_at_once() -> Iterator[None]:
    """A game is completed when its regeneration has been asked for (the predecessor's way: 1,751 games)."""
    with patch.dict(bdb_scanning.TO, {bdb.Act.REGENERATE: bdb.BdbStatus.COMPLETED}):
        yield


VARIANTS = (
    Variant("supersede first", SupersedesFirst),
    Variant("publish before the record", patched=_publishes_first),
    Variant("acknowledge before the write", patched=_acknowledges_first),
    Variant("a counter instead of a set", patched=_counts_deliveries),
    Variant("a lease without fencing", WithoutFence),
    Variant("a fence raised by a MERGE", MergesFence),
    Variant("audit entries recorded by a MERGE", MergesAudit),
    Variant("the audit outside the transaction", AuditsApart, _audits_apart),
    Variant("a backfill that counts ends instead of promotions", patched=_counts_ends),
    Variant("a scan that completes what it has only asked for", patched=_completes_at_once),
)
__all__ = ["VARIANTS", "Variant", "replace"]
