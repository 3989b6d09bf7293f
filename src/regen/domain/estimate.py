"""The estimate of a prediction system for a player, and the interface of a system."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Protocol

from msgspec import Struct, field

from regen.domain.inputs import PlayerInputs
from regen.domain.soundness import shown

MOST_POINTS = 100.0
"""No player has scored more in a game."""
MOST_SPREAD = 50.0
MOST_FACTORS = 200
MOST_TEXT = 1000
"""Characters of a factor's name or a warning; the rest is cut off."""
_ALL = -math.inf, math.inf


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
    return next(chain(_numbers(estimate), _parts(estimate)), None)


def refusal(estimate: Estimate) -> str | None:
    """Why no row can be made of an estimate: `not_finite` for its numbers, else words; None if one can.

    Numbers beyond their bounds are rows: a system on another scale is the batch's matter, by the check `in_range` (I-49).
    """
    numbers = {"points": estimate.points, "sd": estimate.sd, "confidence": estimate.confidence}
    if any(isinstance(number, float) and not math.isfinite(number) for number in numbers.values()):
        return "not_finite"
    odd = (f"{name}: expected a number, got {shown(n)}" for name, n in numbers.items() if not _within(n, *_ALL))
    return next(chain(odd, _trusted(estimate), _parts(estimate)), None)


def in_plain_types(estimate: Estimate) -> Estimate:
    """The estimate in numbers of Python alone: no store takes another library's."""
    trust = Trust(float(estimate.trust.share), float(estimate.trust.error))
    factors = {str(name)[:MOST_TEXT]: float(part) for name, part in estimate.factors.items()}
    warnings = tuple(str(warning)[:MOST_TEXT] for warning in estimate.warnings)
    return Estimate(float(estimate.points), float(estimate.sd), float(estimate.confidence), factors, warnings, trust)


def _numbers(estimate: Estimate) -> Iterator[str]:
    if not _within(estimate.points, 0.0, MOST_POINTS):
        yield f"points: expected 0 to {MOST_POINTS:g}, got {shown(estimate.points)}"
    if not _within(estimate.sd, 0.0, MOST_SPREAD) or estimate.sd == 0.0:
        yield f"sd: expected more than 0, at most {MOST_SPREAD:g}, got {shown(estimate.sd)}"
    if not _within(estimate.confidence, 0.0, 100.0):
        yield f"confidence: expected 0 to 100, got {shown(estimate.confidence)}"
    yield from _trusted(estimate)


def _trusted(estimate: Estimate) -> Iterator[str]:
    trust: object = estimate.trust
    if not (isinstance(trust, Trust) and _within(trust.share, 0.0, 1.0) and _within(trust.error, 0.0, math.inf)):
        yield f"trust: expected a share of 0 to 1 and an error, got {shown(trust)}"


def _parts(estimate: Estimate) -> Iterator[str]:
    factors: object = estimate.factors
    if not isinstance(factors, Mapping) or len(factors) > MOST_FACTORS:
        yield f"factors: expected at most {MOST_FACTORS} points by name, got {shown(factors)}"
    else:
        for name, part in factors.items():
            if not isinstance(name, str) or not _within(part, -math.inf, math.inf):
                yield f"factors: expected finite points by name, got {shown(name)}: {shown(part)}"
    warnings: object = estimate.warnings
    if not isinstance(warnings, tuple | list) or not all(isinstance(warning, str) for warning in warnings):
        yield f"warnings: expected texts, got {shown(warnings)}"


def _within(value: object, least: float, most: float) -> bool:
    try:
        return isinstance(value, float | int) and math.isfinite(value) and least <= value <= most
    except OverflowError:
        return False  # a whole number beyond all floats
