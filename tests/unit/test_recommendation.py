from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regen.domain.estimate import Estimate
from regen.domain.recommendation import (
    Recommendation,
    advise,
    closeness,
    over_probability,
    push_probability,
    quantile,
)

estimates = st.builds(Estimate, points=st.floats(0, 60), sd=st.floats(0.1, 15), confidence=st.just(50.0))
lines = st.integers(1, 120).map(lambda halves: halves / 2)


@given(estimates, lines)
def test_probabilities_add_up_to_one(estimate: Estimate, line: float) -> None:
    over, push = over_probability(estimate, line), push_probability(estimate, line)
    for chance in (over, push, over + push):
        assert -1e-9 <= chance <= 1 + 1e-9
    assert push == 0 or line == math.floor(line)


@given(estimates, lines)
def test_a_higher_line_is_never_easier_to_pass(estimate: Estimate, line: float) -> None:
    assert over_probability(estimate, line) >= over_probability(estimate, line + 0.5) - 1e-12


@given(estimates, lines)
def test_the_recommendation_never_contradicts_the_stored_points(estimate: Estimate, line: float) -> None:
    judgement = advise(estimate, line)
    if judgement.recommendation is Recommendation.OVER:
        assert judgement.predicted_points > line
    elif judgement.recommendation is Recommendation.UNDER:
        assert judgement.predicted_points < line
    else:
        assert judgement.recommendation is Recommendation.PASS
    assert judgement.edge == pytest.approx(judgement.predicted_points - line)
    assert 0 <= judgement.confidence <= 100


@given(estimates, st.floats(0.01, 0.99))
def test_quantiles_invert_probabilities(estimate: Estimate, chance: float) -> None:
    points = quantile(estimate, chance)
    assert points >= 0
    if points > 0.01:
        from regen.domain.recommendation import chance_above  # noqa: PLC0415

        assert chance_above(estimate, points) == pytest.approx(1 - chance, abs=1e-6)


def test_predicted_points_are_the_median() -> None:
    assert quantile(Estimate(17.3, 6.0, 50), 0.5) == pytest.approx(17.3)
    assert over_probability(Estimate(24.5, 6.0, 50), 24.5) == pytest.approx(0.5)


def test_integer_lines_can_push_and_neighbours_differ() -> None:
    estimate = Estimate(25.0, 7.0, 50)
    assert push_probability(estimate, 25.0) == pytest.approx(0.057, abs=0.003)
    assert over_probability(estimate, 24.5) == pytest.approx(
        over_probability(estimate, 25.0) + push_probability(estimate, 25.0)
    )


def test_missing_line_has_its_own_recommendation() -> None:
    judgement = advise(Estimate(12.34, 5.0, 61.5), None)
    assert judgement.recommendation is Recommendation.NO_LINE
    assert (judgement.predicted_points, judgement.confidence) == (12.3, 61.5)
    assert judgement.edge is judgement.over is judgement.push is None


@pytest.mark.parametrize(
    ("points", "line", "wanted"),
    [(15.0, 14.5, "PASS"), (17.6, 14.5, "OVER"), (11.4, 14.5, "UNDER"), (15.4, 14.5, "PASS"), (14.54, 14.5, "PASS")],
)
def test_recommended_side_needs_an_edge(points: float, line: float, wanted: str) -> None:
    assert advise(Estimate(points, 6.0, 50), line).recommendation == wanted


def test_wide_spread_recommends_no_side() -> None:
    assert advise(Estimate(16.0, 4.0, 50), 14.5).recommendation is Recommendation.OVER
    assert advise(Estimate(16.0, 15.0, 50), 14.5).recommendation is Recommendation.PASS


def test_confidence_falls_with_the_spread() -> None:
    assert 0 < closeness(12.0, 9.0) < closeness(12.0, 6.0) < closeness(12.0, 3.0) <= 100
