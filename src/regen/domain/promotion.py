"""The parameters of promotions and rollbacks, and the counts that they return."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from regen.domain.audit import AuditEntry
from regen.domain.metadata import Metadata

ORPHAN_AFTER = timedelta(hours=2)
"""No verification takes this long, so an older staging table is orphaned."""


class FenceToken(Struct, frozen=True):
    """The right to change the predictions of one date. It ends as soon as a higher token has been taken (I-22).

    Attributes:
        token: grows whenever the lease is taken; BigQuery compares it (`promotion_fence`).
    """

    game_date: date
    token: int
    batch_id: str
    round: int


class Promotion(Struct, frozen=True):
    """One promotion: replace current rows by the staged ones and write the audit row, in one transaction.

    Attributes:
        staging: name of the staging table, in the staging dataset.
        expected_rows: number of staged predictions. The transaction aborts if it finds another number.
        whole_slate: whether the batch covers the whole slate. If so, current rows of players not on it are withdrawn.
        reason: why the batch runs; becomes `superseded_reason`.
        metadata: becomes `superseded_metadata`.
        at: the value of `superseded_at`, `created_at` and the audit's time (aware UTC).
        retired: systems that no batch runs any more. Their current rows are withdrawn from the players who get new ones.
        audit: the row of this promotion; `superseded_count`, `regenerated_count` and `withdrawn` are counted by the
            transaction itself (I-70).
    """

    fence: FenceToken
    staging: str
    expected_rows: int
    whole_slate: bool
    reason: str
    metadata: Metadata
    at: datetime
    audit: AuditEntry
    retired: tuple[str, ...] = ()


class Rollback(Struct, frozen=True):
    """One rollback: supersede the rows that the batch inserted, insert copies of those that it superseded or withdrew.

    Attributes:
        id_prefix: part of the restored rows' ids: `prediction_id` = hash of (id_prefix, old prediction_id).
    """

    fence: FenceToken
    batch_id: str
    reason: str
    metadata: Metadata
    id_prefix: str
    at: datetime
    audit: AuditEntry


class PromotionCounts(Struct, frozen=True):
    """Row counts of a committed promotion or rollback, taken after the writes inside the transaction.

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


class CurrentPrediction(Struct, frozen=True):
    """A current prediction, with the fields that the checks and the diff need.

    Attributes:
        quality: of its features, 0 to 100; None if unknown.
        history_games: earlier games that were known of the player; None in rows of earlier versions and others.
        filter_reason: why one should not bet on it; None if one may.
        is_fallback: whether the line is the slate's own; None without a line, and in rows of earlier versions.
    """

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
    quality: float | None = None
    history_games: int | None = None
    filter_reason: str | None = None
    is_fallback: bool | None = None


class MovedPrediction(Struct, frozen=True):
    """A prediction that a batch superseded, and its replacement; `new_*` are None for one that was withdrawn.

    Attributes:
        reason: why it was superseded or withdrawn.
        old_batch_id: the batch that made the old one; None for the predecessor's rows.
        changed_inputs: names of the features that changed, then of other inputs (`lines`, `recent_games`, ...); None if the
            inputs of one of the two are not known any more.
    """

    player_lookup: str
    system_id: str
    old_line: float | None
    new_line: float | None
    old_points: float
    new_points: float | None
    old_recommendation: str
    new_recommendation: str | None
    old_tier: str | None
    new_tier: str | None
    reason: str | None
    old_batch_id: str | None = None
    changed_inputs: tuple[str, ...] | None = None


class StagedRow(Struct, frozen=True):
    """One row of a staging table: exactly one of the payloads is set, by `kind`.

    Attributes:
        kind: `prediction`, `run` (one player's worker run), `withdrawal` (a player ruled out; `reason` says why) or
            `slate` (a player of the slate, so that a whole-slate promotion can find the players no longer on it).
        prediction: a row of `player_prop_predictions`, as JSON values, without the columns that the transaction fills
            (created_at, updated_at, supersedes_prediction_id, superseded*).
        run: a row of `prediction_worker_runs`, as JSON values.
    """

    kind: str
    player_lookup: str
    reason: str | None = None
    prediction: Mapping[str, Any] | None = None
    run: Mapping[str, Any] | None = None


class StagingTable(Struct, frozen=True):
    """An existing staging table."""

    name: str
    created_at: datetime
    expires_at: datetime | None
