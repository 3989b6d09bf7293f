"""The batch: its statuses, the one table of transitions, and its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from regen.domain.errors import IllegalTransition
from regen.domain.scope import Scope
from regen.domain.slate import SlateShape

MAX_STEPS = 100


class Status(StrEnum):
    """Where a batch stands."""

    CREATED = "created"
    """Its requests are being written; nothing is ever published for it."""
    DISPATCHING = "dispatching"
    """All requests are durable; messages are being published."""
    RUNNING = "running"
    """Every message is published; workers are at it."""
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
    CANCELLED = "cancelled"
    """An operator ended it before its promotion."""
    FAILED = "failed"
    """It never dispatched."""
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
"""Statuses that an order may end: from `promoting` on BigQuery alone decides."""
WAITING = frozenset({Status.DISPATCHING, Status.RUNNING})
"""Statuses in which workers write outcomes."""

S = Status
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    S.CREATED: frozenset({S.DISPATCHING, S.FAILED, S.CANCELLED, S.REJECTED}),
    S.DISPATCHING: frozenset({S.RUNNING, S.COMPLETE, S.CANCELLED}),
    S.RUNNING: frozenset({S.COMPLETE, S.CANCELLED}),
    S.COMPLETE: frozenset({S.VERIFYING, S.CANCELLED}),
    S.VERIFYING: frozenset({S.PROMOTING, S.REJECTED, S.CANCELLED}),
    # A refused rollback goes back to promoted.
    S.PROMOTING: frozenset({S.PROMOTED, S.REJECTED, S.ROLLED_BACK}),
    # The next round of an ended batch: redrive -> dispatching, promote -> verifying, rollback -> promoting.
    S.PROMOTED: frozenset({S.DISPATCHING, S.PROMOTING}),
    S.REJECTED: frozenset({S.DISPATCHING, S.VERIFYING, S.PROMOTING}),
    S.CANCELLED: frozenset({S.DISPATCHING, S.PROMOTING}),
    S.FAILED: frozenset(),
    S.ROLLED_BACK: frozenset(),
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
    """What the present round is for."""

    GENERATE = "generate"
    PROMOTE = "promote"
    """Promote a rejected batch in spite of named checks."""
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of players (and, from `superseded` on, of rows); None until measured."""

    requested: int = 0
    produced: int | None = None
    skipped: int | None = None
    failed: int | None = None
    superseded: int | None = None
    inserted: int | None = None
    kept: int | None = None
    withdrawn: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One transition that happened."""

    at: datetime
    from_: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the verification asks for; names in `_pct` are percent. Shares need three players to fail.

    Attributes:
        coverage_pct: least coverage.
        minimum_produced: least number of produced players.
        mean_shift: largest allowed mean move against the current predictions, in points, either way.
        withdrawn_pct: most of the date's current players who may be withdrawn unexplained.
        games_gone: most games with current rows that may be gone from the slate.
        slate_drop_pct: most players by which a slate may be smaller than that of the last promoted batch.
        uneven_games: most games of the slate that may have other than two teams.
        game_coverage_pct: least coverage within one game, if there are several.
        excluded_pct: most of the date's current players who may be excluded and so keep rows that are not renewed.
        out_pct: most of a game's current players who may be ruled out since.
        system_share_pct: least share of the players eligible for a system who get rows of it.
        systems_lost_pct: most of the date's current players who may get new rows without those of a system that they have.
        lined_drop_pct: largest fall of the share of players with a line, in points of percent.
        lines_lost_pct: most of the players with a line who may lose it.
        tier_drop_pct: largest fall of the share of players with features of a tier or better, in points of percent.
        rows_drop_pct: largest fall of the number of rows of the players who have any.
        line_shift: largest allowed mean move of the lines, in points, either way.
    """

    coverage_pct: float = 90.0
    minimum_produced: int = 1
    mean_shift: float = 4.0
    withdrawn_pct: float = 20.0
    games_gone: int = 0
    slate_drop_pct: float = 20.0
    uneven_games: int = 0
    game_coverage_pct: float = 60.0
    excluded_pct: float = 20.0
    out_pct: float = 40.0
    system_share_pct: float = 80.0
    systems_lost_pct: float = 20.0
    lined_drop_pct: float = 30.0
    lines_lost_pct: float = 40.0
    tier_drop_pct: float = 30.0
    rows_drop_pct: float = 40.0
    line_shift: float = 4.0


@dataclass(frozen=True, slots=True)
class Batch:
    """The record of a batch, as stored in `prediction_batches/{batch_id}`.

    Attributes:
        round: 1 for the first; every redrive, promote and rollback opens the next.
        openings: names the requests that count, those of each generated round; a redrive that died before it could open
            its round has left others, and they mean nothing.
        promoted_rounds: rounds whose rows were made current.
        accepted_checks: checks that an operator accepted by name (`promote`).
        token: fencing token of the promotion under way or last made.
        doubts: owners of this round whose transaction ended without an answer, while nothing was committed.
        snapshot: names the state of the inputs that the slate was read in.
        slate: how large that slate was, whatever the scope.
        traceparent: names the trace that it was opened in, as W3C writes it.
        command: what an operator asked for in this round, with his reason and the caller, for the audit.
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
    round: int = 1
    openings: tuple[str, ...] = ("",)
    act: Act = Act.GENERATE
    scope: Scope = field(default_factory=Scope)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trigger_ids: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
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
    timings: Mapping[str, float] = field(default_factory=dict)
    code_version: str = "unknown"
    snapshot: str = ""
    slate: SlateShape | None = None
    features_built_at: datetime | None = None
    error: str | None = None
    backfill_id: str | None = None
    command: Mapping[str, Any] | None = None
    min_minutes: float = 15.0
    traceparent: str | None = None

    def moved(self, to: Status, why: str, at: datetime, **changes: Any) -> Batch:  # noqa: ANN401 - any field
        """The batch after one step of the table, its history told; other fields change as named."""
        check_transition(self.status, to)
        history = (*self.history, Step(at, self.status.value, to.value, why))[-MAX_STEPS:]
        return replace(self, status=to, updated_at=at, history=history, **changes)

    @property
    def live(self) -> bool:
        """Whether the batch holds its date."""
        return self.status in LIVE
