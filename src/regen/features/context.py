"""Features of the game around the player: schedule, opponent, own team, and team-mates who will not play."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from regen.features.form import Features
from regen.features.history import History
from regen.features.player_state import PlayerState
from regen.features.rotation import Rotation
from regen.features.tracks import clamp

HOME_EDGE_POINTS = 1.8
"""Points by which home teams win on average (2025-26)."""
WEEK_MINUTES = 150.0
"""Minutes over seven days at which the fatigue score bottoms out."""
_REST_CAP = 15
_WEEK = timedelta(days=7)
_RISK = {"available": 0.0, "probable": 1.0, "questionable": 2.0, "doubtful": 3.0, "out": 3.0}
EDGE_PRIOR_GAMES = 12.0
_BACK_TO_BACK_FATIGUE = 20.0


class Fixture(Struct, frozen=True):
    """One side of a scheduled game.

    Attributes:
        home: whether the team plays at home, None if unknown.
        season: in the form `2025-26`.
        playoff: whether it is a playoff game, None if unknown.
    """

    game_date: date
    game_id: str
    team: str
    opponent: str
    home: bool | None
    season: str
    playoff: bool | None = False
    game_start: datetime | None = None


def schedule_features(history: History, fixture: Fixture) -> Features:
    """Rest of the two teams before the game, and where and when it is."""
    day = fixture.game_date
    in_season = history.season == fixture.season and history.season_start is not None
    own_rest, other_rest = (_team_rest(history, team, day) for team in (fixture.team, fixture.opponent))
    features: Features = {
        "home_away": None if fixture.home is None else float(fixture.home),
        "playoff_game": None if fixture.playoff is None else float(fixture.playoff),
        "days_since_team_game": None if own_rest is None else float(min(own_rest, _REST_CAP)),
        "back_to_back": None if own_rest is None else float(own_rest == 0),
        "days_into_season": float((day - history.season_start).days) if in_season and history.season_start else 0.0,
    }
    if own_rest is not None and other_rest is not None:
        features["rest_advantage"] = float(clamp(min(own_rest, 3) - min(other_rest, 3), -3, 3))
    return features


def _team_rest(history: History, team: str, day: date) -> int | None:
    state = history.teams.get(team)
    return (day - state.last[-1].game_date).days - 1 if state and state.last else None


def load_features(state: PlayerState, history: History, fixture: Fixture) -> Features:
    """Rest and load of the player before the game."""
    day = fixture.game_date
    team, last_day = history.teams.get(fixture.team), state.last_day
    week_ago = day - _WEEK
    week = [game.minutes for game in state.recent if week_ago <= game.game_date < day]
    minutes = sum(week)
    rest = (day - last_day).days - 1 if last_day else None
    missed = None
    if team is not None and state.games:
        since = [game for game in team.last if last_day is not None and game.game_date > last_day]
        missed = float(len(since)) if state.team == fixture.team else 0.0
    tired = 80.0 * min(1.0, minutes / WEEK_MINUTES) + _BACK_TO_BACK_FATIGUE * (rest == 0)
    return {
        "games_in_last_7_days": float(len(week)),
        "minutes_in_last_7_days": minutes,
        "days_rest": None if rest is None else float(min(rest, _REST_CAP)),
        "games_since_return": float(min(state.since_return, 30)) if state.games else None,
        "team_games_missed": missed,
        "dnp_rate": _missed_share(state, history, fixture.team),
        "fatigue_score": 100.0 - tired if state.games else None,
    }


def team_features(history: History, fixture: Fixture) -> Features:
    """Pace, ratings and the opponent, shrunk towards the league; ratings and pace where box scores have possessions."""
    team, other = history.team(fixture.team), history.team(fixture.opponent)
    features: Features = {
        "team_win_pct": team.wins[0] / team.wins[1] if team.wins[1] and team.season == fixture.season else None,
        "opponent_points_edge": other.edge.shrunk(0, 0.0, EDGE_PRIOR_GAMES),
    }
    rating, pace = history.league(0), history.league(1)
    own_def, other_def = history.def_rating(fixture.team), history.def_rating(fixture.opponent)
    if rating is None or pace is None or own_def is None or other_def is None:
        return features
    own_pace, other_pace = team.attack.shrunk(2, pace, 8), other.attack.shrunk(2, pace, 8)
    own_off, other_off = team.attack.shrunk(0, rating, 8), other.attack.shrunk(0, rating, 8)
    features["team_pace"], features["opponent_pace"] = own_pace, other_pace
    features["pace_score"] = clamp(own_pace + other_pace - 2 * pace, -8, 8)
    features["team_off_rating"], features["opponent_off_rating"] = own_off, other_off
    features["team_def_rating"], features["opponent_def_rating"] = own_def, other_def
    if fixture.home is not None:
        home = HOME_EDGE_POINTS if fixture.home else -HOME_EDGE_POINTS
        features["expected_margin"] = (own_off - own_def) - (other_off - other_def) + home
    return features


def versus_features(state: PlayerState, opponent: str) -> Features:
    """The player's earlier games against the opponent."""
    versus = state.versus.get(opponent, [])
    return {
        "games_vs_opponent": float(len(versus)),
        "avg_points_vs_opponent": sum(versus) / len(versus) if versus else None,
    }


def allowed_ratio(history: History, opponent: str, index: int) -> float | None:
    """Points of a kind that the opponent allows, as a share of the league's: 0 twos, 1 threes, 2 free throws."""
    usual = history.league(2 + index)
    return None if usual is None else history.team(opponent).allowed.shrunk(index, usual, 12) / usual


class Mates:
    """The members of a team before a game: what is expected of them, and whom each player will miss."""

    def __init__(self, rotation: Rotation, statuses: Mapping[str, str] | None) -> None:
        """Reckon each member's share once.

        Args:
            rotation: the team's, before the game.
            statuses: the availability report of the team; None: no report.
        """
        self._played, self._statuses = rotation.played, statuses
        status = (statuses or {}).get
        members = rotation.members
        regulars = {name: member for name, member in members.items() if member.regular}
        gone = {name: member for name, member in regulars.items() if name not in rotation.played}
        plays = {n: member.plays(status(n), reported=statuses is not None) for n, member in members.items()}
        self._shares: dict[str, dict[str, float]] = {
            "absent_minutes_last_game": {name: member.minutes for name, member in gone.items()},
            "absent_points_last_game": {name: member.points for name, member in gone.items()},
            "absent_minutes_expected": {name: (1 - plays[name]) * member.minutes for name, member in regulars.items()},
            "absent_points_expected": {name: (1 - plays[name]) * member.points for name, member in regulars.items()},
            "mates_minutes_expected": {name: plays[name] * member.minutes for name, member in members.items()},
            "mates_points_expected": {name: plays[name] * member.points for name, member in members.items()},
        }
        out = {name: member for name, member in regulars.items() if status(name) == "out"}
        self._out_minutes = {name: member.minutes for name, member in out.items()}
        self._out_points = {name: member.points for name, member in out.items()}

    def features(self, player: str, state: PlayerState) -> Features:
        """Minutes and points of the player's team-mates who were absent last time, will probably play, or are reported out."""
        features: Features = {name: _of_others(player, shares) for name, shares in self._shares.items()}
        features["absent_minutes_ew"] = state.mates.mean(0)
        features["absent_points_ew"] = state.mates.mean(1)
        features["mates_minutes_ew"] = state.mates.mean(2)
        features["mates_points_ew"] = state.mates.mean(3)
        features["played_last_team_game"] = float(player in self._played)
        if self._statuses is not None:
            features["teammates_out_minutes"] = float(_of_others(player, self._out_minutes))
            features["teammates_out_points"] = float(_of_others(player, self._out_points))
            features["injury_risk"] = _RISK[self._statuses.get(player, "available")]
        return features


def _of_others(player: str, shares: Mapping[str, float]) -> float:
    """The sum of all shares but the player's own; added up, not taken off, for the last digit to be the same everywhere."""
    return sum([share for name, share in shares.items() if name != player])


def _missed_share(state: PlayerState, history: History, team: str) -> float | None:
    """Share of the team's last games (up to 15, since the player's first for it) that the player missed."""
    if state.team != team or team not in history.teams:
        return None
    joined = next((game.game_date for game in state.recent if game.team == team), None)  # the oldest comes first
    games = [game.game_id for game in history.teams[team].last if joined is not None and game.game_date >= joined]
    played = {game.game_id for game in state.recent}
    return len([game_id for game_id in games if game_id not in played]) / len(games) if games else None
