"""Running sums: exponentially weighted means over games, and shrunken means of teams."""

from __future__ import annotations

import math
from collections.abc import Sequence


class Track:
    """Exponentially weighted sums of several values at once; a game's weight halves every `half_life` later games."""

    __slots__ = ("decay", "sums", "weight")

    def __init__(self, half_life: float, width: int) -> None:
        self.decay = 0.5 ** (1.0 / half_life)
        self.weight = 0.0
        self.sums = [0.0] * width

    def copy(self) -> Track:
        """The same, to go on from apart."""
        other = Track.__new__(Track)
        other.decay, other.weight, other.sums = self.decay, self.weight, self.sums  # sums are replaced, never changed
        return other

    def add(self, values: Sequence[float]) -> None:
        """Add the next game."""
        decay = self.decay
        self.weight = self.weight * decay + 1.0
        self.sums = [total * decay + value for total, value in zip(self.sums, values, strict=True)]

    def mean(self, index: int) -> float | None:
        """The weighted mean of one value, None before the first game."""
        return self.sums[index] / self.weight if self.weight else None

    def ratio(self, index: int, per: int) -> float | None:
        """The ratio of two weighted sums, None if the second is 0."""
        return self.sums[index] / self.sums[per] if self.sums[per] > 0 else None

    def shrunk(self, index: int, prior: float, games: float) -> float:
        """The weighted mean shrunk towards `prior`, which weighs as much as `games` games."""
        return (self.sums[index] + prior * games) / (self.weight + games)


def mean(values: Sequence[float]) -> float | None:
    """The plain mean; None without values."""
    return math.fsum(values) / len(values) if values else None


def deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation; None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = math.fsum(values) / len(values)
    return math.sqrt(math.fsum([(value - centre) ** 2 for value in values]) / (len(values) - 1))


def slope(values: Sequence[float]) -> float | None:
    """The least-squares change per step of values in order of time; None for fewer than three."""
    n = len(values)
    if n < 3:
        return None
    middle = (n - 1) / 2
    spread = n * (n * n - 1) / 12
    return math.fsum([(index - middle) * value for index, value in enumerate(values)]) / spread


def clamp(value: float, low: float, high: float) -> float:
    """The value, limited to the bounds."""
    return low if value < low else min(value, high)
