from __future__ import annotations

import pytest

from regen.domain.inputs import Line
from regen.domain.lines import choose
from regen.domain.market import market


def test_the_margin_is_removed_in_proportion() -> None:
    found = market(-140, 118)
    over, under = 140 / 240, 100 / 218
    assert found.over == pytest.approx(over / (over + under))
    assert found.over_pays == pytest.approx(100 / 140)
    assert found.under_pays == pytest.approx(1.18)


@pytest.mark.parametrize(
    "prices", [(None, None), (-110, None), (None, -110), (0, -110), (99, -110), (150, 150), (-400, -400)]
)
def test_prices_that_are_no_two_way_prices_price_nothing(prices: tuple[int | None, int | None]) -> None:
    found = market(*prices, 12.5)
    assert not found.is_priced
    assert (found.over, found.over_pays, found.under_pays, found.consensus) == (None, None, None, 12.5)


def test_the_lines_know_the_consensus_of_all_bookmakers() -> None:
    chosen = choose((Line(15.5, "prizepicks"), Line(13.5, "bovada", -110, -110), Line(14.5, "betmgm", -120, 100)))
    assert (chosen.consensus, [line.bookmaker for line in chosen.lines]) == (14.5, ["betmgm"])
    assert chosen.market(chosen.lines[0]) == market(-120, 100, 14.5)
    assert choose(()).consensus is None
