"""What a prediction system says of a player, and what every system is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from regen.domain.inputs import PlayerInputs


@dataclass(frozen=True, slots=True)
class Estimate:
    """A system's view of the points one player will score.

    Attributes:
        points: the median of the predictive distribution: above a line just when over is the likelier side.
        sd: standard deviation of the predictive distribution, in points, greater than 0.
        confidence: 0 to 100, calibrated: the chance in percent that what the row claims comes true (docs/accuracy.md).
        factors: named contributions in points, for people to read.
        warnings: what a reader of this prediction should know.
    """

    points: float
    sd: float
    confidence: float
    factors: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class System(Protocol):
    """A prediction system: deterministic and pure.

    Attributes:
        system_id: the id that its rows carry, such as `moving_average`.
        version: changes whenever the same inputs would give other numbers.
        requires: names of the features without which it refuses.
    """

    system_id: str
    version: str
    requires: tuple[str, ...]

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """Estimate one player.

        Args:
            inputs: what is known before the game.
            others: the estimates of the systems that come before this one in the registry and succeeded
                (an ensemble reads them; the rest ignore them).

        Raises:
            InsufficientData: the inputs do not carry what the system requires.
        """
        ...
