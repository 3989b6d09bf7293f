"""Logistic regression with an offset; its errors allow for rows of one game that go together (Cameron and Miller, 2015)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regen.training.scores import Floats

STEPS = 50
_SMALL = 1e-9


def logistic(x: Floats, happened: Floats, offset: Floats, games: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Fit happened ~ offset + x by Newton's method.

    Args:
        x: a row per sample.
        games: the number of each sample's game, from 0.

    Returns:
        The coefficients and their standard errors; infinite errors if the samples do not determine the coefficients.
    """
    count = x.shape[1]
    found = np.zeros(count)
    curvature = np.eye(count)
    chance = np.full(len(happened), 0.5)
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(offset + x @ found, -30.0, 30.0)))
        curvature = (x * (chance * (1.0 - chance))[:, None]).T @ x + _SMALL * np.eye(count)
        step = np.linalg.solve(curvature, x.T @ (happened - chance))
        found = found + step
        if float(np.abs(step).max()) < _SMALL:
            break
    clusters = int(games.max()) + 1 if len(games) else 0
    if clusters < 2 or not bool(np.isfinite(found).all()):
        return found, np.full(count, np.inf)
    scores = np.zeros((clusters, count))
    np.add.at(scores, games, x * (happened - chance)[:, None])
    inverse = np.linalg.inv(curvature)
    spread = inverse @ (scores.T @ scores) @ inverse * clusters / (clusters - 1)
    return found, np.sqrt(np.diag(spread))
