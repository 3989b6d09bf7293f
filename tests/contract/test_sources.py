"""What the inputs have of each date is answered alike by the statement, in Google's evaluator, and by the ledger in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.sources import Source, SourceDay
from regen.ports import Ledger
from support.input_rows import Rows, inputs, start_of, together
from support.warehouses import MemoryHarness

DAY, NEXT = date(2026, 1, 20), date(2026, 1, 21)
Filled = Callable[[Rows], Ledger]


@pytest.fixture(params=["memory", "googlesql"])
def filled(request: pytest.FixtureRequest) -> Filled:
    """Makes a ledger over input tables with these rows."""

    def act(rows: Rows) -> Ledger:
        if request.param == "memory":
            ledger = MemoryLedger(MemoryHarness().warehouse)
            ledger.inputs = rows
            return ledger
        found = EvaluatorHarness()
        for name, table in rows.items():
            found.load(name, table)
        return found.ledger

    return act


def of(days: list[SourceDay], source: Source, day: date = DAY) -> SourceDay:
    (found,) = (one for one in days if one.source == source and one.game_date == day)
    return found


def test_each_input_of_each_date_is_counted_by_game(filled: Filled) -> None:
    rows = together(
        inputs(DAY, without=[("lines", 1)], played=True, come=True), inputs(NEXT, 1), inputs(NEXT + timedelta(days=1))
    )
    rows["player_prop_lines"] *= 2
    found = filled(rows).sources(DAY, NEXT)
    assert {one.game_date for one in found} == {DAY, NEXT}
    assert len(found) == 2 * len(Source)
    games = ("0022501200", "0022501201")
    slate = of(found, Source.SLATE)
    assert (slate.rows, slate.players, slate.games, slate.known_games) == (40, 40, games, games)
    assert (slate.first_start, slate.last_start) == (start_of(DAY), start_of(DAY, 1))
    assert slate.newest == start_of(DAY) - timedelta(hours=5)
    lines = of(found, Source.LINES)
    assert (lines.rows, lines.players, lines.games) == (40, 20, games[:1])
    assert of(found, Source.BOX_SCORES).newest == start_of(DAY, 1) + timedelta(hours=9)
    late = of(found, Source.PLAY_BY_PLAY)
    assert (late.rows, late.players, late.newest) == (2, 2, start_of(DAY, 1) + timedelta(hours=40))
    tonight = of(found, Source.BOX_SCORES, NEXT)
    assert (tonight.rows, tonight.newest, tonight.games, tonight.known_games) == (0, None, (), ("0022501210",))


def test_a_game_that_is_called_off_is_not_expected(filled: Filled) -> None:
    found = filled(inputs(DAY, called_off=[1])).sources(DAY, DAY)
    assert {one.known_games for one in found} == {("0022501200",)}
    assert of(found, Source.SLATE).players == 20


def test_a_game_that_one_input_alone_knows_is_expected_of_all(filled: Filled) -> None:
    rows = inputs(DAY, 1, played=True)
    rows["upcoming_player_game_context"].clear()
    rows["pending_bdb_games"].clear()
    found = filled(rows).sources(DAY, DAY)
    assert of(found, Source.SLATE) == SourceDay("slate", DAY, 0, 0, None, (), ("0022501200",))


def test_a_date_without_games_has_no_rows(filled: Filled) -> None:
    assert filled(inputs(DAY)).sources(NEXT, NEXT) == []
