"""The audit entry: one act on a batch or a date, a row of `prediction_regeneration_audit`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from regen.domain.metadata import Metadata


class AuditEvent(StrEnum):
    """What happened. `promoted` and `rolled_back` rows are written inside the BigQuery transaction of the act (P7)."""

    REQUESTED = "requested"
    COALESCED = "coalesced"
    PROMOTED = "promoted"
    REJECTED = "rejected"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REDRIVE_REQUESTED = "redrive_requested"
    PROMOTE_REQUESTED = "promote_requested"
    CLOSE_REQUESTED = "close_requested"
    ROLLBACK_REQUESTED = "rollback_requested"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_REFUSED = "rollback_refused"
    HEALED = "healed"
    MALFORMED = "malformed"
    BACKFILL = "backfill"
    HALTED = "halted"
    RESUMED = "resumed"
    MODEL_USED = "model_used"
    MODEL_CHALLENGED = "model_challenged"


class AuditEntry(Struct, frozen=True):
    """One row of the audit.

    Attributes:
        event_id: identifies the act; an entry is written once however often it is delivered.
        at: when the act happened (aware UTC); the row's `regeneration_timestamp`.
        triggered_by: who asked: `api_key:<key id>`, `pubsub:<account>`, `scheduler:<account>`, `sweep`.
        on_behalf_of: the person behind it: `verified:<account>` or `claimed:<name>` (`regen.domain.persons`).
        verdict: the checks with their values, for an act of the verifier.
    """

    event_id: str
    event: AuditEvent
    at: datetime
    game_date: date | None
    batch_id: str | None
    round: int
    status: str
    reason: str
    triggered_by: str
    metadata: Metadata = field(default_factory=dict)
    trigger_id: str | None = None
    requested: int | None = None
    produced: int | None = None
    skipped: int | None = None
    failed: int | None = None
    kept: int | None = None
    withdrawn: int | None = None
    superseded_count: int | None = None
    regenerated_count: int | None = None
    coverage_pct: float | None = None
    verdict: Mapping[str, Any] | None = None
    error: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    on_behalf_of: str | None = None
