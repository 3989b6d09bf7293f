"""The BDB watch: the statuses of games whose play-by-play is late, and the rule that decides what to do about each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain import watching
from regen.domain.dates import evening_of
from regen.domain.words import counted

REASON = "bdb_upgrade"
MAX_AGE = timedelta(days=14)
"""Time after the game at which the scan stops waiting for its data."""
OVERDUE_AFTER = timedelta(hours=48)
"""The data comes up to 45 hours after a game."""
MAX_ATTEMPTS = watching.MAX_ATTEMPTS
FIRST_PAUSE = timedelta(hours=1)


class BdbStatus(StrEnum):
    """The states of a game. Upstream's word for it stays in `pending_bdb_games.status`; regen writes `regen_status`."""

    PENDING = "pending_bdb"
    AVAILABLE = "bdb_available"
    REGENERATING = "regenerating"
    COMPLETED = "completed"
    """The current predictions rest on the data."""
    EXPIRED = "expired"
    """The data never came, or no regeneration used it."""


MEANS = {
    "reran": BdbStatus.AVAILABLE,
    "blocked": BdbStatus.AVAILABLE,
    "completed_bdb": BdbStatus.AVAILABLE,
    "failed_max_retries": BdbStatus.EXPIRED,
    "failed_no_bdb_data": BdbStatus.EXPIRED,
}
"""What upstream's other words mean, of both its vocabularies. Whether predictions rest on data that it has finished with is
regen's own question, and `blocked` was upstream's rule never to predict twice."""
KNOWN = frozenset({*BdbStatus, *MEANS})
"""Every word that `pending_bdb_games.status` may have."""
OPEN = frozenset({BdbStatus.PENDING, BdbStatus.AVAILABLE, BdbStatus.REGENERATING})


class BdbGame(Struct, frozen=True):
    """A pending game, and the feature rows on which the current predictions of its players rest.

    Attributes:
        status: regen's own, or what upstream's word means; an unknown word as it is.
        old_features: players whose newest feature row is older than the arrival of the data.
        fresh: players whose current predictions rest on their newest feature row.
        stale: players whose current predictions rest on another one.
        promoted_at: time of the newest current prediction.
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
        """Tip-off; the evening of the game date if it is unknown."""
        return self.tip_off or evening_of(self.game_date)


class BdbAct(StrEnum):
    """The action of a scan on a game."""

    WAIT = "wait"
    REGENERATE = "regenerate"
    COMPLETE = "complete"
    EXPIRE = "expire"
    IGNORE = "ignore"
    """Report the game and leave it alone: its status is not a `BdbStatus`."""


class Decision(Struct, frozen=True):
    """The action, and its reason."""

    act: BdbAct
    why: str


class BdbChange(Struct, frozen=True):
    """A conditional update of a game's row: it applies only if status and attempts are still those that were read."""

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
    """How long to wait for the promotion of an attempt before the next attempt: 1, 2, 4, 8 hours."""
    return watching.pause_after(attempt, FIRST_PAUSE)


def overdue(game: BdbGame, now: datetime) -> bool:
    """Whether the data is late."""
    return game.status == BdbStatus.PENDING and now - game.began > OVERDUE_AFTER


def decide(game: BdbGame, now: datetime) -> Decision:
    """Decide what to do about a game.

    Regenerate once the data has arrived, every feature row of the game is newer than the data, and some current
    prediction rests on an older row. A game is completed by its current predictions, never by a mere request.
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
        return Decision(BdbAct.COMPLETE, f"promoted; {counted(game.stale, 'player')} kept what they had")
    if now - since < pause_after(game.attempts):
        return Decision(BdbAct.WAIT, f"attempt {game.attempts} is under way")
    if game.attempts >= MAX_ATTEMPTS:
        return Decision(BdbAct.EXPIRE, f"{game.attempts} regenerations did not bring it in")
    return Decision(BdbAct.REGENERATE, f"attempt {game.attempts} brought nothing")
