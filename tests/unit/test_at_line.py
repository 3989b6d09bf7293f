from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from regen.domain.estimate import Estimate, Trust
from regen.domain.market import market
from regen.domain.values import replace
from regen.training.at_line import MARKET, TOTAL, AtLine, at_line
from regen.training.dataset import Sample
from regen.training.evaluate import openings
from regen.training.line_table import line_tables
from regen.training.scoring import Scored, score
from regen.training.trust import Offer
from support.league import DAY, entry
from support.season_factory import season

OFFER = Offer(14.5, "draftkings", market(-110, -110))
SURE = Estimate(20.0, 4.0, 60.0, trust=Trust(1.0))
BLIND = Estimate(20.0, 4.0, 60.0)


def sample(points: int, game: str = "g1") -> Sample:
    inputs = entry("playera").inputs
    assert inputs is not None
    return Sample(replace(inputs, game_id=game), points, 30.0)


def one(points: int, estimate: Estimate = SURE, offer: Offer | None = OFFER, **more: float) -> Scored:
    return score(sample(points), {"s": estimate}, offer, more.get("opening"))[0]


def total(rows: list[Scored], name: str = "s", population: str = "priced") -> AtLine:
    found = at_line(rows)
    return next(f for f in found if (f.system_id, f.population, f.group) == (name, population, TOTAL))


def test_losses_are_of_the_chance_at_the_line() -> None:
    row = one(22)
    assert row.over is not None
    assert row.log_loss == pytest.approx(-math.log(row.over))
    assert row.brier == pytest.approx((1 - row.over) ** 2)
    assert row.market_log_loss == pytest.approx(math.log(2))
    blind = one(9, BLIND)
    assert (blind.over, blind.log_loss, blind.market_brier) == pytest.approx((0.5, math.log(2), 0.25))


def test_a_pick_earns_what_its_price_pays() -> None:
    assert one(22).profit == pytest.approx(100 / 110)
    assert one(9).profit == -1.0
    assert one(15, offer=replace(OFFER, line=15.0)).profit == 0.0
    assert one(15, offer=replace(OFFER, line=15.0)).log_loss is None
    assert one(22, BLIND).profit is None
    assert one(22, offer=replace(OFFER, market=market(None, None))).profit is None


def test_the_crps_of_a_narrow_distribution_is_the_error() -> None:
    narrow = Estimate(20.0, 0.5, 60.0)
    assert one(20, narrow).crps < 0.2
    assert one(26, narrow).crps == pytest.approx(6.0, abs=0.3)
    assert one(26, narrow).pinball == pytest.approx(3.0, abs=0.2)
    assert one(26).crps < one(30).crps


def test_the_line_moved_towards_the_systems_side() -> None:
    assert one(22, opening=13.5).line_move == 1.0
    assert one(22, opening=21.5).line_move == 7.0
    assert one(22, opening=15.5).line_move == -1.0
    assert one(22).line_move is None
    read = score(sample(22), {"s": SURE}, OFFER, 13.5, frozenset({"s"}))[0]
    assert read.line_move is None


def test_an_opening_needs_a_second_look() -> None:
    made = season(days=2)
    line = made.lines[0]
    later = replace(line, line=line.line + 1, captured_at=datetime(2025, 10, 21, 22, tzinfo=UTC))
    key = (line.game_date, line.player_lookup, line.bookmaker)
    assert openings(made) == {}
    assert openings(replace(made, lines=(later, *made.lines))) == {key: line.line}


def test_the_figures_are_paired_with_the_markets() -> None:
    rows = []
    for number in range(40):
        came = 22 if number % 4 else 9
        rows += score(sample(came, f"g{number}"), {"s": SURE, "blind": BLIND}, OFFER)
    found, blind, even = total(rows), total(rows, "blind"), total(rows, MARKET)
    assert (found.rows, found.games, found.picks) == (40, 40, 40)
    assert found.hit_rate.value == pytest.approx(0.75)
    assert found.profit.value == pytest.approx(0.75 * 100 / 110 - 0.25)
    assert found.log_loss_vs_market.value == pytest.approx(found.log_loss - even.log_loss)
    assert blind.picks == 0
    assert blind.log_loss_vs_market.value == pytest.approx(0.0)
    assert even.chance == pytest.approx(0.5)
    assert even.came.value == pytest.approx(0.75)
    parts = {(f.group, f.part): f.rows for f in at_line(rows) if f.system_id == "s"}
    assert (parts["side", "OVER"], parts["edge", "2 or more"], parts["month", f"{DAY:%Y-%m}"]) == (40, 40, 40)
    assert {group for group, _ in parts} == {TOTAL, "edge", "side", "month", "role", "rest", "tier"}


def test_unpriced_lines_have_a_table_of_their_own() -> None:
    bare = Offer(14.5, "prizepicks", market(None, None, 14.5))
    rows = [*score(sample(22), {"ensemble_v1": SURE}, OFFER), *score(sample(9, "g2"), {"ensemble_v1": SURE}, bare)]
    text = "\n".join(line_tables(at_line(rows)))
    assert "At the priced line" in text
    assert "At the line without prices" in text
    assert total(rows, "ensemble_v1", "unpriced").picks == 0
    assert at_line(score(sample(22), {"s": SURE}, None)) == ()
