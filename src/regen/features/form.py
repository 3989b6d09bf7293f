"""Features of a player's own games: points, minutes, rates and their trends."""

from __future__ import annotations

import math

from regen.features.player_state import FREE_THROW_WEIGHT, PlayerState
from regen.features.tracks import Track, clamp, deviation, mean, slope

Features = dict[str, float | None]
_SPREAD_GAMES = 8.0
"""How many games the typical spread weighs against a player's own."""
_BREAKOUT_Z = 1.5


def typical_spread(points: float) -> float:
    """The usual standard deviation of a player's points, by the mean: 3.52 + 0.208 x mean (box scores of 2025-26)."""
    return 3.52 + 0.208 * points


def form_features(state: PlayerState, season: str) -> Features:
    """All features of the player's own games; every one is None for a player without games."""
    if not state.games:
        return {"season_games": 0.0, "games_known": 0.0}
    last = state.last(10)
    points = [float(game.points) for game in last]
    minutes = [game.minutes for game in last]
    in_season = state.season == season and state.season_games > 0
    games = state.season_games if in_season else 0
    season_points = state.season_points / games if games else None
    season_minutes = state.season_minutes / games if games else None
    season_sd = _spread(state.season_points, state.season_squares, games)
    five, ten = mean(points[-5:]), mean(points)
    features: Features = {
        "points_avg_last_5": five,
        "points_avg_last_10": ten,
        "points_avg_season": season_points,
        "points_std_last_10": deviation(points),
        "minutes_avg_last_10": mean(minutes),
        "ppm_avg_last_10": _per(sum(points), sum(minutes)),
        "pts_slope_10g": slope(points),
        "minutes_last_game": minutes[-1],
        "minutes_avg_season": season_minutes,
        "season_games": float(games),
        "games_known": float(state.games),
        "starts_ew_5": state.starts.mean(0),
    }
    features["recent_trend"] = None if len(points) < 5 else clamp((mean(points[-3:]) or 0) - (ten or 0), -10, 10) / 5
    features["minutes_change"] = (
        None if season_minutes is None else clamp(((mean(minutes[-5:]) or 0) - season_minutes) / 5, -2, 2)
    )
    gap = None if season_points is None or five is None else five - season_points
    features["pts_vs_season_zscore"] = None if gap is None or not season_sd else clamp(gap / season_sd, -5, 5)
    score = features["pts_vs_season_zscore"]
    features["breakout_flag"] = None if score is None else float(score >= _BREAKOUT_Z)
    _add_weighted(features, state)
    _add_shots(features, state)
    return features


def _add_weighted(features: Features, state: PlayerState) -> None:
    for half_life, track in state.form.items():
        features[f"points_ew_{half_life}"] = track.mean(0)
        features[f"minutes_ew_{half_life}"] = track.mean(1)
        if half_life != 3:
            features[f"ppm_ew_{half_life}"] = track.ratio(0, 1)
    long, middle = state.form[30], state.form[12]
    features["points_sd_ew_30"] = _shrunk_spread(long, 0, 2)
    variance = (middle.mean(3) or 0.0) - (middle.mean(1) or 0.0) ** 2
    features["minutes_sd_ew_12"] = math.sqrt(max(0.0, variance))


def _add_shots(features: Features, state: PlayerState) -> None:
    short, long, threes = state.shots[6], state.shots[30], state.threes
    features["fga_per_minute_ew_6"] = short.ratio(1, 0)
    features["fga_per_minute_ew_30"] = long.ratio(1, 0)
    features["fg3a_per_minute_ew_30"] = threes.ratio(2, 0)
    features["fta_per_minute_ew_30"] = long.ratio(2, 0)
    features["usage_per_minute_ew_6"] = state.usage[6].ratio(1, 0)
    features["usage_per_minute_ew_30"] = state.usage[30].ratio(1, 0)
    tries = long.sums[1] + FREE_THROW_WEIGHT * long.sums[2]
    features["points_per_shot_ew_30"] = _per(long.sums[3], tries)
    features["box_share_three"] = _per(threes.sums[2], threes.sums[1] + FREE_THROW_WEIGHT * threes.sums[3])
    features["box_share_free_throw"] = _per(FREE_THROW_WEIGHT * long.sums[2], tries)
    now, usual = features["usage_per_minute_ew_6"], features["usage_per_minute_ew_30"]
    features["usage_spike_score"] = None if now is None or usual is None else clamp((now - usual) * 48, -8, 8)


def _shrunk_spread(track: Track, index: int, square: int) -> float:
    centre = track.sums[index] / track.weight
    own = max(0.0, track.sums[square] / track.weight - centre * centre)
    usual = typical_spread(centre) ** 2
    return math.sqrt((own * track.weight + usual * _SPREAD_GAMES) / (track.weight + _SPREAD_GAMES))


def _spread(total: float, squares: float, games: int) -> float | None:
    return math.sqrt(max(0.0, squares - total * total / games) / (games - 1)) if games >= 3 else None


def _per(total: float, per: float) -> float | None:
    return total / per if per > 0 else None
