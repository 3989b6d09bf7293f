"""Scores of predictions: errors, calibration, and confidence intervals of differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 5
BOOTSTRAPS = 1000
PERFECT_DRAWS = 100
SEED = 20251201


def calibration_error(chances: Floats, happened: Floats) -> float:
    """Expected calibration error over equal-count bins: mean distance between predicted chance and observed share."""
    order = np.argsort(chances, kind="stable")
    return _gap(chances[order], happened[order])


def _gap(chances: Floats, happened: Floats) -> float:
    """The calibration error of chances in ascending order."""
    parts = zip(np.array_split(chances, BINS), np.array_split(happened, BINS), strict=True)
    return sum(abs(float(said.sum() - came.sum())) for said, came in parts) / len(chances)


def perfect_calibration_error(chances: Floats) -> float:
    """The mean calibration error of a model with true chances, at this sample size.

    Args:
        chances: a row per player-game, a column per line. One draw decides a row, as one score decides all lines.
    """
    generator = np.random.default_rng(SEED)
    flat = chances.ravel()
    order = np.argsort(flat, kind="stable")
    ascending, row = flat[order], order // chances.shape[1]
    draws = []
    for _ in range(PERFECT_DRAWS):
        happened = (generator.random(len(chances))[row] < ascending).astype(np.float64)
        draws.append(_gap(ascending, happened))
    return float(np.mean(draws))


def bootstrap_interval(days: Floats, differences: Floats) -> tuple[float, float]:
    """95 % interval of the mean of `differences`, by drawing dates with replacement."""
    unique, index = np.unique(days, return_inverse=True)
    sums = np.bincount(index, weights=differences)
    counts = np.bincount(index).astype(np.float64)
    generator = np.random.default_rng(SEED)
    drawn = generator.integers(0, len(unique), size=(BOOTSTRAPS, len(unique)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
