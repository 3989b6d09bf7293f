"""moving_average: an exponentially weighted mean of points, with fitted half-life and discount of earlier seasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs, RecentGame
from regen.systems.linear import LinearSystem, Signals

SEASON_BREAK_DAYS = 60
HALF_LIFE, BREAK_GAMES = "half_life", "break_games"
GRID: tuple[Mapping[str, float], ...] = tuple(
    {HALF_LIFE: half_life, BREAK_GAMES: gap} for half_life in (5.0, 7.0, 9.0, 12.0, 16.0) for gap in (0.0, 6.0, 15.0)
)
"""Half-life in games; number of games by which a season's break ages earlier games."""


def weighted_mean(games: Sequence[RecentGame], half_life: float, break_games: float) -> float:
    """The weighted mean of points, newest game first; a game's weight is half of that of a game `half_life` games later."""
    decay = 0.5 ** (1.0 / half_life)
    at_break = decay**break_games
    weight, total, weights = 1.0, 0.0, 0.0
    later = None
    for game in games:
        if later is not None and (later - game.game_date).days > SEASON_BREAK_DAYS:
            weight *= at_break
        total += weight * game.points
        weights += weight
        weight *= decay
        later = game.game_date
    return total / weights


@dataclass(frozen=True)
class MovingAverage(LinearSystem):
    """The mean. It needs the player's earlier games only."""

    system_id: ClassVar[str] = "moving_average"

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """One signal: the weighted mean."""
        half_life, gap = self.setting(HALF_LIFE, 12.0), self.setting(BREAK_GAMES, 6.0)
        return {"mean": weighted_mean(inputs.recent_games, half_life, gap)}


SYSTEM = MovingAverage()
