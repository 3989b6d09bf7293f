"""What is remembered of one team and of the league: pace, ratings, what opponents score against it, who plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from regen.features.player_state import FREE_THROW_WEIGHT
from regen.features.records import GameLog
from regen.features.tracks import Track

TEAM_HALF_LIFE = 15
"""In games."""
PRIOR_GAMES = 8.0
"""How many games the league's mean weighs against a team's own."""
LEAGUE_HALF_LIFE = 400
"""In team-games: about four weeks."""
REGULATION_MINUTES = 240.0


@dataclass(frozen=True, slots=True)
class TeamGame:
    """One team's side of one game, added up from its players' rows.

    Attributes:
        possessions: the customary estimate from shots, free throws, offensive rebounds and turnovers; None if unknown.
        length: minutes of the game (48 without overtime).
    """

    game_date: date
    game_id: str
    team: str
    opponent: str
    home: bool
    season: str
    points: float
    twos: float
    threes: float
    free_throws: float
    length: float
    possessions: float | None
    players: frozenset[str]


class TeamState:
    """One team's history up to the last date fed."""

    __slots__ = ("allowed", "attack", "edge", "last", "members", "season", "wins", "zones", "zones_day")

    def __init__(self) -> None:
        self.attack = Track(TEAM_HALF_LIFE, 3)
        """Points per 100 possessions scored, allowed, and possessions per 48 minutes."""
        self.allowed = Track(TEAM_HALF_LIFE, 3)
        """Opponents' two-point, three-point and free-throw points per 100 possessions."""
        self.edge = Track(TEAM_HALF_LIFE, 1)
        """Mean points above their own form that opposing players scored."""
        self.zones = Track(TEAM_HALF_LIFE, 4)
        """Opponents' paint attempts and made, mid-range attempts and made."""
        self.zones_day: date | None = None
        self.last: deque[TeamGame] = deque(maxlen=15)
        self.members: dict[str, date] = {}
        """Players whose latest game was for this team, and its date."""
        self.season = ""
        self.wins = [0, 0]

    def add(self, own: TeamGame, other: TeamGame | None) -> tuple[float, ...] | None:
        """Take in the team's next game.

        Returns:
            Its rating, pace, and points from twos, threes and free throws per 100 possessions; None if unknown.
        """
        if own.season != self.season:
            self.season, self.wins = own.season, [0, 0]
        self.last.append(own)
        if other is None:
            return None
        self.wins[0] += own.points > other.points
        self.wins[1] += 1
        if own.possessions is None or other.possessions is None:
            return None
        possessions = max(1.0, (own.possessions + other.possessions) / 2)
        scale = 100.0 / possessions
        pace = possessions * 48.0 / max(40.0, own.length)
        self.attack.add((own.points * scale, other.points * scale, pace))
        self.allowed.add((other.twos * scale, other.threes * scale, other.free_throws * scale))
        return own.points * scale, pace, own.twos * scale, own.threes * scale, own.free_throws * scale


def team_games(logs: Sequence[GameLog]) -> dict[tuple[str, str], TeamGame]:
    """The team sides of a date's games, by game and team."""
    groups: dict[tuple[str, str], list[GameLog]] = {}
    for log in logs:
        groups.setdefault((log.game_id, log.team), []).append(log)
    return {key: _team_game(rows) for key, rows in groups.items()}


def _team_game(rows: Sequence[GameLog]) -> TeamGame:
    first = rows[0]
    points = sum(row.points for row in rows)
    threes = 3 * sum(row.fg3m or 0 for row in rows)
    free_throws = sum(row.ftm or 0 for row in rows)
    known = all(row.fga is not None and row.fta is not None for row in rows)
    possessions = sum(
        (row.fga or 0) + FREE_THROW_WEIGHT * (row.fta or 0) - (row.oreb or 0) + (row.turnovers or 0) for row in rows
    )
    return TeamGame(
        game_date=first.game_date,
        game_id=first.game_id,
        team=first.team,
        opponent=first.opponent,
        home=first.home,
        season=first.season,
        points=points,
        twos=points - threes - free_throws,
        threes=threes,
        free_throws=free_throws,
        length=sum(row.minutes for row in rows) / 5.0,
        possessions=possessions if known else None,
        players=frozenset(row.player_lookup for row in rows),
    )
