"""The state kept of one player: the last games, and running means over all games."""

from __future__ import annotations

from collections import deque
from datetime import date

from regen.domain.inputs import RecentGame
from regen.features.records import GameLog, ShotZones
from regen.features.tracks import Track

KEPT_GAMES = 30
FORM_HALF_LIVES = (3, 6, 12, 30)
"""In games. Form holds points, minutes, points squared, minutes squared."""
SHOT_HALF_LIVES = (6, 30)
"""In games. Shots hold minutes, field goals attempted, free throws attempted, points."""
FREE_THROW_WEIGHT = 0.44
"""Possessions per free throw attempted, the customary estimate."""
LONG_GAP_DAYS = 10
"""Days without a game after which a player counts as returning."""


class PlayerState:
    """One player's history up to the last date fed."""

    __slots__ = (
        "form",
        "games",
        "last_day",
        "mates",
        "recent",
        "season",
        "season_games",
        "season_minutes",
        "season_points",
        "season_squares",
        "shots",
        "since_return",
        "starts",
        "team",
        "threes",
        "usage",
        "versus",
        "zone_day",
        "zone_games",
        "zones",
    )

    def __init__(self) -> None:
        self.games = 0
        self.recent: deque[RecentGame] = deque(maxlen=KEPT_GAMES)
        self.team = ""
        self.last_day: date | None = None
        self.season = ""
        self.season_games = 0
        self.season_points = 0.0
        self.season_minutes = 0.0
        self.season_squares = 0.0
        self.form = {half_life: Track(half_life, 4) for half_life in FORM_HALF_LIVES}
        self.shots = {half_life: Track(half_life, 4) for half_life in SHOT_HALF_LIVES}
        self.threes = Track(max(SHOT_HALF_LIVES), 4)
        """Of the games whose threes are known: minutes, field goals, threes and free throws attempted."""
        self.usage = {half_life: Track(half_life, 2) for half_life in SHOT_HALF_LIVES}
        """Of the games whose turnovers are known: minutes, and shots, free throws and turnovers as possessions."""
        self.starts = Track(5, 1)
        self.mates = Track(8, 4)
        """By game: usual minutes and points of the absent regulars, then of the team-mates who played."""
        self.versus: dict[str, list[int]] = {}
        self.since_return = 0
        self.zones = Track(20, 8)
        """Attempts: paint, mid-range, three; made: the same; all attempts; games."""
        self.zone_games = 0
        self.zone_day: date | None = None

    def copy(self) -> PlayerState:
        """The same, to go on from apart."""
        other = PlayerState.__new__(PlayerState)
        for name in PlayerState.__slots__:
            setattr(other, name, _copied(getattr(self, name)))
        return other

    def add(self, log: GameLog, opponent_def_rating: float | None, mates: tuple[float, ...]) -> None:
        """Add the player's next game."""
        rest = (log.game_date - self.last_day).days - 1 if self.last_day else None
        if log.season != self.season:
            self.season, self.season_games = log.season, 0
            self.season_points = self.season_minutes = self.season_squares = 0.0
        self.since_return = 1 if rest is None or rest >= LONG_GAP_DAYS else self.since_return + 1
        self.games += 1
        self.season_games += 1
        self.season_points += log.points
        self.season_minutes += log.minutes
        self.season_squares += log.points * log.points
        self.recent.append(_recent(log, rest, opponent_def_rating))
        form = (log.points, log.minutes, log.points * log.points, log.minutes * log.minutes)
        for track in self.form.values():
            track.add(form)
        if log.fga is not None and log.fta is not None:
            for track in self.shots.values():
                track.add((log.minutes, log.fga, log.fta, log.points))
            if log.fg3a is not None:
                self.threes.add((log.minutes, log.fga, log.fg3a, log.fta))
            if log.turnovers is not None:
                usage = log.fga + FREE_THROW_WEIGHT * log.fta + log.turnovers
                for track in self.usage.values():
                    track.add((log.minutes, usage))
        if log.starter is not None:
            self.starts.add((float(log.starter),))
        self.mates.add(mates)
        self.versus.setdefault(log.opponent, []).append(log.points)
        self.team = log.team
        self.last_day = log.game_date

    def add_zones(self, row: ShotZones) -> None:
        """Add the shot zones of one of the player's games."""
        paint_made = row.paint_ra_fgm + row.paint_nonra_fgm
        three_made = row.above_break3_fgm + row.corner3_fgm + row.backcourt_fgm
        paint = row.paint_ra_fga + row.paint_nonra_fga
        three = row.above_break3_fga + row.corner3_fga + row.backcourt_fga
        values = (paint, row.midrange_fga, three, paint_made, row.midrange_fgm, three_made, row.fga, 1)
        self.zones.add(values)
        self.zone_games += 1
        self.zone_day = row.game_date

    def last(self, count: int) -> list[RecentGame]:
        """The player's last games, oldest first."""
        games = list(self.recent)
        return games[-count:]


def _copied(value: object) -> object:
    if isinstance(value, Track | deque):
        return value.copy()
    if isinstance(value, dict):
        return {key: part.copy() for key, part in value.items()}
    return value


def _recent(log: GameLog, rest: int | None, opponent_def_rating: float | None) -> RecentGame:
    return RecentGame(
        game_date=log.game_date,
        game_id=log.game_id,
        team=log.team,
        opponent=log.opponent,
        home=log.home,
        minutes=log.minutes,
        points=log.points,
        fga=log.fga or 0,
        fg3a=log.fg3a or 0,
        fta=log.fta or 0,
        rebounds=log.rebounds or 0,
        assists=log.assists or 0,
        days_rest=rest,
        opponent_def_rating=opponent_def_rating,
    )
