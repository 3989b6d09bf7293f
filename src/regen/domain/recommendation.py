"""The chance, recommendation and confidence for an estimate and a line: one rule for all systems.

A player's points are modelled as continuous, with median `points` and standard deviation `sd`; raised to the power 2/3
they are close to normal. (Observed scoring has a skew of about sd / mean, which this power gives; the gamma distribution's
is twice that.) A whole number n covers the interval from n - 0.5 to n + 0.5.

At a line the market's chance comes first. The prices without the margin state it (`market`); for an unpriced line it is that of
points whose median is the consensus of the lines. The estimate moves its log odds by the system's fitted share of the distance to
its own (`Trust`). A side is recommended only if its value at the offered price is positive by more than the value's error.
"""

from __future__ import annotations

import math
from enum import StrEnum
from statistics import NormalDist

from msgspec import Struct

from regen.domain.estimate import Estimate
from regen.domain.market import Market

POWER = 2.0 / 3.0
SHIFT = 0.5
"""Added to points before the power, so that zero points get a probability."""
MIN_SD = 0.5
LEAST_CHANCE = 1e-6
VALUE_ERRORS = 1.0
"""By how many standard errors of it the value of a side must be positive, to be recommended."""
NO_PRICE = "no_price"
"""Why one should not bet on a line without two-way prices."""
CONFIDENT_WITHIN = 5.0
"""The confidence of an estimate is the chance, in percent, that the points come this close."""
_NORMAL = NormalDist()


class Recommendation(StrEnum):
    """The recommendation for a line."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105  # a word of betting
    NO_LINE = "NO_LINE"


class Judgement(Struct, frozen=True):
    """The judgement of one line by a prediction.

    Attributes:
        predicted_points: the points as stored, to one decimal.
        confidence: 0 to 100. With a line: the chance in percent that the side of the prediction wins, a push counting as half.
            Without: the chance that the points come within `CONFIDENT_WITHIN` of the prediction.
        edge: predicted points minus the line; None without a line.
        over: chance of more points than the line; None without a line.
        push: chance of exactly the line, 0 for half-point lines.
        value: expected profit per unit staked on the side of the prediction; None without prices. `value_error` is its error.
        filter_reason: why one should not bet on the line; None if one may.
    """

    recommendation: Recommendation
    predicted_points: float
    confidence: float
    edge: float | None = None
    over: float | None = None
    push: float | None = None
    value: float | None = None
    value_error: float | None = None
    filter_reason: str | None = None


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


def market_chance(estimate: Estimate, line: float, market: Market) -> float:
    """The market's chance of over, a push set aside."""
    if market.over is not None:
        return market.over
    return own_chance(Estimate(line if market.consensus is None else market.consensus, estimate.sd, 0.0), line)


def own_chance(estimate: Estimate, line: float) -> float:
    """The estimate's own chance of over, a push set aside."""
    over, push = over_probability(estimate, line), push_probability(estimate, line)
    return over / (1.0 - push) if push < 1.0 else 0.5


def advise(estimate: Estimate, line: float | None, market: Market | None = None) -> Judgement:
    """Recommend a side of one line, always the side of the stored prediction, or none."""
    points = stored_points(estimate)
    if line is None:
        return Judgement(Recommendation.NO_LINE, points, estimate.confidence)
    market = market or Market()
    edge = round(points - line, 1)
    push = push_probability(estimate, line)
    prior = log_odds(market_chance(estimate, line, market))
    distance = log_odds(own_chance(estimate, line)) - prior
    chance = 1.0 / (1.0 + math.exp(-(prior + estimate.trust.share * distance)))
    side = chance if edge > 0 else 1.0 - chance
    over, win = chance * (1.0 - push), side * (1.0 - push)
    confidence = round(100.0 * (win + push / 2.0), 2)
    pays = market.over_pays if edge > 0 else market.under_pays
    if pays is None:
        return Judgement(Recommendation.PASS, points, confidence, edge, over, push, filter_reason=NO_PRICE)
    value = win * (1.0 + pays) + push - 1.0
    error = (1.0 - push) * (1.0 + pays) * chance * (1.0 - chance) * abs(distance) * estimate.trust.error
    recommendation = Recommendation.PASS
    if edge and value > VALUE_ERRORS * error:
        recommendation = Recommendation.OVER if edge > 0 else Recommendation.UNDER
    return Judgement(recommendation, points, confidence, edge, over, push, value, error)


def log_odds(chance: float) -> float:
    """ln(p / (1 - p)), with chances kept off 0 and 1."""
    kept = min(1.0 - LEAST_CHANCE, max(LEAST_CHANCE, chance))
    return math.log(kept / (1.0 - kept))
