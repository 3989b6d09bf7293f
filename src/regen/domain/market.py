"""The market's view of a line: the chance that its prices state, without the bookmaker's margin, and what a side pays.

The rule for the margin is `proportional`: both sides' implied chances are divided by their sum.
"""

from __future__ import annotations

from msgspec import Struct

MARGIN_RULE = "proportional"
MIN_SUM, MAX_SUM = 0.98, 1.35
"""The implied chances of two sides that a bookmaker offers together add up to 1.02 to 1.20; beyond these bounds they are none."""


class Market(Struct, frozen=True):
    """What is known of a line besides its value.

    Attributes:
        over: the chance of over by two-way prices, without the margin and without a push; None for an unpriced line.
        over_pays: profit per unit staked on over, and `under_pays` on under; None for an unpriced line.
        consensus: the median of the bookmakers' main lines: the median of the points by an unpriced market.
    """

    over: float | None = None
    over_pays: float | None = None
    under_pays: float | None = None
    consensus: float | None = None

    @property
    def is_priced(self) -> bool:
        """Whether both sides have a price."""
        return self.over is not None


def implied_chance(price: int | None) -> float | None:
    """The chance implied by American odds, margin included; None for a price that is no odds."""
    if price is None or -100 < price < 100:
        return None
    return 100.0 / (price + 100.0) if price > 0 else -price / (-price + 100.0)


def market(over_price: int | None, under_price: int | None, consensus: float | None = None) -> Market:
    """The market of a line with these American odds; an unpriced one if they are no two-way prices."""
    over, under = implied_chance(over_price), implied_chance(under_price)
    if over is None or under is None or not MIN_SUM <= over + under <= MAX_SUM:
        return Market(consensus=consensus)
    return Market(over / (over + under), 1.0 / over - 1.0, 1.0 / under - 1.0, consensus)
