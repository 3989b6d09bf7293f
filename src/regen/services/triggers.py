"""Triggers made from batches: what a lost or repeated batch was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain.batch import Batch, Kind
from regen.domain.trigger import Source, Trigger


def triggers_of(batch: Batch) -> tuple[Trigger, ...]:
    """The triggers that a batch was opened for, to be carried by a follow-up as a regeneration.

    Each has the scope of the batch, which is the union of theirs.
    """
    metadata = dict(batch.metadata)
    first, *rest = batch.trigger_ids or (batch.batch_id,)
    merged = {m["trigger_id"]: m for m in metadata.pop("coalesced", ())} if rest else {}
    triggers = [_trigger(batch, first, batch.reason, metadata)]
    for number, name in enumerate(rest, 1):
        own = dict(merged.get(name, {}))
        own.pop("trigger_id", None)
        reason = own.pop("reason", batch.reasons[min(number, len(batch.reasons) - 1)])
        triggers.append(_trigger(batch, name, reason, own))
    return tuple(triggers)


def _trigger(batch: Batch, trigger_id: str, reason: str, metadata: Mapping[str, Any]) -> Trigger:
    return Trigger(
        trigger_id=trigger_id,
        game_date=batch.game_date,
        kind=Kind.REGENERATION,
        reason=reason,
        source=Source.HTTP,
        triggered_by=batch.triggered_by,
        at=batch.created_at,
        scope=batch.scope,
        metadata=metadata,
        min_minutes=batch.min_minutes,
        backfill_id=batch.backfill_id,
    )
