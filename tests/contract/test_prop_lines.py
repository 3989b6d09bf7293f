"""Points lines come from wherever they are, and each row of the slate says from where."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract.test_tip_off import CONTEXT, FEATURES, LINES, context, features, hours, learnt_from, line, of
from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import DEFINITION, filled
from googlesql.test_views import said
from googlesql.warehouse import EvaluatorHarness
from regen.domain.inputs import Line, PlayerInputs, SourceTier
from regen.domain.lines import choose, sift
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.sql.views import views
from support.warehouses import DAY, Harness, MemoryHarness, harness, statements

__all__ = ["analyser", "harness", "statements"]

UPSTREAMS = Path(__file__).parents[2] / "infra" / "sql" / "prop_lines_input.sql"
ODDS, PROS = "odds_api_player_points_props", "bettingpros_player_points_props"


def odds(player: str, value: float, seen: float, book: str = "draftkings") -> dict[str, Any]:
    return {
        "game_id": "20260120_BOS_NYK", "game_date": DAY, "snapshot_timestamp": hours(seen), "bookmaker": book,
        "player_lookup": player, "points_line": value, "over_price_american": -115, "under_price_american": -105,
    }  # fmt: skip


def pros(
    player: str, value: float, seen: float, book: str = "BetMGM", side: str = "over", **more: Any
) -> dict[str, Any]:
    return {
        "game_date": DAY, "market_type": "points", "bet_side": side, "player_lookup": player, "book_id": len(book),
        "bookmaker": book, "points_line": value, "odds_american": -120 if side == "over" else 100, "is_active": True,
        "bookmaker_last_update": hours(seen), **more,
    }  # fmt: skip


def upstreams(*players: str) -> EvaluatorHarness:
    """A warehouse with upstream's tables, and players without any line."""
    made = EvaluatorHarness({"prop_lines_input": UPSTREAMS.read_text(encoding="utf-8")})
    made.load(CONTEXT, [context(player) for player in players])
    made.load(FEATURES, [features(player) for player in players])
    return made


def known(inputs: PlayerInputs) -> list[tuple[object, ...]]:
    return [(one.source, one.rank, one.bookmaker, one.value, one.over_price, one.under_price) for one in inputs.lines]


def test_upstreams_tables_have_the_lines_of_the_slate() -> None:
    made = upstreams("anton", "bela", "carl")
    made.load_raw(ODDS, [odds("anton", 20.5, -3), odds("anton", 22.5, -2, "betmgm"), odds("anton", 40.5, 1)])
    made.load_raw(PROS, [
        *(pros("anton", 21.5, seen, side=side, book="DraftKings") for seen, side in ((-4, "over"), (-3.5, "under"))),
        pros("bela", 18.5, -3), pros("bela", 18.5, -2.5, side="under"), pros("bela", 5.5, -2, market_type="assists"),
        pros("bela", 17.5, -2, is_active=False),
        pros("carl", 19.5, -2, "BettingPros Consensus"),
    ])  # fmt: skip
    reading = made.warehouse.read_slate(DAY)
    anton, bela, carl = (of(reading, player) for player in ("anton", "bela", "carl"))
    assert known(anton) == [
        ("ODDS_API", 4, "betmgm", 22.5, -115, -105),
        ("ODDS_API", 2, "draftkings", 20.5, -115, -105),
        ("BETTINGPROS", 3, "draftkings", 21.5, -120, 100),
    ]
    assert anton.warnings == ("line_after_start:draftkings:40.5",)
    assert [one.captured_at for one in anton.lines] == [hours(-2), hours(-3), hours(-3.5)]
    assert [one.value for one in sift(anton.lines, anton.game_start)[0]] == [22.5, 20.5]
    assert choose(anton.lines).lines == (anton.lines[1],)
    assert known(bela) == [("BETTINGPROS", 5, "betmgm", 18.5, -120, 100)]
    assert choose(carl.lines).warnings == ("line_average:bettingprosconsensus:19.5",)
    assert choose(carl.lines).lines == ()


def test_a_query_of_a_deployment_has_the_declared_columns(analyser: Analyser) -> None:
    text = filled(UPSTREAMS.read_text(encoding="utf-8"))
    definition = DEFINITION.match(text)
    assert definition
    found = {name: said(kind) for name, kind in analyser._columns(text[definition.end() :], {}).items()}
    (view,) = (one for one in views() if one.name == "prop_lines_input")
    assert found == {field.name: (field.type, False) for field in view.fields}


def test_the_slates_own_line_is_the_last_resort(statements: EvaluatorHarness) -> None:
    """Current before opening; that of the row from before the start; none beside an offer."""
    made = statements
    made.load(CONTEXT, [
        context("anton", -9, current_points_line=18.5, current_points_line_source="fanduel"),
        context("anton", -5, current_points_line=19.5, opening_points_line=17.5, current_points_line_source="DraftKings"),
        context("anton", 9, current_points_line=40.5),
        context("bela", -5, opening_points_line=12.5),
        context("carl", -5, current_points_line=9.5),
        context("dora", 9, current_points_line=11.5),
    ])  # fmt: skip
    made.load(FEATURES, [features(player) for player in ("anton", "bela", "carl", "dora")])
    made.load(LINES, [line("carl", 10.5, -3), line("dora", 33.5, 2)])
    reading = made.warehouse.read_slate(DAY)
    own = "upcoming_player_game_context"
    assert of(reading, "anton").lines == (Line(19.5, "draftkings", is_fallback=True, source=own, rank=9),)
    assert of(reading, "bela").lines == (Line(12.5, "unknown", is_fallback=True, source=own, rank=9),)
    assert [(one.value, one.source, one.is_fallback) for one in of(reading, "carl").lines] == [
        (10.5, "player_prop_lines", False)
    ]
    # The date was loaded anew after the game: what its only row says is all that is known.
    assert [one.value for one in of(reading, "dora").lines] == [11.5]
    assert of(reading, "dora").warnings == ("line_after_start:draftkings:33.5",)


def test_coverage_expects_whom_any_source_has_a_line_on() -> None:
    made = upstreams("anton", "bela", "carl")
    made.load(CONTEXT, [context(p, -1, avg_minutes_per_game_last_7=3.0) for p in ("anton", "bela", "carl")])
    made.load_raw(ODDS, [odds("anton", 5.5, -3)])
    made.load_raw(PROS, [pros("bela", 4.5, -3)])
    name = f"{made.names.dataset('nba_predictions')}.prediction_coverage"
    (row,) = made.engine.script(f"SELECT * FROM `{name}` WHERE game_date = '2026-01-20'", ())[0]
    assert (row["expected_players"], sorted(row["missing_players"])) == (2, ["anton", "bela"])


def test_training_reads_what_serving_reads() -> None:
    made = upstreams("anton", "bela")
    made.load(CONTEXT, [context("anton", -1, current_points_line=30.5), context("bela", -1, current_points_line=8.5)])
    made.load_raw(ODDS, [odds("anton", 20.5, -3), odds("anton", 19.5, -6)])
    found = learnt_from(made, date(2026, 1, 1), date(2026, 2, 1))
    assert [(one.player_lookup, one.line, one.rank, one.is_fallback, one.captured_at) for one in found] == [
        ("anton", 20.5, 2, False, hours(-3)),
        ("bela", 8.5, 9, True, None),
    ]


@pytest.mark.parametrize("better_is_stale", [False, True])
def test_of_a_bookmaker_the_best_source_counts(harness: Harness, better_is_stale: bool) -> None:  # noqa: FBT001
    """Memory's own, and what the view of a deployment would give: the rule is the domain's."""
    lines = (
        Line(20.5, "draftkings", -110, -110, hours(-30 if better_is_stale else -3), source="ODDS_API", rank=2),
        Line(21.5, "draftkings", -110, -110, hours(-3), source="BETTINGPROS", rank=3),
        Line(22.5, "fanduel", -110, -110, hours(-3), source="BETTINGPROS", rank=3),
    )
    inputs = PlayerInputs(
        "anton", DAY, "g", "NYK", "BOS", True, {}, "v3", "h", 90.0, SourceTier.SILVER, lines=lines,
        game_start=hours(0), context_built_at=hours(-5),
    )  # fmt: skip
    if isinstance(harness, MemoryHarness):
        entry = SlateEntry("anton", "Anton", "g", "NYK", "BOS", True, hours(0), "available", 31.0, True, inputs)
        harness.warehouse.seed_slate(SlateReading(DAY, [entry], "s", None))
        inputs = of(harness.warehouse.read_slate(DAY), "anton")
    chosen = choose(inputs.lines, inputs.game_start)
    assert [one.value for one in chosen.lines] == [21.5 if better_is_stale else 20.5]
    same_but_rank = replace(inputs, lines=tuple(replace(one, rank=1) for one in lines))
    assert same_but_rank.inputs_hash() != inputs.inputs_hash()
