"""A trigger: a request to predict a date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import reduce

from msgspec import Struct, field

from regen.domain.batch import Batch, Kind
from regen.domain.metadata import Metadata
from regen.domain.news import SOURCE as NEWS_SOURCE
from regen.domain.news import NewsReason
from regen.domain.scope import Scope
from regen.domain.values import replace


class Source(StrEnum):
    """The way by which a trigger arrived."""

    HTTP = "http"
    PUBSUB = "pubsub"
    SCHEDULER = "scheduler"
    BACKFILL = "backfill"


class Trigger(Struct, frozen=True):
    """One request for a batch.

    Attributes:
        trigger_id: the idempotency key of the request, or a fresh id.
        triggered_by: the caller, for the audit: `api_key:<id>`, `pubsub:<account>`, `scheduler:<account>`.
        on_behalf_of: the person behind the caller (`regen.domain.persons`).
        follow_up: the batch whose coalesced triggers this one carries.
        force: allow a first run although the date has been promoted before.
        hold: whether the batch is to be held for an operator instead of being promoted.
        missing: predict only the players who are expected and have no current row.
        news: whether regen's own news watch sent it. It waits for a hold-down of its own, and for no game that has begun.
    """

    trigger_id: str
    game_date: date
    kind: Kind
    reason: str
    source: Source
    triggered_by: str
    at: datetime
    scope: Scope = field(default_factory=Scope)
    metadata: Metadata = field(default_factory=dict)
    min_minutes: float | None = None
    force: bool = False
    backfill_id: str | None = None
    follow_up: str | None = None
    news: bool = False
    hold: bool = False
    on_behalf_of: str | None = None
    missing: bool = False


MAX_COALESCED = 200
MAX_METADATA = 64_000
MAX_NAMES = 100_000
"""Bounds of the triggers that wait on a date (metadata and names in bytes).

They must fit into the date's document, the batch that carries them, and its audit entry.
"""


def bounded(triggers: Sequence[Trigger]) -> tuple[Trigger, ...]:
    """The triggers that wait on a date, oldest first, reduced to what a document can hold. No request is lost.

    At most `MAX_COALESCED` triggers are kept: the scope of an older one is merged into the next. A scope with more names
    than fit becomes the whole slate. Metadata that does not fit stays in the trigger's audit entry only.
    """
    kept = tuple(triggers)
    while len(kept) > MAX_COALESCED:
        oldest, after, *rest = kept
        kept = (replace(after, scope=oldest.scope.union(after.scope), hold=oldest.hold or after.hold), *rest)
    metadata, names = MAX_METADATA, MAX_NAMES
    newest_first: list[Trigger] = []
    for known in reversed(kept):
        trigger = known
        size, length = len(json.dumps(trigger.metadata)), _length(trigger.scope)
        if size > metadata:
            trigger = replace(trigger, metadata={"kept_in_audit": f"{size} bytes"})
        if length > names:
            trigger = replace(trigger, scope=Scope(systems=trigger.scope.systems))
        newest_first.append(trigger)
        metadata -= len(json.dumps(trigger.metadata))
        names -= _length(trigger.scope)
    return tuple(reversed(newest_first))


def _length(scope: Scope) -> int:
    return sum(len(name) + 3 for name in (*(scope.players or ()), *(scope.games or ())))


class Merged(Struct, frozen=True):
    """Several triggers of one date, merged for one batch."""

    scope: Scope
    reasons: tuple[str, ...]
    trigger_ids: tuple[str, ...]
    metadata: Metadata
    hold: bool


def merge(triggers: Sequence[Trigger]) -> Merged:
    """Merge triggers: all reasons, the union of the scopes, and every trigger's metadata (the first one's at the top).

    One trigger that asks for it holds the batch: nothing is promoted that a caller wanted to look at first.
    """
    first, *rest = triggers
    metadata = dict(first.metadata)
    if rest:
        metadata["coalesced"] = [{**t.metadata, "reason": t.reason, "trigger_id": t.trigger_id} for t in rest][:50]
    return Merged(
        scope=reduce(Scope.union, (t.scope for t in triggers)),
        reasons=tuple(dict.fromkeys(t.reason for t in triggers)),
        trigger_ids=tuple(dict.fromkeys(t.trigger_id for t in triggers)),
        metadata=metadata,
        hold=any(t.hold for t in triggers),
    )


def triggers_of(batch: Batch) -> tuple[Trigger, ...]:
    """The triggers that a batch was opened for, for a follow-up regeneration; a withdrawal has none.

    Each gets the scope of the batch, which is the union of their scopes.
    """
    if batch.withdrawal is not None:
        return ()
    metadata = dict(batch.metadata)
    first, *rest = batch.trigger_ids or (batch.batch_id,)
    merged = _coalesced(metadata.pop("coalesced", None)) if rest else {}
    triggers = [_trigger_of(batch, first, batch.reason, metadata)]
    for number, name in enumerate(rest, 1):
        own = dict(merged.get(name, {}))
        own.pop("trigger_id", None)
        reason = own.pop("reason", batch.reasons[min(number, len(batch.reasons) - 1)])
        triggers.append(_trigger_of(batch, name, str(reason), own))
    return tuple(triggers)


def _coalesced(kept: object) -> Mapping[str, Metadata]:
    """What `merge` has kept of the further triggers, by their ids."""
    found = kept if isinstance(kept, list | tuple) else ()
    return {str(one["trigger_id"]): one for one in found if isinstance(one, Mapping) and "trigger_id" in one}


def _trigger_of(batch: Batch, trigger_id: str, reason: str, metadata: Metadata) -> Trigger:
    return Trigger(
        trigger_id=trigger_id,
        game_date=batch.game_date,
        kind=Kind.REGENERATION,
        reason=reason,
        source=Source.HTTP,
        triggered_by=batch.triggered_by,
        on_behalf_of=batch.on_behalf_of,
        at=batch.created_at,
        scope=batch.scope,
        metadata=metadata,
        min_minutes=batch.min_minutes,
        backfill_id=batch.backfill_id,
        news=reason in set(NewsReason) and metadata.get("source") == NEWS_SOURCE,
        hold=batch.hold,
    )
