"""What the batch records call done, against the audit. They differ once one of the two was restored without the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from regen.domain.audit import AuditEvent
from regen.domain.batch import Batch, Status
from regen.domain.invariants import RECORDS, Finding

NAMED = 20


class Done(Struct, frozen=True):
    """A round that the audit calls promoted or rolled back."""

    batch_id: str
    round: int
    event: AuditEvent


def promotions_in(batch: Batch, audit: Collection[Done]) -> tuple[int, ...]:
    """The rounds that the record of a batch calls promoted and that the audit has; of one rolled back, all that it has."""
    if batch.status is Status.ROLLED_BACK:
        return tuple(sorted(d.round for d in audit if (d.batch_id, d.event) == (batch.batch_id, AuditEvent.PROMOTED)))
    return tuple(n for n in batch.promoted_rounds if Done(batch.batch_id, n, AuditEvent.PROMOTED) in audit)


def lost(batch: Batch, audit: Collection[Done]) -> str | None:
    """What the record of a batch calls done and the audit does not have; None if they agree."""
    there = promotions_in(batch, audit)
    if batch.status is Status.ROLLED_BACK:
        is_undone = Done(batch.batch_id, batch.round, AuditEvent.ROLLED_BACK) in audit
        return f"round {batch.round} is rolled back" if there and not is_undone else None
    missing = [n for n in batch.promoted_rounds if n not in there]
    return f"round {missing[-1]} is promoted" if missing else None


def compared(batches: Sequence[Batch], audit: Collection[Done]) -> Finding:
    """The finding over the batches of some dates.

    What a batch lost is mended once a later batch of the date that covers the whole slate has been promoted.
    """
    whole = [
        b for b in batches if b.scope.whole_slate and b.status is not Status.ROLLED_BACK and promotions_in(b, audit)
    ]
    found = []
    for batch in sorted(batches, key=lambda b: (b.game_date, b.created_at, b.batch_id)):
        why = lost(batch, audit)
        later = any(b.game_date == batch.game_date and b.created_at > batch.created_at for b in whole)
        if why and not later:
            found.append(f"{batch.game_date} {batch.batch_id}: {why} in its record, and not in the audit")
    checked = sum(bool(b.promoted_rounds) or b.status is Status.ROLLED_BACK for b in batches)
    return Finding(RECORDS, checked, len(found), tuple(found[:NAMED]))
