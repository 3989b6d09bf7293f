"""The BDB watch: games whose late play-by-play is awaited, and what to do about each (one vocabulary, one rule)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

REASON = "bdb_upgrade"
MAX_AGE = timedelta(days=14)
"""What has not come this long after the game does not come."""
OVERDUE_AFTER = timedelta(hours=48)
"""The data comes up to 45 hours after a game."""
MAX_ATTEMPTS = 4
FIRST_PAUSE = timedelta(hours=1)


class BdbStatus(StrEnum):
    """The words of `pending_bdb_games.status`; no other is ever written, and others are reported."""

    PENDING = "pending_bdb"
    AVAILABLE = "bdb_available"
    REGENERATING = "regenerating"
    COMPLETED = "completed"
    """A promotion that rests on the data has been observed."""
    EXPIRED = "expired"
    """The data never came, or no regeneration used it."""


OPEN = frozenset({BdbStatus.PENDING, BdbStatus.AVAILABLE, BdbStatus.REGENERATING})


@dataclass(frozen=True, slots=True)
class BdbGame:
    """A game that is waited for, beside what the current predictions of its players rest on.

    Attributes:
        status: the table's word, possibly none of ours.
        old_features: players whose newest feature row is older than the arrival of the data.
        fresh: players whose current predictions rest on their newest feature row.
        stale: players whose current predictions rest on another one.
        promoted_at: newest of the current predictions.
    """

    game_date: date
    game_id: str
    status: str
    home: str | None = None
    away: str | None = None
    tip_off: datetime | None = None
    checks: int = 0
    last_checked_at: datetime | None = None
    available_at: datetime | None = None
    attempts: int = 0
    updated_at: datetime | None = None
    features: int = 0
    old_features: int = 0
    fresh: int = 0
    stale: int = 0
    promoted_at: datetime | None = None

    @property
    def began(self) -> datetime:
        """Tip-off; where nobody knows it, the evening of the date."""
        return self.tip_off or datetime.combine(self.game_date + timedelta(days=1), time(0), UTC)


class BdbAct(StrEnum):
    """What a scan does about a game."""

    WAIT = "wait"
    REGENERATE = "regenerate"
    COMPLETE = "complete"
    EXPIRE = "expire"
    IGNORE = "ignore"
    """Its status is no word of ours: named, not touched."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why."""

    act: BdbAct
    why: str


@dataclass(frozen=True, slots=True)
class BdbChange:
    """A game's row after a scan, provided that it still has the status and attempts that were read."""

    game_date: date
    game_id: str
    was: str
    attempts_were: int
    status: BdbStatus
    attempts: int
    checks: int
    at: datetime
    notes: str | None = None


def pause_after(attempt: int) -> timedelta:
    """How long the promotion of an attempt is waited for before the next one: 1, 2, 4, 8 hours."""
    return FIRST_PAUSE * int(2 ** max(0, attempt - 1))


def overdue(game: BdbGame, now: datetime) -> bool:
    """Whether the data should be there by now and is not."""
    return game.status == BdbStatus.PENDING and now - game.began > OVERDUE_AFTER


def decide(game: BdbGame, now: datetime) -> Decision:
    """What to do about a game.

    A regeneration waits until the data has arrived, every feature row of the game has been made since, and some current
    prediction rests on an older one. A game is completed by what is current, never by what was asked for.
    """
    if game.status not in list(BdbStatus):
        return Decision(BdbAct.IGNORE, f"{game.status!r} is no status")
    if game.status == BdbStatus.PENDING:
        return _waiting(now - game.began, "the data has not come", "nothing came")
    return _arrived(game, now)


def _arrived(game: BdbGame, now: datetime) -> Decision:
    if not game.features or game.old_features:
        since = now - (game.available_at or now)
        return _waiting(since, "its features have not been made again", "its features were not made again")
    if not game.fresh and not game.stale:
        return Decision(BdbAct.WAIT, "nothing is predicted yet: the first predictions will rest on it")
    if not game.stale:
        return Decision(BdbAct.COMPLETE, "every current prediction rests on it")
    if game.status == BdbStatus.AVAILABLE:
        return Decision(BdbAct.REGENERATE, f"{game.stale} players' predictions rest on older features")
    return _under_way(game, now)


def _waiting(age: timedelta, why: str, why_not: str) -> Decision:
    if age > MAX_AGE:
        return Decision(BdbAct.EXPIRE, f"{why_not} within {MAX_AGE.days} days")
    return Decision(BdbAct.WAIT, why)


def _under_way(game: BdbGame, now: datetime) -> Decision:
    since = game.updated_at or game.began
    if game.fresh >= game.stale and game.promoted_at is not None and game.promoted_at >= since:
        return Decision(BdbAct.COMPLETE, f"promoted; {game.stale} players kept what they had")
    if now - since < pause_after(game.attempts):
        return Decision(BdbAct.WAIT, f"attempt {game.attempts} is under way")
    if game.attempts >= MAX_ATTEMPTS:
        return Decision(BdbAct.EXPIRE, f"{game.attempts} regenerations did not bring it in")
    return Decision(BdbAct.REGENERATE, f"attempt {game.attempts} brought nothing")
