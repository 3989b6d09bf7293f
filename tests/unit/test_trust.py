from __future__ import annotations

import numpy as np
import pytest

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.market import Market, market
from regen.domain.recommendation import log_odds, own_chance
from regen.systems.artefact import LinearModel, Spread
from regen.systems.linear import trust_of
from regen.training.logistic import logistic
from regen.training.scores import Floats
from regen.training.trust import MIN_DECIDED, Decided, Offer, decided, offer_of, with_trust
from support.league import entry

PLAIN = LinearModel(0.0, (), Spread(6.0, 0.0, 0.0))
OFFER = Offer(14.5, "draftkings", market(-110, -110))


def made(share: float, count: int = 6000) -> tuple[Floats, Decided]:
    """Results of a world in which the system knows `share` of what it says."""
    source = np.random.default_rng(3)
    points = np.round(source.uniform(9.0, 20.0, count), 1)
    odds = np.array([share * log_odds(own_chance(Estimate(float(p), 6.0, 0.0), 14.5)) for p in points])
    over = (source.random(count) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    return points, Decided(np.arange(count), (OFFER,) * count, np.arange(count) // 10, over)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_what_a_system_knows_is_found(share: float) -> None:
    points, lined = made(share)
    trust = trust_of(with_trust(PLAIN, points, np.zeros(len(points)), lined))
    assert 0.0 <= trust.share <= 1.0
    assert abs(trust.share - share) < 3 * trust.error
    assert 0.01 < trust.error < 0.1


def test_a_system_that_is_wrong_is_ignored() -> None:
    points, lined = made(-0.5)
    assert trust_of(with_trust(PLAIN, points, np.zeros(len(points)), lined)).share == 0.0


def test_too_few_lines_give_no_share() -> None:
    points, lined = made(1.0, MIN_DECIDED - 1)
    fitted = with_trust(PLAIN, points, np.zeros(len(points)), lined)
    assert fitted == PLAIN
    assert (trust_of(fitted).share, trust_of(fitted).error) == (0.0, 0.0)


def test_pushes_and_unseen_samples_are_left_out() -> None:
    offers = (OFFER, None, Offer(15.0, "betmgm", Market()), OFFER, OFFER)
    seen = np.array([True, True, True, False, True])
    found = decided(offers, ["a", "a", "b", "b", "c"], np.array([20.0, 3.0, 15.0, 20.0, 9.0]), seen)
    assert found.rows.tolist() == [0, 4]
    assert (found.over.tolist(), found.games.tolist()) == ([1.0, 0.0], [0, 1])


def test_the_offer_is_the_line_of_the_rows() -> None:
    inputs = entry("playera").inputs
    assert isinstance(inputs, PlayerInputs)
    offer = offer_of(inputs)
    assert offer is not None
    assert (offer.line, offer.bookmaker) == (inputs.lines[0].value, inputs.lines[0].bookmaker)


def test_errors_allow_for_rows_of_one_game() -> None:
    points, lined = made(0.3)
    x = (points - 14.5)[:, None]
    copied = np.repeat(x, 4, axis=0), np.repeat(lined.over, 4)
    alone = logistic(x, lined.over, np.zeros(len(x)), np.arange(len(x)))
    together = logistic(*copied, np.zeros(4 * len(x)), np.repeat(np.arange(len(x)), 4))
    assert together[0] == pytest.approx(alone[0], rel=1e-6)
    assert together[1] == pytest.approx(alone[1], rel=1e-3)
    apart = logistic(*copied, np.zeros(4 * len(x)), np.arange(4 * len(x)))
    assert apart[1] == pytest.approx(alone[1] / 2, rel=1e-2)
