"""The weights of the ensemble: never worse than its best member."""

from __future__ import annotations

import numpy as np
import pytest

from regen.training.stacking import best_alone, stack

ROWS = 1800


def errors(members: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Of the mean with these weights, and of the best member."""
    return float(np.abs(members @ weights - y).mean()), float(np.abs(members - y[:, None]).mean(axis=0).min())


@pytest.mark.parametrize("seed", range(12))
def test_the_stack_is_never_worse_than_its_best_member(seed: int) -> None:
    source = np.random.default_rng(seed)
    y = source.gamma(4.0, 3.0, ROWS)
    common = source.normal(0, 3, ROWS)
    members = np.column_stack([y + common + source.normal(0, sd, ROWS) for sd in source.uniform(0.1, 5, 5)])
    weights = stack(members, y)
    own, best = errors(members, y, weights)
    assert own <= best + 1e-12
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0)


def test_members_that_err_apart_are_mixed() -> None:
    source = np.random.default_rng(1)
    y = source.normal(12, 5, ROWS)
    members = np.column_stack([y + source.normal(0, 3, ROWS) for _ in range(3)])
    weights = stack(members, y)
    assert weights.max() < 0.6
    own, best = errors(members, y, weights)
    assert own < 0.9 * best


def test_weights_that_fail_later_weeks_give_way_to_the_best() -> None:
    """On the earlier weeks the mean of two is better by far; on the later ones the second member has lost its signal."""
    source = np.random.default_rng(2)
    y = source.normal(12, 5, ROWS)
    late = np.arange(ROWS) >= ROWS * 2 // 3
    steady = y + source.normal(0, 3, ROWS)
    lost = np.where(late, 12 + source.normal(0, 8, ROWS), y + source.normal(0, 3, ROWS))
    members = np.column_stack([steady, lost])
    assert stack(members, y).tolist() == [1.0, 0.0]
    assert best_alone(members, y).tolist() == [1.0, 0.0]
