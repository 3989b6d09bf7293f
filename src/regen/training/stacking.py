"""The weights of an ensemble: fitted on held-out games, and the best member alone where several do worse than it."""

from __future__ import annotations

import numpy as np

from regen.training.fitting import Floats, shares

CHECKED = 1 / 3
"""Share of the held-out games, the latest ones, on which weights from the earlier ones have to be as good as every member."""


def stack(members: Floats, points: Floats) -> Floats:
    """Weights of the members, at least 0, that add up to 1: on the games given their mean is never worse than any member.

    Args:
        members: predictions that have not seen their games, a column per member, in order of dates.
    """
    cut = int(len(points) * (1 - CHECKED))
    earlier = shares(members[:cut], points[:cut])
    later, result = members[cut:], points[cut:]
    if _error(later @ earlier, result) > min(_errors(later, result)):
        return best_alone(members, points)
    weights = shares(members, points)
    return (
        weights if _error(members @ weights, points) <= min(_errors(members, points)) else best_alone(members, points)
    )


def best_alone(members: Floats, points: Floats) -> Floats:
    """All weight on the member with the least error."""
    weights = np.zeros(members.shape[1])
    weights[int(np.argmin(_errors(members, points)))] = 1.0
    return weights


def _errors(members: Floats, points: Floats) -> list[float]:
    return [_error(members[:, place], points) for place in range(members.shape[1])]


def _error(predicted: Floats, points: Floats) -> float:
    return float(np.abs(predicted - points).mean())
