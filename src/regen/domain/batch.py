"""The batch: its statuses, the one table of transitions, and its record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct, field

from regen.domain.errors import IllegalTransition
from regen.domain.metadata import Metadata
from regen.domain.scope import Scope
from regen.domain.slate import SlateShape
from regen.domain.values import replace

MAX_STEPS = 100


class Status(StrEnum):
    """The status of a batch."""

    CREATED = "created"
    """Its requests are being written; no message is published for it."""
    DISPATCHING = "dispatching"
    """All requests are durable; messages are being published."""
    RUNNING = "running"
    """Every message is published; workers process the requests."""
    COMPLETE = "complete"
    """No request of the round is pending."""
    VERIFYING = "verifying"
    """The outcomes are being checked and staged."""
    PROMOTING = "promoting"
    """The transaction may have been submitted: from here BigQuery alone decides."""
    PROMOTED = "promoted"
    """Its rows are current."""
    REJECTED = "rejected"
    """A check failed; every current prediction stayed as it was."""
    HELD = "held"
    """It passed its checks and waits for an operator, as was asked; every current prediction stayed as it was."""
    CANCELLED = "cancelled"
    """An operator ended it before its promotion."""
    FAILED = "failed"
    """It never reached `dispatching`."""
    ROLLED_BACK = "rolled_back"
    """Its promotion was undone."""


LIVE = frozenset(
    {
        Status.CREATED,
        Status.DISPATCHING,
        Status.RUNNING,
        Status.COMPLETE,
        Status.VERIFYING,
        Status.PROMOTING,
    }
)
ENDED = frozenset(Status) - LIVE
CANCELLABLE = LIVE - {Status.PROMOTING}
"""Statuses in which a batch can be cancelled: from `promoting` on BigQuery alone decides."""
WAITING = frozenset({Status.DISPATCHING, Status.RUNNING})
"""Statuses in which workers write outcomes."""

S = Status
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    S.CREATED: frozenset({S.DISPATCHING, S.FAILED, S.CANCELLED, S.REJECTED}),
    S.DISPATCHING: frozenset({S.RUNNING, S.COMPLETE, S.CANCELLED}),
    S.RUNNING: frozenset({S.COMPLETE, S.CANCELLED}),
    S.COMPLETE: frozenset({S.VERIFYING, S.CANCELLED}),
    S.VERIFYING: frozenset({S.PROMOTING, S.REJECTED, S.HELD, S.CANCELLED}),
    # A refused rollback goes back to promoted.
    S.PROMOTING: frozenset({S.PROMOTED, S.REJECTED, S.ROLLED_BACK}),
    # The next round of an ended batch: redrive -> dispatching, promote -> verifying, rollback -> promoting.
    # Out of promoted and rolled_back into what was done once: tables restored from a backup have lost it.
    S.PROMOTED: frozenset({S.DISPATCHING, S.VERIFYING, S.PROMOTING}),
    S.REJECTED: frozenset({S.DISPATCHING, S.VERIFYING, S.PROMOTING}),
    S.HELD: frozenset({S.DISPATCHING, S.VERIFYING}),
    S.CANCELLED: frozenset({S.DISPATCHING, S.PROMOTING}),
    S.FAILED: frozenset(),
    S.ROLLED_BACK: frozenset({S.PROMOTING}),
}
del S


def check_transition(current: Status, to: Status) -> None:
    """Raise IllegalTransition unless the table has this step."""
    if to not in TRANSITIONS[current]:
        raise IllegalTransition(f"a batch cannot go from {current} to {to}")


class Kind(StrEnum):
    """Why a batch exists."""

    DAILY = "daily"
    REGENERATION = "regeneration"


class Act(StrEnum):
    """The purpose of the present round."""

    GENERATE = "generate"
    PROMOTE = "promote"
    """Promote a rejected batch in spite of named checks, or a held one."""
    ROLLBACK = "rollback"


class Counts(Struct, frozen=True, kw_only=True):
    """Numbers of rows (superseded, inserted, withdrawn) and of players; None until measured."""

    superseded: int | None = None
    inserted: int | None = None
    kept: int | None = None
    withdrawn: int | None = None
    requested: int = 0
    produced: int | None = None
    skipped: int | None = None
    failed: int | None = None


class Step(Struct, frozen=True):
    """One past transition.

    Attributes:
        by: the caller whose order it was; None if regen took it by itself, and in records of earlier versions.
        on_behalf_of: the person behind that caller, likewise.
    """

    at: datetime
    from_: str
    to: str
    why: str
    by: str | None = None
    on_behalf_of: str | None = None


Thresholds: TypeAlias = Mapping[str, float | int]
"""The limits of a batch's checks, by the name that the check declares (`regen.domain.checks`); names in `_pct` are percent."""


class Batch(Struct, frozen=True):
    """The record of a batch, as stored in `prediction_batches/{batch_id}`.

    Attributes:
        round: 1 for the first; every redrive, promote and rollback opens the next.
        openings: one id per generated round. A request counts only if its `opening` is listed. Requests of a redrive
            that died before it opened its round are ignored.
        promoted_rounds: rounds whose rows were made current.
        accepted_checks: checks that an operator accepted by name (`promote`).
        token: fencing token of the current or most recent promotion.
        doubts: number of owners of this round whose transaction ended without an answer and committed nothing.
        snapshot: identifies the state of the inputs from which the slate was read.
        slate: the shape of the whole slate, regardless of the scope.
        traceparent: the W3C `traceparent` of the trace in which the batch was opened.
        on_behalf_of: the person behind `triggered_by` (`regen.domain.persons`).
        command: the operator's order that opened this round, or that closed it, with its reason and caller, for the audit.
        hold: whether a batch that passes its checks ends `held` instead of being promoted; an order to promote clears it.
        withdrawal: the reason with which it withdraws the players of its scope; None for a batch that predicts.
        models: hashes of the artefacts that predict it, by the version of the features; pinned when it is opened, for all of
            its rounds. Empty: each worker uses what its release ships.
        external_systems: versions of the systems of other packages that predict or challenge it, by id; pinned likewise.
        challengers: artefacts, by hash, and systems whose predictions go to a table of their own; pinned likewise.
        challenger_problems: each begins with the challenger that has no rows of some players; of the last promotion.
    """

    batch_id: str
    kind: Kind
    game_date: date
    reason: str
    status: Status
    triggered_by: str
    created_at: datetime
    updated_at: datetime
    deadline: datetime
    expires_at: datetime
    thresholds: Thresholds
    min_minutes: float
    round: int = 1
    openings: tuple[str, ...] = ("",)
    act: Act = Act.GENERATE
    scope: Scope = field(default_factory=Scope)
    metadata: Metadata = field(default_factory=dict)
    trigger_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    requested_players: int = 0
    excluded_players: int = 0
    request_count: int = 0
    counts: Counts = field(default_factory=Counts)
    history: tuple[Step, ...] = ()
    verdict: Mapping[str, Any] | None = None
    accepted_checks: tuple[str, ...] = ()
    promoted_rounds: tuple[int, ...] = ()
    token: int | None = None
    doubts: int = 0
    staging: str | None = None
    published_at: datetime | None = None
    ended_at: datetime | None = None
    code_version: str = "unknown"
    snapshot: str = ""
    slate: SlateShape | None = None
    features_built_at: datetime | None = None
    error: str | None = None
    backfill_id: str | None = None
    command: Mapping[str, Any] | None = None
    traceparent: str | None = None
    hold: bool = False
    on_behalf_of: str | None = None
    withdrawal: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    challengers: tuple[str, ...] = ()
    challenger_problems: tuple[str, ...] = ()
    external_systems: Mapping[str, str] = field(default_factory=dict)

    def moved(
        self,
        to: Status,
        why: str,
        at: datetime,
        by: str | None = None,
        person: str | None = None,
        **changes: Any,  # noqa: ANN401 - any field
    ) -> Batch:
        """The batch after one transition, which is appended to its history.

        Args:
            by: the caller whose order it is.
            person: the person behind that caller.
            changes: new values of other fields.
        """
        check_transition(self.status, to)
        history = (*self.history, Step(at, self.status.value, to.value, why, by, person))[-MAX_STEPS:]
        return replace(self, status=to, updated_at=at, history=history, **changes)

    @property
    def live(self) -> bool:
        """Whether the batch holds its date."""
        return self.status in LIVE
