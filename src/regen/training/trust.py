"""The fit of how far a system may move the market's chance at a line, on samples that its model has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.lines import chosen_lines, main_lines
from regen.domain.market import Market
from regen.domain.recommendation import log_odds, market_chance, own_chance
from regen.domain.values import replace
from regen.systems.artefact import LinearModel
from regen.systems.linear import MARKET_SHARE, MARKET_SHARE_ERROR
from regen.training.fitting import Floats
from regen.training.logistic import logistic

MIN_DECIDED = 200
"""Lines that were not a push, below which a system gets no share."""
_DIGITS = 6


class Offer(Struct, frozen=True):
    """The main line of the bookmaker that a player's rows are against."""

    line: float
    bookmaker: str
    market: Market


def offer_of(inputs: PlayerInputs) -> Offer | None:
    """The offer; None for a player without a usable line."""
    chosen = chosen_lines(inputs)
    return next((Offer(line.value, line.bookmaker, chosen.market(line)) for line in main_lines(chosen.lines)), None)


class Decided(Struct, frozen=True):
    """Samples with a line that was not a push.

    Attributes:
        rows: their places among all samples.
        games: the number of each one's game, from 0.
        over: 1 where the points were above the line.
    """

    rows: NDArray[np.int64]
    offers: tuple[Offer, ...]
    games: NDArray[np.int64]
    over: Floats


def decided(offers: Sequence[Offer | None], games: Sequence[str], points: Floats, seen: NDArray[np.bool_]) -> Decided:
    """Of the samples seen, those with a line that was not a push."""
    kept = [(i, offer) for i, offer in enumerate(offers) if offer is not None and seen[i] and points[i] != offer.line]
    rows = np.array([i for i, _ in kept], dtype=np.int64)
    numbers = np.unique([games[i] for i in rows], return_inverse=True)[1] if kept else rows
    above = np.array([float(points[i] > offer.line) for i, offer in kept])
    return Decided(rows, tuple(offer for _, offer in kept), np.asarray(numbers, dtype=np.int64), above)


def with_trust(model: LinearModel, points: Floats, own: Floats, lined: Decided) -> LinearModel:
    """The model with its share of the distance to the market's chance and the share's error.

    The share is the most likely one within 0 and 1: at 0 the model is ignored.

    Args:
        points: predictions of all samples, made without having seen them.
        own: the spread of each sample's player.
    """
    if len(lined.rows) < MIN_DECIDED:
        return model
    shape = model.spread
    prior, distance = np.zeros(len(lined.rows)), np.zeros((len(lined.rows), 1))
    for i, (row, offer) in enumerate(zip(lined.rows, lined.offers, strict=True)):
        sd = shape.intercept + shape.per_point * points[row] + shape.per_own * own[row]
        estimate = Estimate(float(points[row]), float(sd), 0.0)
        prior[i] = log_odds(market_chance(estimate, offer.line, offer.market))
        distance[i, 0] = log_odds(own_chance(estimate, offer.line)) - prior[i]
    found, errors = logistic(distance, lined.over, prior, lined.games)
    share, error = float(found[0]), float(errors[0])
    if not np.isfinite((share, error)).all():
        return model
    fitted = {
        MARKET_SHARE: round(min(1.0, max(0.0, share)), _DIGITS),
        MARKET_SHARE_ERROR: round(error, _DIGITS),
    }
    return replace(model, settings={**model.settings, **fitted})
