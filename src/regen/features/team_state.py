"""What is remembered of one team and of the league: pace, ratings, what opponents score against it, who plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

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

Values = tuple[float, ...]


class TeamGame(Struct, frozen=True):
    """One team's side of one game, added up from its players' rows.

    Attributes:
        twos, threes, free_throws: points by kind of shot; None where what was made is not known.
        possessions: the customary estimate from shots, free throws, offensive rebounds and turnovers; None where one of
            these is not known of a player.
        length: minutes of the game (48 without overtime).
    """

    game_date: date
    game_id: str
    team: str
    opponent: str
    home: bool | None
    season: str
    points: float
    twos: float | None
    threes: float | None
    free_throws: float | None
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

    def copy(self) -> TeamState:
        """The same, to go on from apart."""
        other = TeamState.__new__(TeamState)
        for name in TeamState.__slots__:
            value = getattr(self, name)
            setattr(other, name, value.copy() if isinstance(value, Track | deque | dict | list) else value)
        return other

    def add(self, own: TeamGame, other: TeamGame | None) -> tuple[Values | None, Values | None]:
        """Take in the team's next game.

        Returns:
            Its rating and pace, and its points from twos, threes and free throws per 100 possessions; None where unknown.
        """
        if own.season != self.season:
            self.season, self.wins = own.season, [0, 0]
        self.last.append(own)
        if other is None:
            return None, None
        self.wins[0] += own.points > other.points
        self.wins[1] += 1
        if own.possessions is None or other.possessions is None:
            return None, None
        possessions = max(1.0, (own.possessions + other.possessions) / 2)
        scale = 100.0 / possessions
        pace = possessions * 48.0 / max(40.0, own.length)
        self.attack.add((own.points * scale, other.points * scale, pace))
        own_split, other_split = _split(own, scale), _split(other, scale)
        if other_split is not None:
            self.allowed.add(other_split)
        return (own.points * scale, pace), own_split


def _split(game: TeamGame, scale: float) -> Values | None:
    if game.twos is None or game.threes is None or game.free_throws is None:
        return None
    return game.twos * scale, game.threes * scale, game.free_throws * scale


def team_games(logs: Sequence[GameLog]) -> dict[tuple[str, str], TeamGame]:
    """The team sides of a date's games, by game and team."""
    groups: dict[tuple[str, str], list[GameLog]] = {}
    for log in logs:
        groups.setdefault((log.game_id, log.team), []).append(log)
    return {key: _team_game(rows) for key, rows in groups.items()}


def _team_game(rows: Sequence[GameLog]) -> TeamGame:
    first = rows[0]
    points = sum(row.points for row in rows)
    threes = _total([row.fg3m for row in rows], 3)
    free_throws = _total([row.ftm for row in rows])
    return TeamGame(
        game_date=first.game_date,
        game_id=first.game_id,
        team=first.team,
        opponent=first.opponent,
        home=first.home,
        season=first.season,
        points=points,
        twos=None if threes is None or free_throws is None else points - threes - free_throws,
        threes=threes,
        free_throws=free_throws,
        length=sum(row.minutes for row in rows) / 5.0,
        possessions=_possessions(rows),
        players=frozenset(row.player_lookup for row in rows),
    )


def _total(counts: Sequence[int | None], worth: int = 1) -> float | None:
    """What the counts are worth together; None where one of them is not known: 0 would be another fact."""
    known = [count for count in counts if count is not None]
    return worth * sum(known) if len(known) == len(counts) else None


def _possessions(rows: Sequence[GameLog]) -> float | None:
    total = 0.0
    for row in rows:
        if row.fga is None or row.fta is None or row.oreb is None or row.turnovers is None:
            return None
        total += row.fga + FREE_THROW_WEIGHT * row.fta - row.oreb + row.turnovers
    return total
