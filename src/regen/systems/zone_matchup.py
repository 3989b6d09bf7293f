"""zone_matchup_v1: the player's form, adjusted by the points that the opponent allows where the player shoots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.systems.linear import LinearSystem, Signals, known

PER_CENT = 100.0
SEASON_PRIOR_GAMES = 6.0
"""Weight of the prior against the season's own mean, in games."""


@dataclass(frozen=True)
class ZoneMatchup(LinearSystem):
    """Uses shot zones if known, else the twos, threes and free throws of box scores."""

    system_id: ClassVar[str] = "zone_matchup_v1"
    requires: ClassVar[tuple[str, ...]] = ("points_ew_12", "points_ew_6")

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """Form, and form times the matchup, the points that the opponent allows, pace and venue."""
        form = known(inputs, "points_ew_12") or 0.0
        zones, box = known(inputs, "shot_zone_mismatch_score"), known(inputs, "opponent_matchup_box")
        matchup = zones / PER_CENT if zones is not None else box
        edge, pace, margin = (known(inputs, n) for n in ("opponent_points_edge", "pace_score", "expected_margin"))
        season = known(inputs, "points_avg_season")
        games = known(inputs, "season_games") or 0.0
        return {
            "form": form,
            "short_form": known(inputs, "points_ew_6"),
            "season_less_form": None if season is None else (season - form) * games / (games + SEASON_PRIOR_GAMES),
            "matchup_x_form": None if matchup is None else matchup * form,
            "opponent_edge": edge,
            "pace_x_form": None if pace is None else pace * form / PER_CENT,
            "margin_x_form": None if margin is None else abs(margin) * form / PER_CENT,
            "home_x_form": None if inputs.home is None else (form if inputs.home else -form) / PER_CENT,
        }


SYSTEM = ZoneMatchup()
