"""line_blend_v1: the ensemble moved towards the bookmakers' lines; the only system that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.lines import consensus, main_lines, sound_lines
from regen.domain.market import implied_chance
from regen.systems.linear import LinearSystem, Signals


@dataclass(frozen=True)
class LineBlend(LinearSystem):
    """The blend. It makes no estimate for a player without a line."""

    system_id: ClassVar[str] = "line_blend_v1"
    stage: ClassVar[int] = 2
    members: ClassVar[tuple[str, ...]] = ("ensemble_v1",)

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The consensus of the lines, the lean of their prices, and the ensemble's distance from them."""
        lines = sound_lines(inputs)
        if not lines:
            raise InsufficientData("no_line", "no bookmaker has a line on the player")
        if "ensemble_v1" not in others:
            raise InsufficientData("no_ensemble", "line_blend_v1 needs ensemble_v1")
        line = consensus(lines)
        return {
            "line": line,
            "ensemble_less_line": others["ensemble_v1"].points - line,
            "price_lean": price_lean(lines),
        }


def price_lean(lines: Sequence[Line]) -> float:
    """The lean of two-way prices to the over: mean chance of over without the margin, minus one half."""
    chances = [
        over / (over + under)
        for line in main_lines(lines)
        if (over := implied_chance(line.over_price)) is not None
        and (under := implied_chance(line.under_price)) is not None
    ]
    return sum(chances) / len(chances) - 0.5 if chances else 0.0


SYSTEM = LineBlend()
