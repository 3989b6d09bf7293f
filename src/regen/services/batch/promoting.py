"""Promotion and rollback: one at a time per warehouse, ordered by a lease, protected by a fence inside BigQuery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from regen.domain import ids
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import Act, Batch, Status
from regen.domain.batch_end import ended_entry
from regen.domain.errors import (
    Conflict,
    FenceLost,
    InvalidInput,
    PromotionAborted,
    RegenError,
    StatementRefused,
    Unavailable,
)
from regen.domain.plan import retiring
from regen.domain.promotion import FenceToken, Promotion, PromotionCounts, Rollback
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch.ending import end_round
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.leases import PROMOTION, Lease, take

log = logging.getLogger(__name__)
CONFLICT_RETRIES = 5
DOUBTS = 5
"""Number of owners whose transactions ended without an answer, after which a batch past its deadline is rejected (P3)."""
PROMOTING = frozenset({Status.PROMOTING})
Beside = Callable[[], Sequence[str]]
"""What is done beside a committed promotion, which it can neither undo nor hold up; gives the challengers' problems."""


def promote_round(deps: Deps, batch: Batch, lease: Lease, rows: int, beside: Beside = tuple) -> str:
    """Make the staged rows current.

    Args:
        batch: in `verifying` with its verdict, or in `promoting` if an earlier owner died.
        lease: the lease on the batch; the promotion also takes the lease on the warehouse.
        rows: number of staged predictions.
        beside: called once they are current.
    """

    def attempt(fence: FenceToken, entry: AuditEntry) -> PromotionCounts:
        return deps.warehouse.promote(
            Promotion(
                fence=fence,
                staging=batch.staging or "",
                expected_rows=rows,
                whole_slate=batch.scope.whole_slate,
                reason=batch.reason,
                metadata={**batch.metadata, "batch_id": batch.batch_id},
                at=entry.at,
                audit=entry,
                retired=retiring(deps.config.retired_systems, batch.scope, batch.systems),
            )
        )

    return _act(deps, batch, lease, AuditEvent.PROMOTED, Status.PROMOTED, attempt, beside)


def rollback_round(deps: Deps, batch: Batch, lease: Lease) -> str:
    """Undo the batch's promotion."""

    def attempt(fence: FenceToken, entry: AuditEntry) -> PromotionCounts:
        return deps.warehouse.rollback(
            Rollback(
                fence=fence,
                batch_id=batch.batch_id,
                reason="rollback",
                metadata={**(batch.command or {}), "batch_id": batch.batch_id},
                id_prefix=ids.digest("restored", batch.batch_id, batch.round),
                at=entry.at,
                audit=entry,
            )
        )

    return _act(deps, batch, lease, AuditEvent.ROLLED_BACK, Status.ROLLED_BACK, attempt)


def _act(
    deps: Deps,
    batch: Batch,
    lease: Lease,
    event: AuditEvent,
    to: Status,
    attempt: Callable[[FenceToken, AuditEntry], PromotionCounts],
    beside: Beside = tuple,
) -> str:
    warehouse = take(deps, PROMOTION, deps.config.promotion_wait_seconds)
    try:
        lease.renew()
        with warehouse.kept():
            return _under_fence(deps, batch, warehouse, event, to, attempt, beside)
    finally:
        warehouse.release()


def _under_fence(
    deps: Deps,
    batch: Batch,
    warehouse: Lease,
    event: AuditEvent,
    to: Status,
    attempt: Callable[[FenceToken, AuditEntry], PromotionCounts],
    beside: Beside,
) -> str:
    healing = batch.status is Status.PROMOTING and batch.token is not None
    promoting, fence = _take_fence(deps, batch, warehouse)
    if promoting is None:
        return "not_due"
    counts = _committed_counts(deps, batch, event) if healing else None
    if healing and counts is None:
        # The fence is raised and nothing was committed: an earlier owner's transaction has failed for good.
        if promoting.doubts >= DOUBTS and deps.clock.now() > promoting.deadline:
            return _aborted(deps, promoting, f"{promoting.doubts} transactions changed nothing; {_last(promoting)}")
        _write(deps, promoting, doubts=promoting.doubts + 1)
    if counts is None:
        try:
            counts = _submit(deps, promoting, fence, event, attempt)
        except PromotionAborted as error:
            return _aborted(deps, promoting, str(error))
    return _committed(deps, promoting, to, counts, beside)


def _take_fence(deps: Deps, batch: Batch, warehouse: Lease) -> tuple[Batch | None, FenceToken]:
    """Write `promoting`, then raise the fence. If the fence is ahead of the lease's token, lift the lease above it.

    The fence is ahead if Firestore was restored from a backup while the tables were kept. The batch's own token is ahead if
    the lease's record was lost; no later owner can hold it, as this process holds the lease.
    """
    if batch.token is not None and batch.token >= warehouse.token:
        warehouse.lift(batch.token)
    for again in (True, False):
        fence = FenceToken(batch.game_date, warehouse.token, batch.batch_id, batch.round)
        promoting = _to_promoting(deps, batch, warehouse.token)
        if promoting is None:
            return None, fence
        try:
            deps.warehouse.raise_fence(fence)
        except FenceLost as error:
            if not again or error.standing is None:
                raise
            log.warning("token %d is behind the fence: the lease is lifted above %d", fence.token, error.standing)
            warehouse.lift(error.standing)
        else:
            return promoting, fence
    raise AssertionError("unreachable")


def _submit(
    deps: Deps,
    batch: Batch,
    fence: FenceToken,
    event: AuditEvent,
    attempt: Callable[[FenceToken, AuditEntry], PromotionCounts],
) -> PromotionCounts:
    """Submit the transaction; after a conflict raise the fence and retry (BigQuery cancels, it does not queue).

    Raises:
        PromotionAborted: the transaction changed nothing: an assertion failed, or BigQuery refuses it for a lasting
            reason.
        Unavailable: the result is unknown. The batch stays `promoting`. A later owner raises the fence, so that this
            transaction can no longer commit, and then reads what was committed.
    """
    now = deps.clock.now()
    who, person = _asker(batch)
    entry = replace(
        ended_entry(replace(batch, ended_at=now, updated_at=now), event, "", who, person),
        event_id=ids.event_id(batch.batch_id, batch.round, event.value),
        status=event.value,
        metadata=_metadata(batch),
        error=None,
    )
    for tries in range(CONFLICT_RETRIES + 1):
        try:
            return attempt(fence, entry)
        except Conflict as error:
            if tries == CONFLICT_RETRIES:
                return _looked_up(deps, batch, event, error)
            deps.clock.sleep(0.2 * 2**tries)
            deps.warehouse.raise_fence(fence)
        except RegenError as error:
            return _looked_up(deps, batch, event, error)
    raise AssertionError("unreachable")


def _asker(batch: Batch) -> tuple[str, str | None]:
    """Who asked for what the round does: an operator's order, or else what opened the batch; and the person behind it."""
    if batch.act is not Act.GENERATE and (order := batch.command) and order.get("caller"):
        return str(order["caller"]), order.get("on_behalf_of")
    return batch.triggered_by, batch.on_behalf_of


def _metadata(batch: Batch) -> Mapping[str, Any]:
    """The batch's metadata; of a rollback, with the operator's reason."""
    reason = (batch.command or {}).get("rollback_reason") if batch.act is Act.ROLLBACK else None
    return {**batch.metadata, "order_reason": reason} if reason else batch.metadata


def _looked_up(deps: Deps, batch: Batch, event: AuditEvent, error: RegenError) -> PromotionCounts:
    """The counts that were committed in spite of an error.

    Raises:
        PromotionAborted: nothing was committed and the error is lasting; the batch ends.
        RegenError: the result is unknown, or a later owner has the date; the batch stays `promoting`.
    """
    if committed := _committed_counts(deps, batch, event):
        return committed
    if isinstance(error, PromotionAborted):
        raise error
    if isinstance(error, InvalidInput) or (isinstance(error, StatementRefused) and error.final):
        # Never submitted, or refused for a lasting reason: nothing was changed, and the batch must end (P3).
        raise PromotionAborted(f"the transaction was refused: {error}") from error
    if isinstance(error, FenceLost):
        raise error
    unknown = f"the result of the transaction is unknown: {error}"
    _write(deps, batch, error=unknown)
    if isinstance(error, Unavailable):
        raise error
    raise Unavailable(unknown) from error


def _last(batch: Batch) -> str:
    return batch.error or "their results are unknown"


def _write(deps: Deps, batch: Batch, **changes: Any) -> None:  # noqa: ANN401 - fields of the batch
    """Change fields of the batch, if this owner still promotes it."""

    def decide() -> tuple[Sequence[Write], None]:
        seen = read_batch(deps, batch.batch_id)
        known = seen.batch
        if (known.status, known.round, known.token) != (Status.PROMOTING, batch.round, batch.token):
            return [], None
        return [seen.update(replace(known, updated_at=deps.clock.now(), **changes))], None

    until_committed(deps, decide)


def _committed_counts(deps: Deps, batch: Batch, event: AuditEvent) -> PromotionCounts | None:
    return deps.warehouse.promotion_of(batch.game_date, batch.batch_id, batch.round, event)


def _to_promoting(deps: Deps, batch: Batch, token: int) -> Batch | None:
    """Write `promoting` and the token before anything is submitted."""

    def decide() -> tuple[Sequence[Write], Batch | None]:
        seen = read_batch(deps, batch.batch_id)
        if seen.batch.round != batch.round or seen.batch.status not in {Status.VERIFYING, Status.PROMOTING}:
            return [], None
        if seen.batch.token is not None and seen.batch.token > token:
            return [], None  # a later owner has taken the batch
        now = deps.clock.now()
        current = seen.batch
        if current.status is Status.VERIFYING:
            current = current.moved(Status.PROMOTING, f"fencing token {token}", now)
        moved = replace(
            current,
            updated_at=now,
            token=token,
            verdict=batch.verdict,
            counts=batch.counts,
            staging=batch.staging,
        )
        return [seen.update(moved)], moved

    return until_committed(deps, decide)


def _committed(deps: Deps, batch: Batch, to: Status, counts: PromotionCounts, beside: Beside) -> str:
    before = batch.counts
    rounds = (*batch.promoted_rounds, batch.round) if to is Status.PROMOTED else ()
    measured = replace(
        before,
        superseded=(before.superseded or 0) * bool(batch.promoted_rounds) + counts.superseded,
        inserted=(before.inserted or 0) * bool(batch.promoted_rounds) + counts.inserted,
        withdrawn=(before.withdrawn or 0) * bool(batch.promoted_rounds) + counts.withdrawn,
    )
    # Written and dropped before the end is written: the sweep heals a death in between, but does not look at ended batches.
    problems = tuple(beside())
    trouble: Unavailable | None = None
    if batch.staging and batch.act is not Act.ROLLBACK:
        try:
            deps.warehouse.drop_staging(batch.staging)
        except Unavailable as error:
            trouble = error
    ended = end_round(
        deps,
        batch.batch_id,
        batch.round,
        to,
        f"{counts.superseded} superseded, {counts.withdrawn} withdrawn, {counts.inserted} inserted",
        allowed=PROMOTING,
        counts=measured if batch.act is not Act.ROLLBACK else before,
        promoted_rounds=rounds,
        doubts=0,
        error=None,
        challenger_problems=problems if to is Status.PROMOTED else batch.challenger_problems,
    )
    if trouble:
        raise trouble
    return ended.status.value if ended else "not_due"


def _aborted(deps: Deps, batch: Batch, why: str) -> str:
    """End a batch whose transaction changed nothing: a promotion as rejected, a rollback as promoted.

    If a later owner has taken the batch meanwhile, write nothing: that owner's transaction may have been committed.
    """
    ended = end_round(
        deps,
        batch.batch_id,
        batch.round,
        Status.PROMOTED if batch.act is Act.ROLLBACK else Status.REJECTED,
        why,
        allowed=PROMOTING,
        token=batch.token,
        doubts=0,
        error=why,
        counts=batch.counts,
    )
    return ended.status.value if ended else "not_due"
