"""Operators' orders on a batch: cancel, redrive, promote, rollback. They are recorded here; the verifier carries them out.

A dry run takes the same path up to the first write, so that it is refused whenever the order would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from regen.api.openings import Ordered
from regen.domain import ids
from regen.domain.audit import AuditEvent
from regen.domain.batch import CANCELLABLE, ENDED, Act, Batch, Status
from regen.domain.batch_end import ended_entry
from regen.domain.checks import CHECKS
from regen.domain.checks.waivers import refuse_unseen
from regen.domain.errors import Gone, InvalidInput, Refused
from regen.domain.outcome import OutcomeKind
from regen.domain.slate import fix_slate, reread
from regen.domain.trigger import bounded, triggers_of
from regen.domain.values import replace
from regen.domain.withdrawal import ruled
from regen.domain.words import counted
from regen.ports import Write
from regen.services.batch.dates import read_date
from regen.services.batch.dispatching import dispatch
from regen.services.batch.ending import end_round
from regen.services.batch.gathering import gather
from regen.services.batch.reading import with_features
from regen.services.batch.requests import build_requests, reread_writes, write_requests
from regen.services.batch.restored import Restored, look
from regen.services.state import outbox
from regen.services.state.commit import Seen, read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord
from regen.services.state.idempotency import IdempotencyKey, claims, is_known
from regen.services.state.messages import ask_to_verify

NEXT_ROUND = ENDED - {Status.FAILED, Status.ROLLED_BACK}


class Order(Struct, frozen=True):
    """An operator's order on a batch.

    Attributes:
        caller: the caller, for the audit.
        reason: the reason, for the audit.
        dry_run: only report the result; write nothing.
        key: repeated orders with the same key are carried out once.
        person: the person behind the caller (`regen.domain.persons`).
    """

    batch_id: str
    caller: str
    reason: str
    dry_run: bool = False
    key: IdempotencyKey | None = None
    person: str | None = None

    @property
    def command(self) -> dict[str, str]:
        """Who gave it, for what carries it out."""
        return {"caller": self.caller, **({"on_behalf_of": self.person} if self.person else {})}

    @property
    def answer(self) -> Ordered:
        """What its key is answered."""
        return Ordered(batch_id=self.batch_id)


def cancel(deps: Deps, order: Order) -> Batch:
    """End a batch before its promotion; every current prediction stays.

    Raises:
        Refused: the batch is being promoted (from then on BigQuery alone decides) or has ended.
    """
    batch = read_batch(deps, order.batch_id).batch
    ended = end_round(
        deps,
        order.batch_id,
        batch.round,
        Status.CANCELLED,
        f"cancelled: {order.reason}",
        allowed=CANCELLABLE,
        caller=order.caller,
        person=order.person,
        also=lambda: claims(deps, order.key, order.answer),
        dry_run=order.dry_run,
        error=f"cancelled: {order.reason}",
    )
    if ended is None:
        now = read_batch(deps, order.batch_id).batch
        if is_known(deps, order.key):
            return now  # the same order, given twice at once
        raise Refused(f"{order.batch_id} is {now.status}: it cannot be cancelled any more", order.batch_id)
    if not order.dry_run:
        outbox.deliver(deps, order.batch_id, ended)
    return ended


def redrive(deps: Deps, order: Order) -> Batch:
    """Open the next round for the players without a result, on inputs read again; the first errors are kept.

    The new reading also counts for excluded players: one who is available again keeps the current rows.

    Raises:
        Refused: every player has a result, the batch is live, or newer data has been promoted.
        Gone: the batch's records have expired.
    """
    seen = _ended(deps, order)
    known = gather(deps, seen.batch)
    outcomes = known.outcomes
    if len(outcomes) != seen.batch.requested_players:
        raise Refused(f"{order.batch_id} ended before its requests were written; open a new one", order.batch_id)
    lacking = {o.player_lookup for o in outcomes if o.kind is not OutcomeKind.PRODUCED}
    reading = with_features(deps, deps.warehouse.read_slate(seen.batch.game_date))
    withdrawn = read_date(deps, seen.batch.game_date).record.withdrawn
    slate = fix_slate(ruled(reading.entries, withdrawn), seen.batch.scope, seen.batch.min_minutes)
    players = [e for e in slate.requested if e.player_lookup in lacking]
    if not players:
        raise Refused(f"no player of {order.batch_id} lacks a result", order.batch_id)
    opening = deps.ids.suffix()
    requests = build_requests(deps, seen.batch, players, seen.batch.round + 1, opening)
    if not order.dry_run:
        requested = {o.player_lookup for o in outcomes}
        changed = reread(slate, known.excluded, requested, requested - lacking)
        write_requests(deps, seen.batch, requests, reread_writes(seen.batch, opening, reading.snapshot, changed))

    batch = _next_round(
        deps,
        order,
        seen.batch,
        AuditEvent.REDRIVE_REQUESTED,
        Status.DISPATCHING,
        f"redrive of {counted(len(players), 'player')}: {order.reason}",
        act=Act.GENERATE,
        accepted_checks=(),  # what was accepted is not what this round will find
        openings=(*seen.batch.openings, opening),
        published_at=None,
    )
    if not order.dry_run:
        dispatch(deps, order.batch_id)
    return batch


def promote(deps: Deps, order: Order, accepted: Sequence[str] | None) -> Batch:
    """Promote a rejected batch in spite of named checks, a held one, or one whose promotion the tables have lost.

    A held batch is checked anew against the predictions that are current by then, and so is one whose promotion is lost
    (tables restored from a backup, Firestore kept): its outcomes are in its records, and become current again.

    Args:
        accepted: the failed checks; None if the order names none at all, which a held batch takes for none.

    Raises:
        InvalidInput: a name is of no failed check, or of one that no operator can accept; or a failed check is not named.
        Refused: the batch is neither rejected, held nor lost, has no players, or newer data has been promoted.
    """
    seen = _ended(deps, order)
    restored = _restored(deps, seen.batch, Status.PROMOTED)
    if seen.batch.status not in {Status.REJECTED, Status.HELD} and not restored.is_lost:
        raise Refused(f"{order.batch_id} is {seen.batch.status}, neither rejected nor held", order.batch_id)
    if accepted is None and seen.batch.status is Status.REJECTED:
        raise InvalidInput("checks", "the names of the failed checks to accept")
    accepted = accepted or ()
    if not seen.batch.requested_players and seen.batch.verdict is None:
        raise Refused(f"{order.batch_id} has no players", order.batch_id)
    refuse_unseen(accepted, seen.batch.verdict, [check.name for check in CHECKS])
    if restored.is_lost:
        accepted = tuple(dict.fromkeys((*seen.batch.accepted_checks, *accepted)))

    batch = _next_round(
        deps,
        order,
        seen.batch,
        AuditEvent.PROMOTE_REQUESTED,
        Status.VERIFYING,
        f"promote accepting {', '.join(accepted) or 'no check'}: {order.reason}",
        restored=restored,
        act=Act.PROMOTE,
        hold=False,
        accepted_checks=tuple(accepted),
        command={**order.command, "reason": order.reason, "at": deps.clock.now().isoformat()},
    )
    if not order.dry_run:
        ask_to_verify(deps, batch)
    return batch


def rollback(deps: Deps, order: Order) -> Batch:
    """Undo a promotion: copies of the rows that it superseded become current.

    Tables that were restored from a backup may have lost a rollback; it is then carried out again.

    Raises:
        Refused: no rows of the batch were promoted, or a later batch of the date was.
    """
    seen = _ended(deps, order, of=ENDED - {Status.FAILED})
    restored = _restored(deps, seen.batch, Status.ROLLED_BACK)
    if seen.batch.status is Status.ROLLED_BACK and not restored.is_lost:
        raise _no_next_round(seen.batch)
    if not restored.rounds:
        raise Refused(f"nothing of {order.batch_id} is promoted", order.batch_id)

    batch = _next_round(
        deps,
        order,
        seen.batch,
        AuditEvent.ROLLBACK_REQUESTED,
        Status.PROMOTING,
        f"rollback: {order.reason}",
        restored=restored,
        act=Act.ROLLBACK,
        token=None,
        command={**order.command, "rollback_reason": order.reason},
    )
    if not order.dry_run:
        ask_to_verify(deps, batch)
    return batch


def _restored(deps: Deps, batch: Batch, status: Status) -> Restored:
    """What the tables have of a batch with this status; of one with another, nothing is asked."""
    if batch.status is not status:
        return Restored(rounds=batch.promoted_rounds)
    return look(deps, batch, [p.batch_id for p in read_date(deps, batch.game_date).record.promoted])


def _no_next_round(batch: Batch) -> Refused:
    return Refused(f"{batch.batch_id} is {batch.status}: it has no next round", batch.batch_id)


def _ended(deps: Deps, order: Order, of: frozenset[Status] = NEXT_ROUND) -> Seen:
    seen = read_batch(deps, order.batch_id)
    if seen.batch.expires_at <= deps.clock.now():
        raise Gone(f"the records of {order.batch_id} have expired")
    if seen.batch.status not in ENDED:
        raise Refused(f"{order.batch_id} is live ({seen.batch.status})", order.batch_id)
    if seen.batch.status not in of:
        raise _no_next_round(seen.batch)
    return seen


def _next_round(
    deps: Deps,
    order: Order,
    known: Batch,
    event: AuditEvent,
    to: Status,
    why: str,
    restored: Restored | None = None,
    **changes: Any,  # noqa: ANN401 - fields of the batch
) -> Batch:
    """Take the date as a new batch does, and open the round, in one commit with its audit entry.

    Args:
        known: the batch on which the order was decided. The order is refused if the batch has reached a later round.
        to: the first status of the round; `why` goes with it into the history.
        restored: what the tables have of the date, where they may have lost something; both records then say the same.
        changes: fields of the batch to set, besides those that every new round sets.
    """

    def decide() -> tuple[Sequence[Write], Batch]:
        if is_known(deps, order.key):
            return [], read_batch(deps, order.batch_id).batch  # the same order, given twice at once
        seen = _ended(deps, order, of=frozenset({known.status}))
        if seen.batch.round != known.round:
            raise Refused(f"{order.batch_id} has gone on to round {seen.batch.round}", order.batch_id)
        date = read_date(deps, seen.batch.game_date)
        there = restored.record(date.record) if restored else date.record
        rounds = restored.rounds if restored else seen.batch.promoted_rounds
        _may_take(there, seen.batch)
        now = deps.clock.now()
        deadline = now + timedelta(seconds=deps.config.deadline_seconds)
        fresh = {
            "round": known.round + 1,
            "deadline": deadline,
            "ended_at": None,
            "error": None,
            "promoted_rounds": rounds,
        }
        opened = seen.batch.moved(to, why, now, order.caller, order.person, **fresh, **changes)
        entry = replace(
            ended_entry(opened, event, order.reason, order.caller, order.person),
            event_id=ids.event_id(opened.batch_id, opened.round, event.value),
            metadata={"order_reason": order.reason},
            error=None,
        )
        carried = bounded(triggers_of(opened)) if opened.act is Act.GENERATE else ()
        record = replace(there, live=opened.batch_id, carried=carried)
        items = outbox.put([outbox.audit_item(entry)])
        return [seen.update(opened), date.write(record), *items, *claims(deps, order.key, order.answer)], opened

    if order.dry_run:
        return decide()[1]
    return until_committed(deps, decide)


def _may_take(record: DateRecord, batch: Batch) -> None:
    if record.live is not None:
        raise Refused(f"{record.live} is live on {record.game_date.isoformat()}", record.live)
    later = [p for p in record.promoted if p.batch_id != batch.batch_id and p.opened_at > batch.created_at]
    if later:
        raise Refused(f"{later[-1].batch_id} was opened later and has been promoted", later[-1].batch_id)
