"""minutes_rate_v1: the player's expected minutes times the player's points per minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.systems.linear import LinearSystem, Signals, known

RATE_GAMES = 10.0
"""Weight of the longer rate against the season's own, in games."""


@dataclass(frozen=True)
class MinutesRate(LinearSystem):
    """Recent minutes times a season-long rate, because minutes change faster than the rate."""

    system_id: ClassVar[str] = "minutes_rate_v1"
    requires: ClassVar[tuple[str, ...]] = ("minutes_ew_3", "minutes_ew_12", "ppm_ew_30", "ppm_ew_12")

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """Minutes with three half-lives times the rate, rest, and the minutes of absent team-mates."""
        rate = season_rate(inputs)
        short, long = known(inputs, "minutes_ew_3") or 0.0, known(inputs, "minutes_ew_12") or 0.0
        left, usual = known(inputs, "absent_minutes_expected"), known(inputs, "absent_minutes_ew")
        rested = known(inputs, "days_rest")
        return {
            "short_minutes_x_rate": short * rate,
            "long_minutes_x_rate": long * rate,
            "long_minutes_x_short_rate": long * (known(inputs, "ppm_ew_12") or 0.0),
            "absent_minutes_x_rate": None if left is None or usual is None else (left - usual) * rate,
            "long_rest_x_points": None if rested is None else float(rested >= 5) * short * rate,
        }


def season_rate(inputs: PlayerInputs) -> float:
    """Points per minute: this season's, shrunk towards the long-term rate while the season is young."""
    long = known(inputs, "ppm_ew_30") or 0.0
    points, minutes = known(inputs, "points_avg_season"), known(inputs, "minutes_avg_season")
    games = known(inputs, "season_games") or 0.0
    if points is None or not minutes:
        return long
    return (games * points / minutes + RATE_GAMES * long) / (games + RATE_GAMES)


SYSTEM = MinutesRate()
