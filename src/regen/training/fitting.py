"""The numerics of fitting: a ridge regression of the median, weights that add up to one, a spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regen.systems.artefact import LinearModel, Spread, Term

Floats = NDArray[np.float64]

ROUNDS = 12
"""Number of reweightings; after ten the fit changes by less than 0.01 points."""
DELTA = 3.0
"""Residuals below this, in points, count as squares, larger ones linearly: a smoothed median."""
_DIGITS = 8


def median_ridge(x: Floats, y: Floats, alpha: float, weights: Floats | None = None) -> tuple[float, Floats, Floats]:
    """Ridge regression that minimises (smoothed) absolute errors, by reweighted least squares.

    Args:
        x: signals, a row per sample; NaN where unknown. A signal that is unknown everywhere gets the weight 0.
        y: points.
        alpha: the penalty on squared weights of standardised signals.
        weights: of the samples.

    Returns:
        Intercept, centres (means of the known values) and weights per unit.
    """
    known = ~np.isnan(x)
    centre = np.where(known, x, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, x, centre) - centre
    scale = filled.std(axis=0)
    scale[scale < 1e-9] = 1.0
    z = np.column_stack([np.ones(len(y)), filled / scale])
    penalty = np.full(z.shape[1], alpha)
    penalty[0] = 0.0
    base = np.ones(len(y)) if weights is None else weights
    current = base
    beta = np.zeros(z.shape[1])
    for _ in range(ROUNDS):
        root = np.sqrt(current)
        weighted = z * root[:, None]
        beta = np.linalg.solve(weighted.T @ weighted + np.diag(penalty), weighted.T @ (root * y))
        current = base * DELTA / np.maximum(np.abs(y - z @ beta), DELTA)
    return float(beta[0]), centre, beta[1:] / scale


def predict(x: Floats, intercept: float, centre: Floats, weights: Floats) -> Floats:
    """Points of a linear model, at least 0."""
    filled = np.where(np.isnan(x), 0.0, x - centre)
    return np.asarray(np.maximum(0.0, intercept + filled @ weights), dtype=np.float64)


def shares(x: Floats, y: Floats) -> Floats:
    """Non-negative weights of the columns that add up to 1, with the least absolute error of the weighted mean."""
    count = x.shape[1]
    best = np.full(count, 1.0 / count)
    best_error = _error(x, y, best)
    step = 0.25
    while step > 0.005:
        moved = False
        for gain in range(count):
            for loss in range(count):
                move = min(step, float(best[loss]))
                if gain == loss or move <= 0:
                    continue
                trial = best.copy()
                trial[gain] += move
                trial[loss] -= move
                error = _error(x, y, trial)
                if error < best_error - 1e-7:
                    best, best_error, moved = trial, error, True
        if not moved:
            step /= 2.0
    return best


def spread(points: Floats, own: Floats, residuals: Floats) -> Spread:
    """Fit the size of errors to the prediction and the player's own spread, with non-negative coefficients.

    The mean absolute error of a normal distribution is sd x sqrt(2 / pi).
    """
    target = np.abs(residuals) * np.sqrt(np.pi / 2.0)
    columns = [np.ones_like(points), points, own]
    used = [0, 1, 2]
    while True:
        x = np.column_stack([columns[i] for i in used])
        beta = np.linalg.lstsq(x, target, rcond=None)[0]
        if (beta >= 0).all() or len(used) == 1:
            break
        used = [index for index, value in zip(used, beta, strict=True) if value >= 0] or [0]
    found = dict(zip(used, (round(float(value), _DIGITS) for value in beta), strict=True))
    return Spread(found.get(0, 0.0), found.get(1, 0.0), found.get(2, 0.0))


def linear_model(
    names: tuple[str, ...],
    fit: tuple[float, Floats, Floats],
    settings: Mapping[str, float] | None = None,
    seen: Floats | None = None,
) -> LinearModel:
    """The fit in the artefact's form, as yet without a spread.

    Args:
        seen: the signals that the fit saw, to whose range those of a prediction are clamped.
    """
    intercept, centre, weights = fit
    bounds = [(-np.inf, np.inf)] * len(names) if seen is None else [_range(seen[:, n]) for n in range(len(names))]
    terms = tuple(
        Term(name, round(float(middle), _DIGITS), round(float(weight), _DIGITS), *limits)
        for name, middle, weight, limits in zip(names, centre, weights, bounds, strict=True)
    )
    return LinearModel(round(intercept, _DIGITS), terms, Spread(0.0, 0.0, 0.0), settings or {})


def _range(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return -np.inf, np.inf
    return round(float(known.min()), _DIGITS), round(float(known.max()), _DIGITS)


def linear_points(model: LinearModel, x: Floats) -> Floats:
    """The points that a model gives to each row of signals, at least 0."""
    centre, weight, low, high = (
        np.array([getattr(term, name) for term in model.terms]) for name in ("centre", "weight", "low", "high")
    )
    return predict(np.clip(x, low, high), model.intercept, centre, weight)


def _error(x: Floats, y: Floats, weights: Floats) -> float:
    return float(np.abs(x @ weights - y).mean())
