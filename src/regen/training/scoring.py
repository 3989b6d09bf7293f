"""The scores of one estimate: of its distribution, and of its chance at the line that its row is against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.recommendation import Recommendation, advise, chance_above, market_chance, own_chance, quantile
from regen.systems.linear import known
from regen.training.dataset import Sample
from regen.training.trust import Offer

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Those of the pinball loss."""
_TAIL = 8.0
"""Standard deviations above the median, beyond which the continuous ranked probability score is 0 to eight digits."""
STARTER, ROTATION = 28.0, 18.0
"""Exponentially weighted minutes (12) from which a player counts as a starter, and as one of the rotation."""


class Scored(Struct, frozen=True):
    """One estimate and its scores; a row of the file of rows. None where a score needs a line or a price.

    Attributes:
        role: `starter`, `rotation` or `bench`, by the minutes of earlier games.
        rest: days without a game: 0, 1, 2 or `3+`.
        inside80: 1.0 if the points came within the 80 % interval, else 0.0.
        pinball: mean pinball loss of the quantiles `QUANTILES`. `crps` is the continuous ranked probability score; both in points.
        market_over: chance of over by the prices, a push set aside; `own_over` by the system alone; `over` as its row states it.
        over_pays: profit per unit on over, None for an unpriced line. `under_pays` likewise.
        side: the side of the prediction.
        came: 1.0 if the points were over the line, 0.0 if under, None for a push.
        profit: per unit staked, of a recommended side.
        line_move: by how many points the line moved towards the system's side of its opening, till the close.
    """

    game_date: date
    game_id: str
    player_lookup: str
    system_id: str
    version: str
    tier: str
    role: str
    rest: str
    predicted_points: float
    sd: float
    actual_points: float
    inside80: float
    pinball: float
    crps: float
    bookmaker: str | None = None
    line: float | None = None
    over_pays: float | None = None
    under_pays: float | None = None
    market_over: float | None = None
    own_over: float | None = None
    over: float | None = None
    side: str | None = None
    recommendation: str = Recommendation.NO_LINE.value
    confidence: float | None = None
    value: float | None = None
    value_error: float | None = None
    came: float | None = None
    log_loss: float | None = None
    market_log_loss: float | None = None
    brier: float | None = None
    market_brier: float | None = None
    profit: float | None = None
    opening_line: float | None = None
    line_move: float | None = None

    @property
    def is_priced(self) -> bool:
        """Whether the line has two-way prices."""
        return self.over_pays is not None


COLUMNS = Scored.__struct_fields__


def score(
    sample: Sample,
    estimates: Mapping[str, Estimate],
    offer: Offer | None,
    opening: float | None = None,
    reads_line: frozenset[str] = frozenset(),
    version: str = "",
) -> list[Scored]:
    """Score every system's estimate of a player-game.

    Args:
        opening: the first line of the offer's bookmaker, if it was seen earlier than the offer.
        reads_line: systems that read the closing line, of whom its move says nothing.
        version: hash of the artefact.
    """
    return [
        _scored(sample, name, estimate, offer, None if name in reads_line else opening, version)
        for name, estimate in estimates.items()
    ]


def _scored(
    sample: Sample, name: str, estimate: Estimate, offer: Offer | None, opening: float | None, version: str
) -> Scored:
    inputs, points = sample.inputs, float(sample.points)
    about = (sample.day, inputs.game_id, inputs.player_lookup, name, version, str(inputs.data_source_tier))
    what = (*about, _role(inputs), _rest(inputs), estimate.points, estimate.sd, points)
    spread = (float(inside80(estimate, points)), _pinball(estimate, points), _crps(estimate, points))
    if offer is None:
        return Scored(*what, *spread)
    advice = advise(estimate, offer.line, offer.market)
    over = (advice.over or 0.0) / max(1e-9, 1.0 - (advice.push or 0.0))
    prior = market_chance(estimate, offer.line, offer.market)
    came = None if points == offer.line else float(points > offer.line)
    side = "OVER" if (advice.edge or 0.0) > 0 else "UNDER"
    pays = offer.market.over_pays if side == "OVER" else offer.market.under_pays
    profit = None
    if pays is not None and advice.recommendation in {Recommendation.OVER, Recommendation.UNDER}:
        profit = 0.0 if came is None else pays if came == (side == "OVER") else -1.0
    towards = None
    if opening is not None and estimate.points != opening:
        towards = math.copysign(1.0, estimate.points - opening) * (offer.line - opening)
    return Scored(
        *what,
        *spread,
        bookmaker=offer.bookmaker,
        line=offer.line,
        over_pays=offer.market.over_pays,
        under_pays=offer.market.under_pays,
        market_over=prior,
        own_over=own_chance(estimate, offer.line),
        over=over,
        side=side,
        recommendation=advice.recommendation.value,
        confidence=advice.confidence,
        value=advice.value,
        value_error=advice.value_error,
        came=came,
        log_loss=_log_loss(over, came),
        market_log_loss=_log_loss(prior, came),
        brier=None if came is None else (over - came) ** 2,
        market_brier=None if came is None else (prior - came) ** 2,
        profit=profit,
        opening_line=opening,
        line_move=towards,
    )


def inside80(estimate: Estimate, points: float) -> bool:
    """Whether the points came within the 80 % interval."""
    return quantile(estimate, 0.1) <= points <= quantile(estimate, 0.9)


def _log_loss(chance: float, came: float | None) -> float | None:
    if came is None:
        return None
    return -math.log(max(1e-9, chance if came else 1.0 - chance))


def _pinball(estimate: Estimate, points: float) -> float:
    losses = []
    for share in QUANTILES:
        gap = points - quantile(estimate, share)
        losses.append(gap * share if gap >= 0 else gap * (share - 1.0))
    return sum(losses) / len(losses)


def _crps(estimate: Estimate, points: float) -> float:
    """Of the distribution over whole points: the sum of squared distances between its steps and the result's."""
    last = math.ceil(max(points, estimate.points + _TAIL * estimate.sd))
    return sum(((1.0 - chance_above(estimate, n + 0.5)) - float(points <= n)) ** 2 for n in range(last + 1))


def _role(inputs: PlayerInputs) -> str:
    minutes = known(inputs, "minutes_ew_12") or 0.0
    return "starter" if minutes >= STARTER else "rotation" if minutes >= ROTATION else "bench"


def _rest(inputs: PlayerInputs) -> str:
    days = known(inputs, "days_rest")
    return "unknown" if days is None else "3+" if days >= 3 else f"{max(0.0, days):.0f}"
