"""Batches as they are answered: one in full, many in a list, and the triggers that wait for one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, UnsetType, field

from regen.api.halts import HaltView
from regen.api.words import Answer, BatchStatus, Count, Id, Moment, one_of
from regen.domain.batch import Counts, Kind, Status

UNREADABLE = "unreadable"
"""The status of a record in a list that this version cannot read."""
Number = int | float | None


class Withdrawn(Answer, frozen=True, kw_only=True):
    """What a promotion takes away without a replacement for one reason."""

    players: int
    rows: int


class Found(Answer, frozen=True, kw_only=True):
    """What one check found."""

    name: str
    severity: Annotated[str, one_of("fail", "warn")]
    passed: bool
    value: Number
    limit: Number
    concerns: list[str]


class NotLookedAt(Answer, frozen=True, kw_only=True):
    """A check that had nothing to look at, or whose limit is off; it is passed in form only."""

    name: str
    why: str


class Waived(Answer, frozen=True, kw_only=True):
    """The failed checks that an operator accepted, with who did, when, and why."""

    checks: list[str]
    by: str | None
    at: str | None
    reason: str
    on_behalf_of: str | UnsetType | None = UNSET


class Verdict(Answer, frozen=True, kw_only=True):
    """What all checks found, and what follows from it.

    Attributes:
        accepted: checks that an operator accepted by name, failed or not.
        waived: those of them that failed; not there if none did.
        not_looked_at: checks that are passed in form only.
        withdrawals: by reason, as in the batch.
    """

    passed: bool
    failed: list[str]
    accepted: list[str]
    waived: Waived | UnsetType = UNSET
    not_looked_at: list[NotLookedAt] | UnsetType = UNSET
    withdrawals: dict[str, Withdrawn] | UnsetType = UNSET
    checks: list[Found]


class PlayerProblem(Answer, frozen=True, kw_only=True):
    """A player without predictions, and why."""

    player_lookup: str
    outcome: Annotated[str, one_of("skipped", "failed")]
    reason: str | None
    error: str | None = None


class Step(Answer, frozen=True, kw_only=True):
    """A transition that happened.

    Attributes:
        by: the caller whose order it was; null if regen took it by itself.
        on_behalf_of: the person behind that caller.
    """

    at: Moment
    from_: str = field(name="from")
    to: str
    why: str
    by: str | None = None
    on_behalf_of: str | None = None


class Batch(Answer, frozen=True, kw_only=True):
    """What every view of a batch says.

    Attributes:
        partial: promoted with a coverage below 100 %.
        timings: seconds from the opening to each status.
        triggered_by: such as `api_key:ops`, or `pubsub:` and an account.
        hold: whether it ends `held` once its checks have passed; an order to promote clears it.
        on_behalf_of: the person behind it: `verified:` or `claimed:`, and an account or a name.
        withdrawal: the reason with which it withdraws predictions by an operator's order; null for a batch that predicts.
        models: hashes of the artefacts that it has pinned, by the version of the features; empty if each worker uses what its
            release ships.
        challengers: hashes and systems whose predictions of this batch go to a table of their own.
        challenger_problems: each begins with the challenger that has no rows of some players, and says why.
        external_systems: versions of the systems of other packages that it has pinned, by id.
    """

    batch_id: Id
    kind: Annotated[str, one_of(*Kind)]
    game_date: date
    status: BatchStatus
    round: int
    reason: str
    reasons: list[str]
    metadata: dict[str, Any]
    triggered_by: str
    on_behalf_of: str | None = None
    trigger_ids: list[str]
    systems: list[str]
    requested_players: int
    excluded_players: int
    requests: int
    coverage_pct: Number
    partial: bool
    error: str | None
    created_at: Moment
    updated_at: Moment
    deadline: Moment
    ended_at: Moment | None
    timings: dict[str, float]
    code_version: str
    feature_snapshot: str | None
    features_built_at: Moment | None
    promoted_rounds: list[int] = field(default_factory=list)
    hold: bool = False
    withdrawal: str | None = None
    models: dict[str, str] = field(default_factory=dict)
    challengers: list[str] = field(default_factory=list)
    challenger_problems: list[str] = field(default_factory=list)
    external_systems: dict[str, str] = field(default_factory=dict)


class WholeBatch(Batch, frozen=True, kw_only=True):
    """A batch in full.

    Attributes:
        pending: names of players without an outcome yet.
        outcomes: players without predictions.
        withdrawals: what the promotion takes away without a replacement, by reason (`out`, `postponed`, `not_on_slate`,
            `system_retired`), as the verification found; of a rejected or held batch, what it would take away.
        superseded_count, regenerated_count: rows, under the predecessor's names; null until a promotion has counted them.
        processing_time_seconds: from the opening to the end; null until then.
    """

    counts: Counts
    superseded_count: Count
    regenerated_count: Count
    processing_time_seconds: float | None
    pending: list[str]
    outcomes: list[PlayerProblem]
    withdrawals: dict[str, Withdrawn] = field(default_factory=dict)
    verdict: Verdict | None
    history: list[Step]


class ListedBatch(Answer, frozen=True, kw_only=True):
    """A batch of a list, with the counts of its end. Its other fields are those of a batch in full.

    A record that this version cannot read stands beside the others with status `unreadable` and the reason in `error`; what
    is not known of it is null or left out.
    """

    batch_id: Id
    game_date: date | None = None
    status: Annotated[str, one_of(*Status, UNREADABLE)]
    round: int | None = None
    reason: str | None = None
    requested: Count = None
    produced: Count = None
    skipped: Count = None
    failed: Count = None
    superseded: Count = None
    inserted: Count = None
    withdrawn: Count = None
    kept: Count = None
    kind: str | None = None
    reasons: list[str] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    triggered_by: str | UnsetType = UNSET
    on_behalf_of: str | UnsetType | None = UNSET
    trigger_ids: list[str] | UnsetType = UNSET
    systems: list[str] | UnsetType = UNSET
    requested_players: int | None = None
    excluded_players: int | UnsetType = UNSET
    requests: int | UnsetType = UNSET
    coverage_pct: Number = None
    partial: bool | UnsetType = UNSET
    error: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    deadline: Moment | None = None
    ended_at: Moment | None = None
    timings: dict[str, float] | UnsetType = UNSET
    code_version: str | UnsetType = UNSET
    feature_snapshot: str | UnsetType | None = UNSET
    features_built_at: Moment | UnsetType | None = UNSET
    promoted_rounds: list[int] | UnsetType = UNSET
    hold: bool | UnsetType = UNSET
    withdrawal: str | UnsetType | None = UNSET
    models: dict[str, str] | UnsetType = UNSET
    challengers: list[str] | UnsetType = UNSET
    challenger_problems: list[str] | UnsetType = UNSET
    external_systems: dict[str, str] | UnsetType = UNSET


class Waiting(Answer, frozen=True, kw_only=True):
    """A trigger that waits on its date for the batch that will carry it."""

    trigger_id: str
    reason: str
    triggered_by: str
    at: Moment
    on_behalf_of: str | None = None


class Batches(Answer, frozen=True, kw_only=True):
    """Batches, newest first.

    Attributes:
        next: `cursor` of the following page; null on the last one.
        waiting: with `game_date`, the triggers that wait on it for a batch to carry them.
        halt: the halt of the platform, while one is in force; null while it runs.
    """

    batches: list[ListedBatch]
    next: str | None = None
    waiting: list[Waiting] | UnsetType = UNSET
    halt: HaltView | None = None
