"""similarity_balanced_v1: the player's points in similar earlier games, relative to the player's form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs, RecentGame
from regen.systems.linear import LinearSystem, Signals, known

RECENCY_HALF_LIFE = 15.0
"""In games."""
DEFENCE_WIDTH = 4.0
"""Width of the similarity of defences, in points per 100 possessions."""
REST_WIDTH = 1.5
"""Width of the similarity of rest, in days."""
MINUTES_WIDTH = 6.0
"""Width of the similarity of a game's minutes to those expected now, in minutes."""
OTHER_VENUE = 0.8
"""Weight of a game at the other kind of venue."""
MAX_REST = 5
SEASON_PRIOR_GAMES = 6.0
"""Weight of the prior against the season's own mean, in games."""


@dataclass(frozen=True)
class Similarity(LinearSystem):
    """Weights each earlier game by its actual defence, rest, venue and minutes."""

    system_id: ClassVar[str] = "similarity_balanced_v1"
    requires: ClassVar[tuple[str, ...]] = ("points_ew_12", "minutes_ew_6")

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The player's form, and the deviation of similar games from it."""
        defence = known(inputs, "opponent_def_rating")
        minutes = known(inputs, "minutes_ew_6") or 0.0
        rest = known(inputs, "days_rest")
        decay = 0.5 ** (1.0 / RECENCY_HALF_LIFE)
        plain = alike = points_plain = points_alike = points_minutes = in_minutes = 0.0
        weight = 1.0
        for game in inputs.recent_games:
            likeness = weight * _likeness(game, defence, rest, home=inputs.home)
            near = weight * math.exp(-0.5 * ((game.minutes - minutes) / MINUTES_WIDTH) ** 2)
            plain += weight
            points_plain += weight * game.points
            alike += likeness
            points_alike += likeness * game.points
            in_minutes += near
            points_minutes += near * game.points
            weight *= decay
        usual = points_plain / plain
        form, season = known(inputs, "points_ew_12") or 0.0, known(inputs, "points_avg_season")
        games = known(inputs, "season_games") or 0.0
        return {
            "form": form,
            "usual_less_form": usual - form,
            "season_less_form": None if season is None else (season - form) * games / (games + SEASON_PRIOR_GAMES),
            "alike_less_usual": points_alike / alike - usual,
            "alike_in_minutes_less_usual": points_minutes / in_minutes - usual if in_minutes > 1.0 else 0.0,
        }


def _likeness(game: RecentGame, defence: float | None, rest: float | None, *, home: bool | None) -> float:
    """The similarity, 0 to 1; an unknown property of a game does not change its weight relative to other unknown ones."""
    likeness = 1.0 if game.home == home or game.home is None or home is None else OTHER_VENUE
    if game.opponent_def_rating is not None and defence is not None:
        likeness *= math.exp(-0.5 * ((game.opponent_def_rating - defence) / DEFENCE_WIDTH) ** 2)
    if rest is not None and game.days_rest is not None:
        apart = min(rest, MAX_REST) - min(game.days_rest, MAX_REST)
        likeness *= math.exp(-0.5 * (apart / REST_WIDTH) ** 2)
    return max(likeness, 0.02)


SYSTEM = Similarity()
