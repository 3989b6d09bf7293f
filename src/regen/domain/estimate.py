"""The estimate of a prediction system for a player, and the interface of a system."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct, field

from regen.domain.inputs import PlayerInputs

MOST_POINTS = 100.0
"""No player has scored more in a game."""
MOST_SPREAD = 50.0


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

    @property
    def system_id(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def requires(self) -> tuple[str, ...]: ...

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


def out_of_bounds(estimate: Estimate) -> str | None:
    """What is wrong with an estimate, in words that name the field; None if nothing is."""
    return next(_beyond(estimate), None)


def _beyond(estimate: Estimate) -> Iterator[str]:
    if not _within(estimate.points, 0.0, MOST_POINTS):
        yield f"points: expected 0 to {MOST_POINTS:g}, got {estimate.points!r}"
    if not _within(estimate.sd, 0.0, MOST_SPREAD) or estimate.sd == 0.0:
        yield f"sd: expected more than 0, at most {MOST_SPREAD:g}, got {estimate.sd!r}"
    if not _within(estimate.confidence, 0.0, 100.0):
        yield f"confidence: expected 0 to 100, got {estimate.confidence!r}"
    if not _within(estimate.trust.share, 0.0, 1.0) or not _within(estimate.trust.error, 0.0, math.inf):
        yield f"trust: expected a share of 0 to 1 and an error, got {estimate.trust!r}"
    for name, part in estimate.factors.items():
        if not isinstance(name, str) or not _within(part, -math.inf, math.inf):
            yield f"factors: expected finite points by name, got {name!r}: {part!r}"
    if not all(isinstance(warning, str) for warning in estimate.warnings):
        yield f"warnings: expected texts, got {estimate.warnings!r}"


def _within(value: object, least: float, most: float) -> bool:
    return isinstance(value, float | int) and math.isfinite(value) and least <= value <= most
