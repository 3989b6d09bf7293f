"""A trigger: somebody asks for a date to be predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from regen.domain.batch import Kind
from regen.domain.scope import Scope


class Source(StrEnum):
    """Which way a trigger came."""

    HTTP = "http"
    PUBSUB = "pubsub"
    SCHEDULER = "scheduler"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One request for a batch.

    Attributes:
        trigger_id: the idempotency key that it came with, or a fresh id.
        triggered_by: the caller, for the audit: `api_key:<id>`, `pubsub:<account>`, `scheduler:<account>`.
        follow_up: the batch after which this one carries the coalesced triggers of the date.
        force: a first run although the date has been promoted before.
    """

    trigger_id: str
    game_date: date
    kind: Kind
    reason: str
    source: Source
    triggered_by: str
    at: datetime
    scope: Scope = field(default_factory=Scope)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    min_minutes: float | None = None
    force: bool = False
    backfill_id: str | None = None
    follow_up: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """Several triggers of one date, as one batch carries them."""

    scope: Scope
    reasons: tuple[str, ...]
    trigger_ids: tuple[str, ...]
    metadata: Mapping[str, Any]


def merge(triggers: Sequence[Trigger]) -> Merged:
    """All reasons, the union of the scopes, and every trigger's metadata (the first one's at the top)."""
    first, *rest = triggers
    metadata = dict(first.metadata)
    if rest:
        metadata["coalesced"] = [{**t.metadata, "reason": t.reason, "trigger_id": t.trigger_id} for t in rest][:50]
    return Merged(
        scope=reduce(Scope.union, (t.scope for t in triggers)),
        reasons=tuple(dict.fromkeys(t.reason for t in triggers)),
        trigger_ids=tuple(dict.fromkeys(t.trigger_id for t in triggers)),
        metadata=metadata,
    )
