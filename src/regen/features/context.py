"""Features of the game around the player: schedule, opponent, own team, and team-mates who will not play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from regen.features.form import Features
from regen.features.history import History
from regen.features.player_state import PlayerState
from regen.features.tracks import clamp

HOME_EDGE_POINTS = 1.8
"""Points by which home teams win on average (2025-26)."""
WEEK_MINUTES = 150.0
"""Minutes over seven days at which the fatigue score bottoms out."""
_REST_CAP = 15
_RISK = {"available": 0.0, "probable": 1.0, "questionable": 2.0, "doubtful": 3.0, "out": 3.0}
EDGE_PRIOR_GAMES = 12.0
_BACK_TO_BACK_FATIGUE = 20.0


@dataclass(frozen=True, slots=True)
class Fixture:
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


def schedule_features(state: PlayerState, history: History, fixture: Fixture) -> Features:
    """Rest and load of the player and the player's team before the game."""
    day = fixture.game_date
    team, other = history.teams.get(fixture.team), history.teams.get(fixture.opponent)
    in_season = history.season == fixture.season and history.season_start is not None
    week = [game for game in state.recent if 0 < (day - game.game_date).days <= 7]
    minutes = sum(game.minutes for game in week)
    rest = (day - state.last_day).days - 1 if state.last_day else None
    own_rest = (day - team.last[-1].game_date).days - 1 if team and team.last else None
    other_rest = (day - other.last[-1].game_date).days - 1 if other and other.last else None
    missed = None
    if team is not None and state.games:
        since = [game for game in team.last if state.last_day is not None and game.game_date > state.last_day]
        missed = float(len(since)) if state.team == fixture.team else 0.0
    back_to_back = None if own_rest is None else float(own_rest == 0)
    features: Features = {
        "games_in_last_7_days": float(len(week)),
        "minutes_in_last_7_days": minutes,
        "home_away": None if fixture.home is None else float(fixture.home),
        "playoff_game": None if fixture.playoff is None else float(fixture.playoff),
        "days_rest": None if rest is None else float(min(rest, _REST_CAP)),
        "days_since_team_game": None if own_rest is None else float(min(own_rest, _REST_CAP)),
        "back_to_back": back_to_back,
        "days_into_season": float((day - history.season_start).days) if in_season and history.season_start else 0.0,
        "games_since_return": float(min(state.since_return, 30)) if state.games else None,
        "team_games_missed": missed,
        "dnp_rate": _missed_share(state, history, fixture.team),
    }
    if own_rest is not None and other_rest is not None:
        features["rest_advantage"] = float(clamp(min(own_rest, 3) - min(other_rest, 3), -3, 3))
    tired = 80.0 * min(1.0, minutes / WEEK_MINUTES) + _BACK_TO_BACK_FATIGUE * (rest == 0)
    features["fatigue_score"] = 100.0 - tired if state.games else None
    return features


def team_features(state: PlayerState, history: History, fixture: Fixture) -> Features:
    """Pace, ratings and the opponent, shrunk towards the league; ratings and pace where box scores have possessions."""
    team, other = history.team(fixture.team), history.team(fixture.opponent)
    versus = state.versus.get(fixture.opponent, [])
    features: Features = {
        "team_win_pct": team.wins[0] / team.wins[1] if team.wins[1] and team.season == fixture.season else None,
        "opponent_points_edge": other.edge.shrunk(0, 0.0, EDGE_PRIOR_GAMES),
        "games_vs_opponent": float(len(versus)),
        "avg_points_vs_opponent": sum(versus) / len(versus) if versus else None,
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


def allowed_ratio(history: History, opponent: str, index: int) -> float | None:
    """Points of a kind that the opponent allows, as a share of the league's: 0 twos, 1 threes, 2 free throws."""
    usual = history.league(2 + index)
    return None if usual is None else history.team(opponent).allowed.shrunk(index, usual, 12) / usual


def mate_features(
    player: str, state: PlayerState, history: History, fixture: Fixture, statuses: Mapping[str, str] | None
) -> Features:
    """Minutes and points of team-mates who were absent last time, will probably play, or are reported out (None: no report)."""
    rotation = history.rotation(fixture.team, fixture.game_date)
    others = [(name, member) for name, member in rotation.members.items() if name != player]
    regulars = [(name, member) for name, member in others if member.regular]
    gone = [member for name, member in regulars if name not in rotation.played]
    reported = statuses is not None
    status = (statuses or {}).get
    plays = {name: member.plays(status(name), reported=reported) for name, member in others}
    features: Features = {
        "absent_minutes_last_game": sum(member.minutes for member in gone),
        "absent_points_last_game": sum(member.points for member in gone),
        "absent_minutes_expected": sum((1 - plays[name]) * member.minutes for name, member in regulars),
        "absent_points_expected": sum((1 - plays[name]) * member.points for name, member in regulars),
        "mates_minutes_expected": sum(plays[name] * member.minutes for name, member in others),
        "mates_points_expected": sum(plays[name] * member.points for name, member in others),
        "absent_minutes_ew": state.mates.mean(0),
        "absent_points_ew": state.mates.mean(1),
        "mates_minutes_ew": state.mates.mean(2),
        "mates_points_ew": state.mates.mean(3),
        "played_last_team_game": float(player in rotation.played),
    }
    if statuses is not None:
        out = [member for name, member in regulars if statuses.get(name) == "out"]
        features["teammates_out_minutes"] = float(sum(member.minutes for member in out))
        features["teammates_out_points"] = float(sum(member.points for member in out))
        features["injury_risk"] = _RISK[statuses.get(player, "available")]
    return features


def _missed_share(state: PlayerState, history: History, team: str) -> float | None:
    """Share of the team's last games (up to 15, since the player's first for it) that the player missed."""
    if state.team != team or team not in history.teams:
        return None
    joined = min((game.game_date for game in state.recent if game.team == team), default=None)
    games = [game for game in history.teams[team].last if joined is not None and game.game_date >= joined]
    played = {game.game_id for game in state.recent}
    return sum(game.game_id not in played for game in games) / len(games) if games else None
