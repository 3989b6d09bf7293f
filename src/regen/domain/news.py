"""News before tip-off: what the current predictions rest on, beside what upstream says now, and whom the difference touches.

- **A status**: a player who is ruled out, doubtful or back moves the minutes of the team-mates; a player who becomes
  questionable, or no longer is, moves only the player's own prediction.
- **A line** that moved by a threshold, or appeared, moves the player's own prediction.
- **A game** that is called off, or played after all, touches every player in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain.slate import POSTPONED, UNAVAILABLE

SOURCE = "news_scan"
"""The metadata's `source` of a trigger of the watch."""
LATE = timedelta(minutes=90)
"""A player ruled out this shortly before tip-off is a late scratch."""
OUT, DOUBTFUL, QUESTIONABLE, EXPECTED = "out", "doubtful", "questionable", "expected"


class NewsReason(StrEnum):
    """The reason of a batch that news opens."""

    AVAILABILITY = "availability_change"
    LINE = "line_move"


class NewsKind(StrEnum):
    """What has happened to a player."""

    CALLED_OFF = "called_off"
    REINSTATED = "reinstated"
    RULED_OUT = "ruled_out"
    LATE_SCRATCH = "late_scratch"
    DOUBTFUL = "doubtful"
    RETURNED = "returned"
    STATUS = "status"
    LINE_MOVED = "line_moved"
    LINE_APPEARED = "line_appeared"


LINES = frozenset({NewsKind.LINE_MOVED, NewsKind.LINE_APPEARED})
_NOTHING: Mapping[str, str] = {}
_FOR_TEAM_MATES = frozenset({NewsKind.RULED_OUT, NewsKind.LATE_SCRATCH, NewsKind.DOUBTFUL, NewsKind.RETURNED})


class Standing(Struct, frozen=True):
    """One player of a game to come: what the player's current predictions rest on, and what is there now.

    Attributes:
        tip_off: None if upstream does not know it.
        status: of the newest row of the slate, lower case; `unknown` without a report.
        called_off: whether upstream says that the game is not played on its date.
        has_line: whether any bookmaker offers a line.
        predicted: whether the player has current predictions.
        rested_status: the status on which they rest.
        withdrawn: why the last predictions were withdrawn without a replacement; None if they were not.
        requested: whether a batch has ever predicted the player, with whatever outcome.
        line_was: the points line on which the predictions rest; of alternates the mean.
        line_now: the line that the same bookmaker offers now; the mean of the others' if that one offers none.
        changed_at: when the player's predictions last changed.
    """

    game_date: date
    game_id: str
    team: str
    player_lookup: str
    tip_off: datetime | None
    status: str
    called_off: bool = False
    avg_minutes: float | None = None
    has_line: bool = False
    predicted: bool = False
    rested_status: str | None = None
    withdrawn: str | None = None
    requested: bool = False
    line_was: float | None = None
    line_now: float | None = None
    changed_at: datetime | None = None

    @property
    def state(self) -> str:
        """What upstream says of the player, as far as predictions differ by it."""
        return POSTPONED if self.called_off else plays(self.status)


class News(Struct, frozen=True):
    """A difference between what predictions rest on and what is there now.

    Attributes:
        state: what upstream says now; equal states are the same news.
        touched: the players to withdraw or to predict again.
    """

    player_lookup: str
    kind: NewsKind
    was: str
    state: str
    touched: tuple[str, ...]

    @property
    def reason(self) -> NewsReason:
        """The reason of the batch."""
        return NewsReason.LINE if self.kind in LINES else NewsReason.AVAILABILITY


def plays(status: str | None) -> str:
    """A status as `out`, `doubtful`, `questionable` or `expected`: no report and `probable` both expect the player."""
    known = (status or "").strip().lower()
    return known if known in {OUT, DOUBTFUL, QUESTIONABLE} else EXPECTED


def find_news(
    game: Sequence[Standing],
    now: datetime,
    *,
    line_move: float,
    min_minutes: float,
    before: Mapping[str, str] = _NOTHING,
) -> list[News]:
    """The news of one game, by player.

    Args:
        game: every player of the game.
        before: the status that was last acted upon, by player.
        line_move: points by which a line must have moved.
        min_minutes: as in the rule of `slate.exclusion`.
    """
    predicted = any(player.predicted for player in game)
    found: list[News] = []
    for player in sorted(game, key=lambda one: one.player_lookup):
        kind = (
            _of_status(player, now, before.get(player.player_lookup)) or _of_line(player, line_move)
            if player.predicted
            else _absent(player, min_minutes, game_predicted=predicted)
        )
        if kind is not None and (touched := _touched(player, kind, game)):
            found.append(_news(player, kind, touched))
    return found


def _news(player: Standing, kind: NewsKind, touched: tuple[str, ...]) -> News:
    of_line = kind in LINES
    state = f"line {player.line_now:g}" if of_line and player.line_now is not None else player.state
    return News(player.player_lookup, kind, _was(player, of_line=of_line), state, touched)


def _of_status(player: Standing, now: datetime, before: str | None) -> NewsKind | None:
    state, rested = player.state, plays(player.rested_status)
    if state == POSTPONED:
        return NewsKind.CALLED_OFF
    if state == OUT:
        late = player.tip_off is not None and player.tip_off - now <= LATE
        return NewsKind.LATE_SCRATCH if late else NewsKind.RULED_OUT
    if before == DOUBTFUL and state != DOUBTFUL:
        # The predictions of a doubtful player stay as they are, but those of the team-mates have moved.
        return NewsKind.RETURNED
    if state == rested:
        return None
    return NewsKind.DOUBTFUL if state == DOUBTFUL else NewsKind.STATUS


def _of_line(player: Standing, line_move: float) -> NewsKind | None:
    if player.line_now is None or player.state in UNAVAILABLE:
        return None
    if player.line_was is None:
        return NewsKind.LINE_APPEARED
    return NewsKind.LINE_MOVED if abs(player.line_now - player.line_was) >= line_move - 1e-9 else None


def _absent(player: Standing, min_minutes: float, *, game_predicted: bool) -> NewsKind | None:
    """The news of a player without current predictions who would be requested now."""
    if player.state in {POSTPONED, *UNAVAILABLE}:
        return None
    if player.withdrawn == POSTPONED:
        return NewsKind.REINSTATED
    if player.withdrawn == OUT:
        return NewsKind.RETURNED
    if player.requested or player.withdrawn is not None or not game_predicted:
        return None
    if (player.avg_minutes or 0.0) >= min_minutes:
        return NewsKind.RETURNED
    return NewsKind.LINE_APPEARED if player.has_line else None


def _touched(player: Standing, kind: NewsKind, game: Sequence[Standing]) -> tuple[str, ...]:
    """The player, unless a batch would only exclude the player, and the team-mates whose minutes move."""
    names = set() if kind is NewsKind.DOUBTFUL else {player.player_lookup}
    if kind in _FOR_TEAM_MATES:
        names |= team_mates(player, game)
    return tuple(sorted(names))


def team_mates(player: Standing, game: Sequence[Standing]) -> set[str]:
    """The players of the same team with current predictions who can be predicted again."""
    return {
        one.player_lookup
        for one in game
        if one.team == player.team
        and one.predicted
        and one.player_lookup != player.player_lookup
        and one.state not in {POSTPONED, *UNAVAILABLE}
    }


def _was(player: Standing, *, of_line: bool) -> str:
    if of_line:
        return "no line" if player.line_was is None else f"line {player.line_was:g}"
    return plays(player.rested_status) if player.predicted else (player.withdrawn or "not predicted")
