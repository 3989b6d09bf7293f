"""The slate of a date: every rostered player of the teams that play, from what was known before tip-off.

Who plays whom is public long before; who plays is not. So the date's own box scores give the schedule and nothing else:
players come from their teams' earlier games, from the availability report and from the lines of the date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from regen.domain.inputs import Line
from regen.domain.slate import exclusion
from regen.domain.slate_reading import SlateEntry
from regen.features.records import GameLog, PropLine
from regen.settings import number

MIN_MINUTES = number("REGEN_MIN_MINUTES")
"""Average minutes from which a player without a line is predicted, unless a batch asks otherwise."""
UNKNOWN = "unknown"
"""Status where his team reported nothing: neither healthy nor hurt."""
AVAILABLE = "available"
"""Status of a player whom his team's report does not list."""


class Game(Struct, frozen=True):
    """One game of the schedule.

    Attributes:
        start: scheduled tip-off in UTC, if known.
    """

    game_id: str
    game_date: date
    home: str
    away: str
    start: datetime | None = None


class SlatePlayer(Struct, frozen=True):
    """One rostered player before one game.

    Attributes:
        lines: what each bookmaker showed last before the start.
        minutes_last_7: mean minutes of his last 7 appearances, None without any.
        last_game: date of his last appearance.
        status: of the availability report; `available` if his team reported and does not list him, else `unknown`.
    """

    game: Game
    player_lookup: str
    player_name: str | None
    team: str
    lines: tuple[PropLine, ...] = ()
    minutes_last_7: float | None = None
    last_game: date | None = None
    status: str = UNKNOWN
    status_reason: str | None = None

    @property
    def home(self) -> bool:
        """Whether his team plays at home."""
        return self.team == self.game.home

    @property
    def opponent(self) -> str:
        """The other team."""
        return self.game.away if self.home else self.game.home

    @property
    def days_rest(self) -> int | None:
        """Days off since his last game: 0 is a back-to-back."""
        return None if self.last_game is None else (self.game.game_date - self.last_game).days - 1

    @property
    def offers(self) -> tuple[Line, ...]:
        """The lines as predictions take them."""
        return tuple(Line(o.line, o.bookmaker, o.over_price, o.under_price, o.captured_at) for o in self.lines)

    def entry(self) -> SlateEntry:
        """The player as a batch reads him, his inputs apart."""
        return SlateEntry(
            player_lookup=self.player_lookup,
            player_name=self.player_name or self.player_lookup,
            game_id=self.game.game_id,
            team=self.team,
            opponent=self.opponent,
            home=self.home,
            game_start=self.game.start,
            status=self.status,
            avg_minutes=self.minutes_last_7,
            has_line=bool(self.lines),
            inputs=None,
        )


class RosteredSlate(Struct, frozen=True):
    """All rostered players of a date, by game, team and name.

    Attributes:
        unplaced: players with a line of whom nothing says which of the playing teams is theirs.
        lines: those that count, of unplaced players too.
        late_lines: how many were seen after the start, and count for nothing.
        older_lines: how many gave way to a later snapshot of the same bookmaker.
        late_reports: how many reports were made after the start, or gave way to a later one.
    """

    game_date: date
    games: tuple[Game, ...]
    players: tuple[SlatePlayer, ...]
    unplaced: tuple[str, ...] = ()
    lines: tuple[PropLine, ...] = ()
    late_lines: int = 0
    older_lines: int = 0
    late_reports: int = 0

    def requested(self, min_minutes: float = MIN_MINUTES) -> tuple[SlatePlayer, ...]:
        """Those whom a batch would request: all but the excluded."""
        return tuple(player for player in self.players if exclusion(player.entry(), min_minutes) is None)


def schedule(logs: Iterable[GameLog]) -> tuple[Game, ...]:
    """Who plays whom, from the box scores of one date, of which nothing else is read."""
    games = {
        log.game_id: Game(
            log.game_id,
            log.game_date,
            log.team if log.home else log.opponent,
            log.opponent if log.home else log.team,
        )
        for log in logs
    }
    return tuple(games[game_id] for game_id in sorted(games))
