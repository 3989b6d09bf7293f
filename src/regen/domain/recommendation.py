"""From an estimate and a line to a chance, a recommendation and a confidence: one rule for all systems.

The points a player will score are taken as continuous, with `points` the median and `sd` the spread around it; raised to
the power 2/3 they are close to normal. (A player's scoring is skewed by about his own sd / mean, which is what this power
gives; the gamma's skew is twice that.) A whole number n stands for everything from n - 0.5 to n + 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from regen.domain.estimate import Estimate

POWER = 2.0 / 3.0
SHIFT = 0.5
"""Added to points before the power, so that scoring nothing has its share."""
MIN_SD = 0.5
MIN_EDGE = 1.0
"""Points by which the prediction must differ from the line to recommend a side."""
MIN_CHANCE = 0.55
"""Chance of the side, as the system sees it, to recommend it (-110 breaks even at 0.524)."""
MARKET_TRUST = 0.3
"""What remains of a chance's distance from one half when the bookmaker, who set the line, sees it otherwise. Measured."""
CONFIDENT_WITHIN = 5.0
"""The confidence of an estimate is the chance, in percent, that the points come this close."""
_NORMAL = NormalDist()


class Recommendation(StrEnum):
    """What to do about a line."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105  # a word of betting
    NO_LINE = "NO_LINE"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a prediction says of one line.

    Attributes:
        predicted_points: the points as stored, to one decimal.
        confidence: 0 to 100. With a line: the chance that the side it leans to wins, a push counting as half.
            Without: the chance that the points come within `CONFIDENT_WITHIN` of the prediction.
        edge: predicted points less the line; None without a line.
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
    """The prediction as its row carries it: one decimal, never below zero."""
    return max(0.0, round(estimate.points, 1))


def chance_above(estimate: Estimate, points: float) -> float:
    """P(continuous points > `points`)."""
    if points <= -SHIFT:
        return 1.0
    centre = max(0.0, estimate.points) + SHIFT
    return _NORMAL.cdf((math.pow(centre, POWER) - math.pow(points + SHIFT, POWER)) / _root_spread(estimate, centre))


def over_probability(estimate: Estimate, line: float) -> float:
    """P(points > line). 24.5 asks for 25 or more, 25.0 for 26 or more."""
    return chance_above(estimate, math.floor(line) + 0.5)


def push_probability(estimate: Estimate, line: float) -> float:
    """P(points = line): 0 for a half-point line."""
    if line != math.floor(line):
        return 0.0
    return chance_above(estimate, line - 0.5) - chance_above(estimate, line + 0.5)


def quantile(estimate: Estimate, chance: float) -> float:
    """The points that are not passed with this chance, at least 0."""
    centre = max(0.0, estimate.points) + SHIFT
    root = max(0.0, math.pow(centre, POWER) + _root_spread(estimate, centre) * _NORMAL.inv_cdf(chance))
    return max(0.0, math.pow(root, 1.0 / POWER) - SHIFT)


def _root_spread(estimate: Estimate, centre: float) -> float:
    return POWER * math.pow(centre, POWER - 1.0) * max(MIN_SD, estimate.sd)


def closeness(points: float, sd: float) -> float:
    """The confidence of an estimate, 0 to 100: the chance that the points come within `CONFIDENT_WITHIN` of it."""
    estimate = Estimate(points, sd, 0.0)
    near = chance_above(estimate, points - CONFIDENT_WITHIN) - chance_above(estimate, points + CONFIDENT_WITHIN)
    return round(100.0 * near, 2)


def advise(estimate: Estimate, line: float | None) -> Judgement:
    """The recommendation for one line, always on the side on which the stored prediction stands."""
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
