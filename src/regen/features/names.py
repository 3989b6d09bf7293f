"""The names of all features, their order, version, hash, and the form in which tables keep them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

FEATURE_VERSION = "regen_v1"
"""Changes whenever what a name means changes, or a name goes. A name that is new is unknown in older rows."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FORM = _words(
    "points_avg_last_5 points_avg_last_10 points_avg_season points_std_last_10 recent_trend minutes_change "
    "usage_spike_score minutes_avg_last_10 ppm_avg_last_10 pts_slope_10g pts_vs_season_zscore breakout_flag "
    "points_ew_3 points_ew_6 points_ew_12 points_ew_30 points_sd_ew_30 "
    "minutes_ew_3 minutes_ew_6 minutes_ew_12 minutes_ew_30 minutes_sd_ew_12 minutes_last_game "
    "ppm_ew_6 ppm_ew_12 ppm_ew_30 fga_per_minute_ew_6 fga_per_minute_ew_30 fta_per_minute_ew_30 fg3a_per_minute_ew_30 "
    "points_per_shot_ew_30 usage_per_minute_ew_6 usage_per_minute_ew_30 box_share_three box_share_free_throw "
    "starts_ew_5 season_games games_known minutes_avg_season"
)
SCHEDULE = _words(
    "games_in_last_7_days minutes_in_last_7_days fatigue_score rest_advantage home_away back_to_back playoff_game "
    "days_rest days_since_team_game days_into_season dnp_rate games_since_return team_games_missed"
)
TEAMS = _words(
    "pace_score opponent_def_rating opponent_pace team_pace team_off_rating team_win_pct team_def_rating "
    "opponent_off_rating opponent_points_edge opponent_matchup_box expected_margin avg_points_vs_opponent "
    "games_vs_opponent"
)
MATES = _words(
    "injury_risk teammates_out_minutes teammates_out_points absent_minutes_last_game absent_points_last_game "
    "absent_minutes_ew absent_points_ew absent_minutes_expected absent_points_expected "
    "mates_minutes_expected mates_points_expected mates_minutes_ew mates_points_ew played_last_team_game"
)
LINEUP = _words(
    "lined_mates lined_tonight chance_tonight absent_minutes_tonight absent_points_tonight mates_minutes_tonight "
    "mates_points_tonight alike_lineup_minutes alike_lineup_points"
)
ZONES = _words("shot_zone_mismatch_score pct_paint pct_mid_range pct_three pct_free_throw zones_age_days zones_games")
LINES = _words("vegas_points_line vegas_opening_line vegas_line_move has_vegas_line")

FEATURE_NAMES: tuple[str, ...] = (*FORM, *SCHEDULE, *TEAMS, *MATES, *LINEUP, *ZONES, *LINES)
CORE_FEATURES: tuple[str, ...] = _words(
    "points_avg_last_5 points_avg_last_10 points_avg_season points_std_last_10 games_in_last_7_days fatigue_score "
    "pace_score usage_spike_score rest_advantage recent_trend minutes_change opponent_def_rating opponent_pace "
    "home_away back_to_back playoff_game team_pace team_off_rating team_win_pct minutes_avg_last_10 ppm_avg_last_10"
)
"""What a full row knows of a player with history: the quality score counts these."""


def feature_hash(features: Mapping[str, float | None]) -> str:
    """SHA-256 (16 hex digits) over version, names and known values (as 64-bit floats); what is unknown does not count."""
    known = {name: value + 0.0 for name in _in_order(tuple(features)) if (value := features[name]) is not None}
    digest = _named(tuple(known)).copy()
    digest.update(struct.pack(f"<{len(known)}d", *known.values()))
    return digest.hexdigest()[:16]


@lru_cache(maxsize=256)
def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names sorted; the rows of a league have few different sets of them."""
    return tuple(sorted(names))


@lru_cache(maxsize=1024)
def _named(names: tuple[str, ...]) -> _Hash:
    """The hash over version and names; that of a row goes on from a copy."""
    return hashlib.sha256("\n".join((FEATURE_VERSION, *names)).encode())


def pack(features: Mapping[str, float | None]) -> tuple[list[str], list[float]]:
    """Names and values of what is known, in the order of names: arrays in tables hold no nulls."""
    known = {name: value for name in FEATURE_NAMES if (value := features.get(name)) is not None}
    return list(known), list(known.values())


def unpack(names: Iterable[str], values: Iterable[float | None]) -> dict[str, float | None]:
    """The features as `pack` had them: every name of this version, unknown as None; other names are kept."""
    features: dict[str, float | None] = dict.fromkeys(FEATURE_NAMES)
    features.update(zip(names, values, strict=True))
    return features
