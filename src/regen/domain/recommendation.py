"""The chance, recommendation and confidence for an estimate and a line: one rule for all systems.

A player's points are modelled as continuous, with median `points` and standard deviation `sd`; raised to the power 2/3
they are close to normal. (Observed scoring has a skew of about sd / mean, which this power gives; the gamma distribution's
is twice that.) A whole number n covers the interval from n - 0.5 to n + 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from regen.domain.estimate import Estimate

POWER = 2.0 / 3.0
SHIFT = 0.5
"""Added to points before the power, so that zero points get a probability."""
MIN_SD = 0.5
MIN_EDGE = 1.0
"""Least difference between prediction and line, in points, at which a side is recommended."""
MIN_CHANCE = 0.55
"""Least chance of a side, by the system's own estimate, at which it is recommended (-110 breaks even at 0.524)."""
MARKET_TRUST = 0.3
"""Factor on a chance's distance from one half, because the bookmaker who set the line disagrees. Measured."""
CONFIDENT_WITHIN = 5.0
"""The confidence of an estimate is the chance, in percent, that the points come this close."""
_NORMAL = NormalDist()


class Recommendation(StrEnum):
    """The recommendation for a line."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105  # a word of betting
    NO_LINE = "NO_LINE"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of one line by a prediction.

    Attributes:
        predicted_points: the points as stored, to one decimal.
        confidence: 0 to 100. With a line: the chance that the likelier side wins, a push counting as half.
            Without: the chance that the points come within `CONFIDENT_WITHIN` of the prediction.
        edge: predicted points minus the line; None without a line.
        over: chance of more points than the line; None without a line.
        push: chance of exactly the line, 0 for half-point lines.
    """

    recommendation: Recommendation
    predicted_points: float
    confidence: float
    edge: float | None = None
    over: float | None = None
    push: float | None = None


def stored_points(estimate: Estimate) -> float:
    """The points as stored in the row: one decimal, at least zero."""
    return max(0.0, round(estimate.points, 1))


def chance_above(estimate: Estimate, points: float) -> float:
    """P(continuous points > `points`)."""
    if points <= -SHIFT:
        return 1.0
    centre = max(0.0, estimate.points) + SHIFT
    return _NORMAL.cdf((math.pow(centre, POWER) - math.pow(points + SHIFT, POWER)) / _root_spread(estimate, centre))


def over_probability(estimate: Estimate, line: float) -> float:
    """P(points > line): 25 or more for a line of 24.5, 26 or more for 25.0."""
    return chance_above(estimate, math.floor(line) + 0.5)


def push_probability(estimate: Estimate, line: float) -> float:
    """P(points = line): 0 for a half-point line."""
    if line != math.floor(line):
        return 0.0
    return chance_above(estimate, line - 0.5) - chance_above(estimate, line + 0.5)


def quantile(estimate: Estimate, chance: float) -> float:
    """The quantile of the points at this probability, at least 0."""
    centre = max(0.0, estimate.points) + SHIFT
    root = max(0.0, math.pow(centre, POWER) + _root_spread(estimate, centre) * _NORMAL.inv_cdf(chance))
    return max(0.0, math.pow(root, 1.0 / POWER) - SHIFT)


def interval80(points: float, sd: float) -> tuple[float, float]:
    """The central interval that the points fall into with a chance of 80 %."""
    estimate = Estimate(points, sd, 0.0)
    return quantile(estimate, 0.1), quantile(estimate, 0.9)


def _root_spread(estimate: Estimate, centre: float) -> float:
    return POWER * math.pow(centre, POWER - 1.0) * max(MIN_SD, estimate.sd)


def closeness(points: float, sd: float) -> float:
    """The confidence of an estimate, 0 to 100: the chance that the points come within `CONFIDENT_WITHIN` of it."""
    estimate = Estimate(points, sd, 0.0)
    near = chance_above(estimate, points - CONFIDENT_WITHIN) - chance_above(estimate, points + CONFIDENT_WITHIN)
    return round(100.0 * near, 2)


def advise(estimate: Estimate, line: float | None) -> Judgement:
    """Recommend a side of one line, always the side of the stored prediction, or none."""
    points = stored_points(estimate)
    if line is None:
        return Judgement(Recommendation.NO_LINE, points, estimate.confidence)
    edge = round(points - line, 1)
    over, push = over_probability(estimate, line), push_probability(estimate, line)
    side = over if edge > 0 else 1.0 - over - push
    chance = side + push / 2.0
    decided = side / max(1e-9, 1.0 - push)
    if abs(edge) < MIN_EDGE or decided < MIN_CHANCE:
        recommendation = Recommendation.PASS
    else:
        recommendation = Recommendation.OVER if edge > 0 else Recommendation.UNDER
    confidence = 100.0 * (0.5 + MARKET_TRUST * (max(0.5, chance) - 0.5))
    return Judgement(recommendation, points, round(confidence, 2), edge, over, push)
