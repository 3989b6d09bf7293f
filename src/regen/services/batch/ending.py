"""The end of a round: the terminal status, the release of the date and the outbox, in one commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from regen.domain import ids
from regen.domain.alerts import alert
from regen.domain.audit import AuditEvent
from regen.domain.backfill import Backfill
from regen.domain.batch import Act, Batch, Status
from regen.domain.batch_end import alerts_of, coverage_of, ended_entry, summarise, withdrawals_of
from regen.domain.trigger import Source
from regen.domain.values import replace
from regen.domain.withdrawal import withdrawn_by
from regen.ports import Write
from regen.services.batch.dates import hold_down_end, read_date
from regen.services.state import outbox
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord, OutboxItem, Promoted
from regen.services.state.messages import ended_item, follow_up_item, grade_item, phase_item, wake_item

log = logging.getLogger(__name__)
VERIFIER = "verifier"
EVENTS = {
    Status.REJECTED: AuditEvent.REJECTED,
    Status.HELD: AuditEvent.HELD,
    Status.CANCELLED: AuditEvent.CANCELLED,
    Status.FAILED: AuditEvent.FAILED,
}


def end_round(
    deps: Deps,
    batch_id: str,
    round_: int,
    to: Status,
    why: str,
    *,
    allowed: frozenset[Status],
    caller: str = VERIFIER,
    person: str | None = None,
    token: int | None = None,
    also: Callable[[], Sequence[Write]] = tuple,
    dry_run: bool = False,
    **changes: Any,  # noqa: ANN401 - fields of the batch
) -> Batch | None:
    """End the round of a batch.

    Args:
        allowed: statuses from which the batch may end this way; in any other, do nothing.
        person: the person behind the caller.
        token: end the batch only if this is its fencing token. Another token belongs to a later owner, who decides.
        also: further writes for the same commit.
        dry_run: decide as usual, but commit nothing.
        changes: fields of the batch to set.

    Returns:
        The ended batch; None if it was no longer in this round and one of these statuses.
    """

    def decide() -> tuple[Sequence[Write], Batch | None]:
        seen = read_batch(deps, batch_id)
        if seen.batch.round != round_ or seen.batch.status not in allowed:
            return [], None
        if token is not None and seen.batch.token != token:
            return [], None
        now = deps.clock.now()
        ended = seen.batch.moved(to, why, now, None if caller == VERIFIER else caller, person, ended_at=now, **changes)
        date = read_date(deps, ended.game_date)
        record = _released(date.record, ended, now)
        items = _items(ended, why, now, caller, person)
        if record.coalesced and record.live is None:
            due = _follow_up_due(deps, record, now)
            items.append(follow_up_item(record, f"{batch_id}/{round_}", due, batch_id))
        writes = [
            seen.update(ended),
            *([date.write(record)] if record != date.record else []),
            *outbox.put(items),
            *also(),
        ]
        return writes, ended

    if dry_run:
        return decide()[1]
    ended = until_committed(deps, decide)
    if ended:
        _log_end(ended, why)
    return ended


def _log_end(batch: Batch, why: str) -> None:
    """Log the end; the dashboard reads coverage from this line."""
    facts = {
        "action": "end",
        "outcome": batch.status.value,
        "batch_id": batch.batch_id,
        "game_date": batch.game_date.isoformat(),
        "round": str(batch.round),
        "requested": batch.counts.requested,
        "produced": batch.counts.produced,
        "coverage_pct": coverage_of(batch),
    }
    log.info("%s %s: %s", batch.batch_id, batch.status, why, extra={k: v for k, v in facts.items() if v is not None})


def _released(record: DateRecord, batch: Batch, now: datetime) -> DateRecord:
    if record.live == batch.batch_id:
        record = replace(record, live=None, carried=())
    if batch.status is Status.PROMOTED and batch.act is not Act.ROLLBACK:
        others = tuple(p for p in record.promoted if p.batch_id != batch.batch_id)
        size = batch.slate.players if batch.slate and batch.scope.whole_slate else None
        record = replace(record, promoted=(*others, Promoted(batch.batch_id, batch.created_at, now, size))[-50:])
        record = replace(record, withdrawn=tuple(dict.fromkeys((*record.withdrawn, *withdrawn_by(batch)))))
    if batch.status is Status.ROLLED_BACK:
        record = replace(record, promoted=tuple(p for p in record.promoted if p.batch_id != batch.batch_id))
        back = withdrawn_by(batch)
        record = replace(record, withdrawn=tuple(e for e in record.withdrawn if e not in back))
    return record


def _follow_up_due(deps: Deps, record: DateRecord, now: datetime) -> datetime:
    by_pubsub = all(t.source is Source.PUBSUB for t in record.coalesced)
    return hold_down_end(deps, record.promoted[-1].at, record.coalesced) if by_pubsub and record.promoted else now


def _items(batch: Batch, why: str, now: datetime, caller: str, person: str | None = None) -> list[OutboxItem]:
    summary = summarise(batch)
    items = [ended_item(batch, now)]
    refused = batch.status is Status.PROMOTED and batch.act is Act.ROLLBACK
    if event := AuditEvent.ROLLBACK_REFUSED if refused else EVENTS.get(batch.status):
        runs = batch.staging if batch.status in {Status.REJECTED, Status.HELD} else None
        items.append(outbox.audit_item(ended_entry(batch, event, why, caller, person), runs))
    for kind, text in alerts_of(batch):
        alert_id = ids.event_id(batch.batch_id, batch.round, f"alert:{kind}")
        content = alert(
            kind, text, **summary, coverage_pct=coverage_of(batch), withdrawals=withdrawals_of(batch) or None
        )
        items.append(outbox.alert_item(alert_id, now, content, batch.batch_id))
    backfills = sorted({*Backfill.of_triggers(batch.trigger_ids), *filter(None, [batch.backfill_id])})
    items += [wake_item(name, f"{batch.batch_id}/{batch.round}", now, batch.batch_id) for name in backfills]
    items += [item for item in (phase_item(batch, now), grade_item(batch, now)) if item]
    return items
