"""Triggers made from batches: what a lost or repeated batch was asked for."""

from __future__ import annotations

from regen.domain.batch import Batch, Kind
from regen.domain.trigger import Source, Trigger


def trigger_of(batch: Batch) -> Trigger:
    """The trigger that a batch was opened for, to be carried by a follow-up as a regeneration."""
    return Trigger(
        trigger_id=batch.trigger_ids[0] if batch.trigger_ids else batch.batch_id,
        game_date=batch.game_date,
        kind=Kind.REGENERATION,
        reason=batch.reason,
        source=Source.HTTP,
        triggered_by=batch.triggered_by,
        at=batch.created_at,
        scope=batch.scope,
        metadata=batch.metadata,
        min_minutes=batch.min_minutes,
        backfill_id=batch.backfill_id,
    )
