"""The verifier's work on one batch: check, stage, then promote in one transaction, or reject, or hold (P1).

The order of the steps, and who decides at which point:

    complete ─► verifying ── checks ──► rejected, or held if that was asked
                    │ staged
                    ▼
                promoting ── written before the transaction is submitted; from here BigQuery alone decides
                    │ committed
                    ▼
                promoted

An owner that finds a batch in `promoting` raises the fence, then reads what was committed, then writes Firestore.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from regen.domain import ids
from regen.domain.batch import Act, Batch, Counts, Status
from regen.domain.checks import Evidence, Verdict, judge
from regen.domain.checks.waivers import holding
from regen.domain.errors import AccessDenied, FenceLost, InvalidInput, NoSuchBatch, StagingMissing, Unreadable
from regen.domain.outcome import tally
from regen.domain.plan import retiring
from regen.domain.promotion import CurrentPrediction
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import gathering
from regen.services.batch.challenger_rows import keep_challengers
from regen.services.batch.dates import read_date
from regen.services.batch.ending import end_round
from regen.services.batch.gathering import Gathered
from regen.services.batch.keeping import keep_inputs
from regen.services.batch.promoting import promote_round, rollback_round
from regen.services.batch.staging import drop_own, drop_predecessors
from regen.services.state.alerting import alert_unreadable
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.denials import note_denied
from regen.services.state.deps import Deps
from regen.services.state.leases import Lease, LeaseBusy, take
from regen.services.state.recording import await_runs, flush

log = logging.getLogger(__name__)
FRESH = timedelta(minutes=10)
"""How long after its end a batch may still have outbox items that the sweep has not flushed."""
WORK = frozenset({Status.COMPLETE, Status.VERIFYING, Status.PROMOTING})


def verify(deps: Deps, batch_id: str, round_: int) -> str:
    """Carry a complete batch to its end, from any status after `complete`.

    Returns:
        The new status, or `busy` (another owner has the lease), `fenced` (a later owner has the date), `not_due`
        (nothing to do), `gone` (its records have expired), `unknown`.

    Raises:
        Unavailable: a dependency failed. Pub/Sub should redeliver the message; the sweep heals the batch in any case.
    """
    try:
        seen = read_batch(deps, batch_id)
    except NoSuchBatch:
        return "gone" if ids.is_batch_id(batch_id) else "unknown"
    if seen.batch.round != round_ or seen.batch.status not in WORK:
        if seen.batch.ended_at is None or deps.clock.now() - seen.batch.ended_at < FRESH:
            flush(deps, batch_id)
        return "not_due"  # an old message costs no further read: the sweep has flushed the outbox long ago
    try:
        lease = take(deps, batch_id)
    except LeaseBusy:
        return "busy"
    try:
        with lease.kept():
            status = _carry(deps, batch_id, round_, lease)
    except FenceLost:
        return "fenced"  # a later owner has the date, and decides what happens to the batch
    except AccessDenied as error:
        note_denied(deps, error)
        raise
    except Unreadable as error:
        alert_unreadable(deps, error)
        raise
    finally:
        lease.release()
    flush(deps, batch_id)
    return status


def _carry(deps: Deps, batch_id: str, round_: int, lease: Lease) -> str:
    batch = _begin(deps, batch_id, round_)
    if batch is None:
        return "not_due"
    if batch.act is Act.ROLLBACK:
        return rollback_round(deps, batch, lease)
    if round_ > 1:
        await_runs(deps, batch_id)
    # An owner that finds a batch in `promoting` stages again: the first owner's table may have expired.
    staging = ids.staging_table(batch.batch_id, round_, lease.token)
    try:
        status = _judged(deps, batch, lease, staging)
    except FenceLost:
        drop_own(deps, batch_id, staging)
        raise
    except StagingMissing as error:
        # A later owner dropped the table, or it expired. Retry: the next attempt stages again.
        raise StagingMissing(f"{staging}: {error}") from error
    if status == "not_due":
        drop_own(deps, batch_id, staging)
    elif lease.token > 1:
        drop_predecessors(deps, batch_id, round_, staging)
    return status


def _judged(deps: Deps, batch: Batch, lease: Lease, staging: str) -> str:
    try:
        gathered, staged = _stage(deps, batch, staging)
    except InvalidInput as error:
        return _end(deps, batch, Status.REJECTED, f"the predictions cannot be stored: {error}")
    rows = gathering.expected_rows(gathered)
    lease.renew()
    batch = replace(batch, staging=staging)
    if gathered.lost and batch.status is Status.VERIFYING:
        return _end(deps, batch, Status.REJECTED, gathered.lost)
    if batch.status is Status.VERIFYING:
        current = deps.warehouse.current_predictions(batch.game_date)
        seen = Evidence(
            outcomes=gathered.outcomes,
            fresh=gathered.fresh,
            excluded=gathered.excluded,
            systems=batch.systems,
            scope=batch.scope,
            slate=batch.slate,
            slate_before=_slate_before(deps, batch),
            current=current,
            thresholds=batch.thresholds,
            staged_rows=staged,
            expected_rows=rows,
            retired=frozenset(retiring(deps.config.retired_systems, batch.scope, batch.systems)),
        )
        found = judge(seen)
        verdict = replace(found, accepted=holding(batch.accepted_checks, batch.verdict, found.findings))
        record = {**verdict.as_record(), **_waived(batch, verdict)}
        batch = replace(batch, verdict=record, counts=_counts(batch, gathered, current))
        if verdict.failed:
            batch = _all_kept(batch, current)
            moved = sorted({*batch.accepted_checks} & {*verdict.failed})
            more = f"; not what was seen when it was accepted: {', '.join(moved)}" if moved else ""
            return _end(deps, batch, Status.REJECTED, f"checks failed: {', '.join(verdict.failed)}{more}")
        if rows == 0 and not seen.withdrawals_alone:
            return _end(deps, batch, Status.REJECTED, "nothing new was produced in this round")
        if batch.hold:
            return _end(deps, _all_kept(batch, current), Status.HELD, "held as asked: its checks passed")
        # A batch in `promoting` has been here: to find out what became of its promotion needs no archive.
        keep_inputs(deps, batch)
    return promote_round(deps, batch, lease, rows, lambda: keep_challengers(deps, batch, gathered))


def _waived(batch: Batch, verdict: Verdict) -> dict[str, Any]:
    """Who accepted the checks that failed, when and why; empty if none was accepted."""
    order = batch.command or {}
    if batch.act is Act.PROMOTE and "reason" in order:
        act = {"by": order.get("caller"), "at": order.get("at"), "reason": order["reason"]}
        if person := order.get("on_behalf_of"):
            act["on_behalf_of"] = person
    else:  # a redrive after it: what was accepted stays accepted
        act = (batch.verdict or {}).get("waived") or {}
    return {"waived": {**act, "checks": verdict.waived}} if act and verdict.waived else {}


def _slate_before(deps: Deps, batch: Batch) -> int | None:
    """Number of players on the slate of the date's last whole-slate promotion, except this batch's earlier rounds."""
    promoted = read_date(deps, batch.game_date).record.promoted
    sizes = [p.slate_players for p in promoted if p.batch_id != batch.batch_id and p.slate_players is not None]
    return sizes[-1] if sizes else None


def _stage(deps: Deps, batch: Batch, staging: str) -> tuple[Gathered, int]:
    """Stage the batch's rows. Players whose rows the tables refuse fail; the others are staged (I-30)."""
    gathered, at = gathering.gather(deps, batch), deps.clock.now()
    try:
        return gathered, deps.warehouse.stage(staging, gathering.staged_rows(batch, gathered, at))
    except InvalidInput as error:
        log.warning("some rows cannot be stored: %s", error, extra={"batch_id": batch.batch_id})
    good = gathering.storable(batch, gathered, at)
    return good, deps.warehouse.stage(staging, gathering.staged_rows(batch, good, at))


def _begin(deps: Deps, batch_id: str, round_: int) -> Batch | None:
    """Move a `complete` batch to `verifying`; a later status is left unchanged.

    Returns:
        The batch; None if it is in another round, or there is nothing to verify.
    """

    def decide() -> tuple[Sequence[Write], Batch | None]:
        seen = read_batch(deps, batch_id)
        if seen.batch.round != round_ or seen.batch.status not in WORK:
            return [], None
        if seen.batch.status is not Status.COMPLETE:
            return [], seen.batch
        begun = seen.batch.moved(Status.VERIFYING, "verification begins", deps.clock.now())
        return [seen.update(begun)], begun

    return until_committed(deps, decide)


def _counts(batch: Batch, gathered: gathering.Gathered, current: Sequence[CurrentPrediction]) -> Counts:
    numbers = tally(gathered.outcomes)
    had = {c.player_lookup for c in current}
    kept = sum(1 for o in gathered.outcomes if not o.predictions and o.reason != "out" and o.player_lookup in had)
    return replace(
        batch.counts,
        requested=numbers.requested,
        produced=numbers.produced,
        skipped=numbers.skipped,
        failed=numbers.failed,
        kept=kept,
    )


def _all_kept(batch: Batch, current: Sequence[CurrentPrediction]) -> Batch:
    """The batch of a round that replaces nothing: all who have predictions keep them."""
    return replace(batch, counts=replace(batch.counts, kept=len({c.player_lookup for c in current})))


def _end(deps: Deps, batch: Batch, to: Status, why: str) -> str:
    """End the round without a promotion."""
    ended = end_round(
        deps,
        batch.batch_id,
        batch.round,
        to,
        why,
        allowed=frozenset({Status.VERIFYING}),
        verdict=batch.verdict,
        counts=batch.counts,
        staging=batch.staging,
        error=why if to is Status.REJECTED else None,
    )
    return ended.status.value if ended else "not_due"
