"""The estimate of a prediction system for a player, and the interface of a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from regen.domain.inputs import PlayerInputs


class Trust(Struct, frozen=True):
    """How far a system's estimates may move the market's chance at a line.

    Attributes:
        share: of the distance, in log odds, between the market's chance and the system's own: 0 ignores the system, 1 the market.
        error: the standard error of the share.
    """

    share: float = 0.0
    error: float = 0.0


NO_TRUST = Trust()
"""That of a system for which no fit has shown that it knows more than the market."""


class Estimate(Struct, frozen=True):
    """A system's view of the points one player will score.

    Attributes:
        points: the median of the predictive distribution; it lies above a line exactly if over is the likelier side.
        sd: standard deviation of the predictive distribution, in points, greater than 0.
        confidence: 0 to 100, calibrated: the chance in percent that the row's statement comes true (docs/accuracy.md).
        factors: named contributions in points, for people to read.
        warnings: caveats for readers of this prediction.
        trust: how far it may move the market's chance at a line.
    """

    points: float
    sd: float
    confidence: float
    factors: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    trust: Trust = NO_TRUST


class System(Protocol):
    """A prediction system: deterministic and pure.

    Attributes:
        system_id: the id that its rows carry, such as `moving_average`.
        version: changes whenever the same inputs would give other numbers.
        requires: names of the features without which it raises InsufficientData.
    """

    system_id: str
    version: str
    requires: tuple[str, ...]

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """Estimate one player.

        Args:
            inputs: the data known before the game.
            others: the estimates of the systems that precede this one in the registry and succeeded. An ensemble
                reads them; other systems ignore them.

        Raises:
            InsufficientData: the inputs lack something that the system requires.
        """
        ...
