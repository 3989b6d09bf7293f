"""learned_v1: a ridge regression over form, rates, minutes, schedule, opponent, absent team-mates and who plays tonight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.features.names import FORM, LINEUP, MATES, SCHEDULE, TEAMS
from regen.systems.linear import LinearSystem, Signals, known

#: Not fitted, as they are known for too few dates: starters (one season), availability reports (three weeks).
_LEFT_OUT = {"starts_ew_5", "teammates_out_minutes", "teammates_out_points", "injury_risk", "playoff_game"}
PLAIN = tuple(name for name in (*FORM, *SCHEDULE, *TEAMS, *MATES, *LINEUP) if name not in _LEFT_OUT)
PRODUCTS: tuple[tuple[str, str], ...] = (
    ("minutes_ew_3", "ppm_ew_30"),
    ("minutes_ew_6", "ppm_ew_30"),
    ("minutes_ew_3", "ppm_ew_12"),
    ("minutes_ew_6", "ppm_ew_12"),
    ("minutes_ew_12", "ppm_ew_30"),
    ("points_ew_12", "opponent_matchup_box"),
    ("points_ew_12", "opponent_points_edge"),
    ("points_ew_12", "pace_score"),
    ("points_ew_12", "home_away"),
    ("points_ew_12", "back_to_back"),
    *(
        ("points_ew_12", name)
        for name in (
            "opponent_def_rating",
            "opponent_pace",
            "team_pace",
            "team_off_rating",
            "expected_margin",
            "days_into_season",
        )
    ),
)
YOUNG_SEASON_GAMES = 8.0
"""Number of games over which the weight of a season's start falls to a third."""
SEASON_PRIOR_GAMES = 6.0
MISSED_GAMES = 5.0
REST_DAYS = (0, 1, 2, 6)
"""Days between games with a signal of their own; the last one also covers all longer gaps."""


@dataclass(frozen=True)
class Learned(LinearSystem):
    """The regression. It refuses features of another version, for which its weights would be wrong."""

    system_id: ClassVar[str] = "learned_v1"
    requires: ClassVar[tuple[str, ...]] = ("points_ew_12", "points_ew_30", "minutes_ew_12", "ppm_ew_30")

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The features, and some products of two of them."""
        return learned_signals(inputs, self.feature_version)


def learned_signals(inputs: PlayerInputs, version: str) -> Signals:
    """The signals of the learning systems.

    Raises:
        InsufficientData: the features are not of the version that the model was fitted on.
    """
    if inputs.feature_version != version:
        raise InsufficientData(
            "feature_version", f"features are of version {inputs.feature_version}, the model expects {version}"
        )
    signals: Signals = {name: known(inputs, name) for name in PLAIN}
    for one, two in PRODUCTS:
        first, second = signals[one], signals[two]
        signals[f"{one} x {two}"] = None if first is None or second is None else first * second
    _add_season(signals)
    _add_mates(signals)
    _add_tonight(signals)
    _add_rest(signals)
    return signals


def _add_season(signals: Signals) -> None:
    games = signals["season_games"] or 0.0
    young = math.exp(-games / YOUNG_SEASON_GAMES)
    long = signals["points_ew_30"] or 0.0
    season = signals["points_avg_season"]
    blend = long if season is None else (games * season + SEASON_PRIOR_GAMES * long) / (games + SEASON_PRIOR_GAMES)
    signals["young_season"] = young
    signals["season_blend"] = blend
    for name in ("points_ew_30", "points_ew_3", "minutes_ew_3", "minutes_ew_30"):
        value = signals[name]
        signals[f"young_season x {name}"] = None if value is None else young * value
    signals["young_season x season_blend"] = young * blend
    form, minutes = signals["points_ew_12"] or 0.0, signals["minutes_ew_6"] or 0.0
    signals["root points_ew_12"] = math.sqrt(max(0.0, form))
    signals["root minutes_ew_6"] = math.sqrt(max(0.0, minutes))
    margin = signals["expected_margin"]
    signals["minutes_ew_6 x uneven"] = None if margin is None else abs(margin) * minutes
    met, versus = signals["avg_points_vs_opponent"], signals["games_vs_opponent"] or 0.0
    signals["versus_less_form"] = None if met is None else (met - form) * versus / (versus + 4.0)


def _add_mates(signals: Signals) -> None:
    for kind, own in (("points", "points_ew_12"), ("minutes", "minutes_ew_6")):
        for group in ("absent", "mates"):
            now, usual = signals[f"{group}_{kind}_expected"], signals[f"{group}_{kind}_ew"]
            form = signals[own]
            gain = None if now is None or usual is None else now - usual
            signals[f"{group}_{kind}_gain"] = gain
            signals[f"{group}_{kind}_gain x {own}"] = None if gain is None or form is None else gain * form
            now = signals[f"{group}_{kind}_tonight"]
            gain = None if now is None or usual is None else now - usual
            signals[f"{group}_{kind}_tonight_gain"] = gain
            signals[f"{group}_{kind}_tonight_gain x {own}"] = None if gain is None or form is None else gain * form


def _add_tonight(signals: Signals) -> None:
    """A line of one's own, by form and by games missed: it says who is back, and who will play little."""
    lined, form, missed = signals["lined_tonight"], signals["points_ew_12"], signals["team_games_missed"]
    signals["lined_tonight x points_ew_12"] = None if lined is None or form is None else lined * form
    back = None if lined is None or missed is None else min(missed, MISSED_GAMES)
    signals["lined_tonight x missed"] = None if lined is None or back is None else lined * back
    signals["unlined_tonight x missed"] = None if lined is None or back is None else (1.0 - lined) * back


def _add_rest(signals: Signals) -> None:
    rest, minutes = signals["days_rest"], signals["minutes_ew_6"]
    for days in REST_DAYS:
        flag = None if rest is None else float(rest == days if days < REST_DAYS[-1] else rest >= days)
        signals[f"rest {days}"] = flag
        signals[f"rest {days} x minutes_ew_6"] = None if flag is None or minutes is None else flag * minutes
    since = signals["games_since_return"]
    signals["just_back"] = None if since is None else min(since, 5.0)


SYSTEM = Learned()
