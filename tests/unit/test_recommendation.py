from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regen.domain.estimate import Estimate, Trust
from regen.domain.market import Market, market
from regen.domain.recommendation import (
    NO_PRICE,
    Recommendation,
    advise,
    closeness,
    log_odds,
    over_probability,
    own_chance,
    push_probability,
    quantile,
)

EVEN = market(-110, -110)
shares = st.builds(Trust, st.floats(0, 1), st.floats(0, 1))
estimates = st.builds(Estimate, points=st.floats(0, 60), sd=st.floats(0.1, 15), confidence=st.just(50.0), trust=shares)
odds = st.none() | st.integers(-900, -100) | st.integers(100, 900)
markets = st.builds(market, odds, odds, st.none() | st.floats(0.5, 60))
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


@given(estimates, lines, markets)
def test_the_recommendation_never_contradicts_the_stored_points(estimate: Estimate, line: float, at: Market) -> None:
    judgement = advise(estimate, line, at)
    if judgement.recommendation is Recommendation.OVER:
        assert judgement.predicted_points > line
    elif judgement.recommendation is Recommendation.UNDER:
        assert judgement.predicted_points < line
    else:
        assert judgement.recommendation is Recommendation.PASS
    assert judgement.edge == pytest.approx(judgement.predicted_points - line)
    assert 0 <= judgement.confidence <= 100
    assert judgement.over is not None
    assert 0 <= judgement.over <= 1
    sided = judgement.recommendation is not Recommendation.PASS
    assert (judgement.filter_reason == NO_PRICE) is not at.is_priced
    assert not sided or (judgement.value or 0.0) > (judgement.value_error or 0.0)


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


def trusted(points: float, share: float, error: float = 0.0, sd: float = 6.0) -> Estimate:
    return Estimate(points, sd, 50.0, trust=Trust(share, error))


def test_the_market_decides_where_the_system_has_no_share() -> None:
    leaning = market(-140, 118)
    for points in (2.0, 14.5, 40.0):
        judged = advise(Estimate(points, 6.0, 50.0), 14.5, leaning)
        assert judged.over == pytest.approx(leaning.over)
        assert judged.recommendation is Recommendation.PASS
    own = own_chance(trusted(17.0, 1.0), 14.5)
    assert advise(trusted(17.0, 1.0), 14.5, leaning).over == pytest.approx(own)
    between = advise(trusted(17.0, 0.2), 14.5, leaning).over
    assert between is not None
    assert log_odds(between) == pytest.approx(0.8 * log_odds(leaning.over or 0.0) + 0.2 * log_odds(own))


@pytest.mark.parametrize(
    ("points", "share", "error", "wanted"),
    [
        (17.6, 0.5, 0.0, "OVER"),
        (11.4, 0.5, 0.0, "UNDER"),
        (14.5, 0.5, 0.0, "PASS"),
        (15.0, 0.5, 0.0, "PASS"),
        (16.0, 0.2, 0.0, "PASS"),
        (17.6, 0.5, 0.4, "PASS"),
    ],
)
def test_a_side_needs_value_beyond_its_error(points: float, share: float, error: float, wanted: str) -> None:
    assert advise(trusted(points, share, error), 14.5, EVEN).recommendation == wanted


def test_a_better_price_makes_a_side() -> None:
    assert advise(trusted(15.6, 0.3), 14.5, market(-115, -105)).recommendation is Recommendation.PASS
    assert advise(trusted(15.6, 0.9), 14.5, market(-115, -105)).recommendation is Recommendation.OVER
    assert advise(trusted(15.6, 0.9), 14.5, market(-190, 155)).recommendation is Recommendation.PASS
    assert advise(trusted(15.6, 0.9, sd=15.0), 14.5, market(-115, -105)).recommendation is Recommendation.PASS


def test_an_unpriced_line_is_passed_for_want_of_a_price() -> None:
    judged = advise(trusted(24.0, 1.0), 14.5, market(-110, None, consensus=14.5))
    assert (judged.recommendation, judged.filter_reason, judged.value) == (Recommendation.PASS, NO_PRICE, None)
    assert judged.confidence > 90
    far = advise(Estimate(24.0, 6.0, 50.0), 24.5, market(None, None, consensus=14.5))
    assert far.over is not None
    assert far.over < 0.1


def test_confidence_is_the_chance_of_the_side_of_the_prediction() -> None:
    over = advise(trusted(17.0, 0.3), 14.5, EVEN)
    under = advise(trusted(12.0, 0.3), 14.5, EVEN)
    assert over.confidence == pytest.approx(100 * (over.over or 0.0), abs=0.01)
    assert under.confidence == pytest.approx(100 * (1 - (under.over or 0.0)), abs=0.01)
    assert advise(trusted(15.0, 0.0), 14.5, market(150, -180)).confidence < 50
    pushed = advise(trusted(17.0, 0.3), 15.0, EVEN)
    assert pushed.confidence == pytest.approx(100 * ((pushed.over or 0.0) + (pushed.push or 0.0) / 2), abs=0.01)


def test_confidence_falls_with_the_spread() -> None:
    assert 0 < closeness(12.0, 9.0) < closeness(12.0, 6.0) < closeness(12.0, 3.0) <= 100
