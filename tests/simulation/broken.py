"""Variants of regen with one plausible mistake each: the simulator must catch every one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.memory.promoting import is_current
from regen.adapters.memory.statements import Fence, insert_entries, insert_runs, raised
from regen.adapters.memory.tables import AUDIT, FENCES, GRADES, PREDICTIONS, Rows, Steps, Work
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain import bdb, ids, news_deciding
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.backfill import DateStatus
from regen.domain.batch import WAITING, Batch, Status
from regen.domain.errors import Conflict, FenceLost, PromotionAborted, RegenError, Unavailable
from regen.domain.grading import Graded
from regen.domain.promotion import FenceToken, Promotion, PromotionCounts, Rollback
from regen.domain.values import replace
from regen.ports import Message, Write
from regen.services.backfill import settling
from regen.services.batch import completion, dispatching, opening, processing, promoting, requests
from regen.services.healing import dead_letters, sweeping
from regen.services.state import outbox, recording
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import REQUEST_TOPIC, Deps
from regen.services.tables import asking, bdb_scanning, news_scanning, quality_watching
from simulation.broken_models import (
    falls_back_to_the_releases,
    predicts_with_the_current,
    uses_without_looking,
    waits_for_its_model,
)
from simulation.platform import Statement
from simulation.ports import SimulatedWarehouse
from simulation.upstream import Upstream


@dataclass(frozen=True)
class Variant:
    """A mistake in the warehouse or in a service.

    Attributes:
        known: seeds that caught it before, which the test tries first. A stale seed only costs time.
    """

    name: str
    warehouse: type[MemoryWarehouse] = MemoryWarehouse
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext
    known: tuple[int, ...] = ()


class SupersedesFirst(MemoryWarehouse):
    """Supersedes current rows before their replacements exist, as the predecessor did."""

    def take_fence_steps(self, fence: FenceToken) -> Steps[Rows]:
        rows = yield from super().take_fence_steps(fence)
        marks = {"superseded": True, "is_active": False, "superseded_at": self._now(), "superseded_reason": "upgrade"}
        self.tables.rows[PREDICTIONS][fence.game_date] = tuple(
            {**row, **marks, "superseded_by_batch_id": fence.batch_id} if is_current(row) else row
            for row in self.tables.of(PREDICTIONS, fence.game_date)
        )
        return rows


class WithoutFence(MemoryWarehouse):
    """Relies on the lease alone: a stale owner's transaction commits, because its staging table still exists."""

    def take_fence_steps(self, fence: FenceToken) -> Steps[Rows]:
        yield
        return (Fence(fence.token, fence.batch_id, fence.round),)

    def promote_steps(self, promotion: Promotion) -> Steps[PromotionCounts]:
        self._set_fence(promotion.fence)
        return super().promote_steps(promotion)

    def rollback_steps(self, rollback: Rollback) -> Steps[PromotionCounts]:
        self._set_fence(rollback.fence)
        return super().rollback_steps(rollback)

    def _set_fence(self, fence: FenceToken) -> None:
        self.tables.rows[FENCES][fence.game_date] = (Fence(fence.token, fence.batch_id, fence.round),)

    def drop_staging(self, staging: str) -> None:
        """Keep the table, as if the drop had failed."""


class MergesFence(MemoryWarehouse):
    """Raises the fence by a MERGE. For a date without a row it only inserts, which conflicts with nothing."""

    def take_fence_steps(self, fence: FenceToken) -> Steps[Rows]:
        yield
        mine = Fence(fence.token, fence.batch_id, fence.round)
        if not self.tables.of(FENCES, fence.game_date):
            yield
            self.tables.insert(FENCES, fence.game_date, [mine])
            return (mine,)
        rows = yield from self.tables.update(FENCES, fence.game_date, partial(raised, fence=fence))
        return (mine,) if any(row.held_by(fence) for row in rows) else rows


class MergesAudit(MemoryWarehouse):
    """Records entries by a MERGE that only inserts: two simultaneous ones both insert."""

    def record_steps(self, entries: Sequence[AuditEntry], staging: str | None = None) -> Steps[None]:
        staged = self._staged(staging) if staging is not None else ()
        yield
        work = Work(self.tables)
        insert_entries(work, entries)
        insert_runs(work, staged)
        yield
        work.commit()


class AuditsApart(MemoryWarehouse):
    """Commits the promotion, and writes its audit row by another job afterwards."""

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
            return "done"  # the message was acknowledged before the failure

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
    """Counts every ended batch of a backfill as promoted."""
    with patch.dict(settling.ENDS, dict.fromkeys(settling.ENDS, DateStatus.PROMOTED)):
        yield


@contextmanager
def _completes_at_once() -> Iterator[None]:
    """Completes a game as soon as its regeneration is requested (the predecessor did so for 1,751 games)."""
    with patch.dict(bdb_scanning.TO, {bdb.BdbAct.REGENERATE: bdb.BdbStatus.COMPLETED}):
        yield


@contextmanager
def _unknown_is_nothing() -> Iterator[None]:
    """Assumes that a transaction with an unknown error has changed nothing."""
    looked_up = promoting._looked_up

    def patched(deps: Deps, batch: Batch, event: AuditEvent, error: RegenError) -> PromotionCounts:
        if isinstance(error, Unavailable | FenceLost | PromotionAborted):
            return looked_up(deps, batch, event, error)
        raise PromotionAborted(f"the transaction was refused: {error}") from error

    with patch.object(promoting, "_looked_up", patched):
        yield


@contextmanager
def _never_looks() -> Iterator[None]:
    """Does not read what was committed before it raised the fence."""
    with patch.object(promoting, "_committed_counts", lambda *_: None):
        yield


@contextmanager
def _left_to_another() -> Iterator[None]:
    """Assumes, when a precondition of the completion fails, that another process completed the batch."""
    check = completion.check_completion

    def patched(deps: Deps, batch: Batch) -> bool:
        with patch.object(completion, "until_committed", _once):
            return check(deps, batch)

    with ExitStack() as stack:
        for module in (processing, dead_letters, dispatching, sweeping):
            stack.enter_context(patch.object(module, "check_completion", patched))
        yield


def _once(deps: Deps, decide: Callable[[], tuple[Sequence[Write], bool]]) -> bool:
    writes, result = decide()
    with suppress(Conflict):
        if writes:
            deps.store.commit(writes)
    return result


@contextmanager
def _dispatches_for_ever() -> Iterator[None]:
    """Dispatches a batch even after its deadline."""
    dispatch_again = sweeping._dispatch_again

    def patched(parts: Any, batch: Batch, now: datetime) -> str | None:
        return dispatch_again(parts, replace(batch, deadline=now + timedelta(days=1)), now)

    with patch.object(sweeping, "_dispatch_again", patched):
        yield


@contextmanager
def _merges_grades() -> Iterator[None]:
    """Grades by a MERGE that only inserts: two simultaneous ones both insert."""

    def steps(self: Upstream, first: date, last: date, at: datetime) -> Steps[list[Graded]]:
        work = Work(self._warehouse.tables)
        rows = self.gradable(first, last)
        yield
        for row in rows:
            if not work.of(GRADES, row["prediction_id"]):
                work.insert(GRADES, row["prediction_id"], [at])
        yield
        work.commit()
        return []

    with patch.object(Upstream, "grade_steps", steps):
        yield


@contextmanager
def _silent_quality() -> Iterator[None]:
    """Measures live quality and raises no alert."""
    with patch.object(quality_watching, "_raise", lambda *_: None):
        yield


class OneJobId(MemoryWarehouse):
    """Relies on one job id for all accounts to record entries once: two MERGEs do not conflict."""

    record_steps = MergesAudit.record_steps


@contextmanager
def _one_job_id() -> Iterator[None]:
    """Shares job ids between accounts: an id that another account has used is refused. The coordinator flushes, too."""

    def recorded(self: SimulatedWarehouse, entries: Sequence[AuditEntry], staging: str | None = None) -> None:
        name = f"record-{ids.digest(*(entry.event_id for entry in entries), staging)}"
        steps = partial(self._warehouse.record_steps, entries, staging)
        self._jobs.query(Statement("record", steps, transaction=False), (), name)

    def found(self: Jobs, name: str) -> Any:
        return self.client.get_job(name)

    with (
        patch.object(SimulatedWarehouse, "record", recorded),
        patch.object(Jobs, "_found", found),
        patch.object(outbox, "deliver", lambda deps, name, *_: recording.flush(deps, name)),
    ):
        yield


@contextmanager
def _notes_news_first() -> Iterator[None]:
    """Puts news on record in one commit, and its trigger into the outbox in another: a crash in between loses the batch."""
    owed: dict[str, list[Write]] = {}
    written, delivered = asking.trigger_writes, outbox.deliver

    def writes(deps: Deps, seen: Any, now: datetime, item: Callable[[Any], Any]) -> list[Write]:
        made: list[Any] = []
        found = written(deps, seen, now, lambda new: made.append(item(new)) or made[0])  # type: ignore[func-returns-value]
        if not made:
            return found
        later = outbox.put(made)
        owed.setdefault(made[0].batch_id, []).extend(later)
        return [write for write in found if write not in later]

    def deliver(deps: Deps, name: str, *rest: Any) -> None:
        if name in owed:
            deps.store.commit(owed.pop(name))
        delivered(deps, name, *rest)

    with patch.object(news_scanning, "trigger_writes", writes), patch.object(outbox, "deliver", deliver):
        yield


@contextmanager
def _opens_after_tip_off() -> Iterator[None]:
    """Opens a batch for whatever waited, although the game has begun."""
    with patch.object(opening, "_to_come", lambda _, scope, *__: scope):
        yield


@contextmanager
def _follows_every_flap() -> Iterator[None]:
    """Asks for a batch at each change of a status."""
    with patch.object(news_deciding, "pause_of", lambda _: timedelta(0)):
        yield


VARIANTS = (
    Variant("supersede first", SupersedesFirst),
    Variant("publish before the record", patched=_publishes_first),
    Variant("acknowledge before the write", patched=_acknowledges_first),
    Variant("a counter instead of a set", patched=_counts_deliveries),
    Variant("a lease without fencing", WithoutFence, known=(122,)),
    Variant("a fence raised by a MERGE", MergesFence, known=(4500,)),
    Variant("audit entries recorded by a MERGE", MergesAudit, known=(147,)),
    Variant("grades made by a MERGE that only inserts", patched=_merges_grades, known=(61,)),
    Variant("figures beyond their limits that raise no alert", patched=_silent_quality, known=(0,)),
    Variant("one job id for two accounts", OneJobId, _one_job_id, known=(3061,)),
    Variant("an unknown end means that nothing was changed", patched=_unknown_is_nothing),
    Variant("what was committed before the fence was raised is not read", patched=_never_looks),
    Variant("a dispatching batch past its deadline is never closed", patched=_dispatches_for_ever, known=(93,)),
    Variant("the audit outside the transaction", AuditsApart, _audits_apart),
    Variant("a backfill that counts ends instead of promotions", patched=_counts_ends),
    Variant("a scan that completes what it has only asked for", patched=_completes_at_once),
    Variant("news on record before its trigger is", patched=_notes_news_first, known=(8,)),
    Variant("news that waited is carried after tip-off", patched=_opens_after_tip_off, known=(121,)),
    Variant("a worker that loads the model in use", patched=predicts_with_the_current, known=(67,)),
    Variant(
        "a worker that takes the release's model for a lost one", patched=falls_back_to_the_releases, known=(1377,)
    ),
    Variant("a batch that waits for its lost model past the deadline", patched=waits_for_its_model, known=(2177,)),
    Variant("a use of a model that overwrites another", patched=uses_without_looking, known=(157,)),
    Variant("a status that flaps is followed for ever", patched=_follows_every_flap, known=(54,)),
)
LEFT_TO_ANOTHER = Variant("a failed precondition means that another process did it", patched=_left_to_another)
__all__ = ["LEFT_TO_ANOTHER", "VARIANTS", "Variant", "replace"]
