"""What a promotion and a rollback are told to do, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from regen.domain.audit import AuditEntry

ORPHAN_AFTER = timedelta(hours=2)
"""No verification takes as long: a staging table that is older is nobody's."""


@dataclass(frozen=True, slots=True)
class FenceToken:
    """The right to change the predictions of one date: worthless as soon as a higher token has been taken (I-22).

    Attributes:
        token: grows with every taking of the lease; compared inside BigQuery (`promotion_fence`).
    """

    game_date: date
    token: int
    batch_id: str
    round: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion: make the staged rows current in place of what they replace, and say so, in one transaction.

    Attributes:
        staging: name of the staging table, in the staging dataset.
        expected_rows: how many predictions were staged; another number inside the transaction aborts it.
        whole_slate: the batch covers the whole slate, so current rows of players not on it are withdrawn.
        reason: why the batch runs; becomes `superseded_reason`.
        metadata: becomes `superseded_metadata`.
        at: the moment that `superseded_at`, `created_at` and the audit carry (aware UTC).
        audit: the row of this promotion; `superseded_count`, `regenerated_count` and `withdrawn` are counted by the
            transaction itself (I-70).
    """

    fence: FenceToken
    staging: str
    expected_rows: int
    whole_slate: bool
    reason: str
    metadata: Mapping[str, Any]
    at: datetime
    audit: AuditEntry


@dataclass(frozen=True, slots=True)
class Rollback:
    """Undo a promotion: supersede what the batch inserted, insert copies of what it superseded or withdrew.

    Attributes:
        id_prefix: makes the ids of the restored rows: `prediction_id` = hash of (id_prefix, old prediction_id).
    """

    fence: FenceToken
    batch_id: str
    reason: str
    metadata: Mapping[str, Any]
    id_prefix: str
    at: datetime
    audit: AuditEntry


@dataclass(frozen=True, slots=True)
class PromotionCounts:
    """What a committed promotion or rollback did, measured after the writes inside the transaction.

    Attributes:
        superseded: rows that stopped being current because they were replaced.
        withdrawn: rows that stopped being current without a replacement (player out, or off the slate).
        inserted: rows that became current.
    """

    superseded: int
    withdrawn: int
    inserted: int
    at: datetime
    token: int


@dataclass(frozen=True, slots=True)
class CurrentPrediction:
    """A prediction that is current, as far as the checks and the diff need it."""

    prediction_id: str
    batch_id: str | None
    player_lookup: str
    game_id: str
    system_id: str
    line: float | None
    points: float
    recommendation: str
    data_source_tier: str | None
    created_at: datetime | None
    bookmaker: str | None = None


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row of a staging table: exactly one of the payloads is set, by `kind`.

    Attributes:
        kind: `prediction`, `run` (one player's worker run), `withdrawal` (a player ruled out; `reason` says why) or
            `slate` (a player of the slate, named so that a whole-slate promotion knows who is no longer on it).
        prediction: a row of `player_prop_predictions`, JSON-able, without the columns that the transaction fills
            (created_at, updated_at, supersedes_prediction_id, superseded*).
        run: a row of `prediction_worker_runs`, JSON-able.
    """

    kind: str
    player_lookup: str
    reason: str | None = None
    prediction: Mapping[str, Any] | None = None
    run: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StagingTable:
    """A staging table that exists."""

    name: str
    created_at: datetime
    expires_at: datetime | None
