"""Ending the waiting of a batch by an operator's order: who is pending fails, and what is there is verified."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain import ids
from regen.domain.audit import AuditEvent
from regen.domain.batch import MAX_STEPS, WAITING, Batch, Status, Step
from regen.domain.batch_end import ended_entry, is_closed, why_closed
from regen.domain.errors import Refused
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch.completion import check_completion, pending_in
from regen.services.batch.orders import Order
from regen.services.batch.processing import close_pending
from regen.services.state import outbox
from regen.services.state.alerting import alert_unreadable
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.idempotency import claims, is_known
from regen.services.state.paths import requests_path


def close(deps: Deps, order: Order) -> Batch:
    """End the waiting of a batch now; its pending players fail as `closed`, and it is verified without them.

    The commit moves the deadline to now: if this process dies, the sweep does the rest.

    Raises:
        Refused: the batch waits for no worker, or its waiting has been ended before.
    """

    def decide() -> tuple[Sequence[Write], Batch]:
        seen = read_batch(deps, order.batch_id)
        if is_known(deps, order.key):
            return [], seen.batch  # the same order, given twice at once
        batch, now = seen.batch, deps.clock.now()
        _refuse(batch)
        step = Step(now, batch.status.value, batch.status.value, f"closed: {order.reason}", order.caller, order.person)
        closed = replace(
            batch,
            deadline=min(batch.deadline, now),
            updated_at=now,
            history=(*batch.history, step)[-MAX_STEPS:],
            command={"close_reason": order.reason, "closed_round": batch.round, **order.command},
        )
        entry = replace(
            ended_entry(closed, AuditEvent.CLOSE_REQUESTED, order.reason, order.caller, order.person),
            event_id=ids.event_id(closed.batch_id, closed.round, AuditEvent.CLOSE_REQUESTED.value),
            metadata={"order_reason": order.reason},
            error=None,
        )
        items = outbox.put([outbox.audit_item(entry)])
        return [seen.update(closed), *items, *claims(deps, order.key, order.answer)], closed

    if order.dry_run:
        return decide()[1]
    closed = until_committed(deps, decide)
    end_waiting(deps, closed)
    return closed


def end_waiting(deps: Deps, batch: Batch) -> None:
    """Fail the pending players of a batch whose waiting an operator has ended."""
    pending = deps.store.find(requests_path(batch.batch_id), pending_in(batch))
    close_pending(deps, pending, batch, why_closed(batch), lambda error: alert_unreadable(deps, error))
    check_completion(deps, batch)


def _refuse(batch: Batch) -> None:
    if batch.status is Status.CREATED:
        raise Refused(f"{batch.batch_id} is being opened: it can be cancelled, not closed", batch.batch_id)
    if batch.status not in WAITING:
        raise Refused(f"{batch.batch_id} is {batch.status}: it waits for no worker", batch.batch_id)
    if is_closed(batch):
        raise Refused(f"the waiting of {batch.batch_id} has been ended before", batch.batch_id)
