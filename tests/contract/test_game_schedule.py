"""When a game begins and whether it is played, from whatever a deployment's tables say of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from contract.test_tip_off import CONTEXT, FEATURES, GAME, LINES, START, context, entries, features, hours, line, of
from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import DEFINITION, filled
from googlesql.test_views import said
from googlesql.warehouse import EvaluatorHarness
from regen.domain.tip_off import InputsAsOf, inputs_as_of
from regen.sql.views import views
from support.warehouses import DAY, statements

__all__ = ["analyser", "statements"]

UPSTREAMS = Path(__file__).parents[2] / "infra" / "sql" / "game_schedule_input.sql"
WINTER, SUMMER = DAY, date(2026, 6, 10)
TEXTS = {
    "7:30 PM ET": "00:30", "07:30 pm EST": "00:30", "7:30p ET": "00:30", "7:30 p.m. (ET)": "00:30", "19:30 ET": "00:30",
    "7 PM Eastern": "00:00", "6:30 PM CT": "00:30", "5:30 PM MST": "00:30", "4:30 PM PT": "00:30", "12:00 PM ET": "17:00",
    "7:30 PM America/New_York": "00:30", "2026-01-20T19:30:00-05:00": "00:30", "2026-01-21 00:30:00Z": "00:30",
    "00:30 UTC": "00:30", "23:30Z": "23:30",
    "7:30 PM": None, "TBD": None, "19:75 ET": None, "25:30 ET": None, "13:30 PM ET": None, "7:30 PM XYZ": None, "": None,
}  # fmt: skip
IN_SUMMER = {"8:30 PM ET": "00:30", "8:30 PM EDT": "00:30", "8:30 PM EST": "01:30", "5:30 PM MST": "00:30"}


def schedule(made: EvaluatorHarness) -> dict[str, dict[str, Any]]:
    name = made.name("player_prop_predictions").replace("player_prop_predictions", "game_schedule_input")
    rows = made.client.query_and_wait(f"SELECT * FROM `{name}` WHERE game_date >= '{WINTER}'")
    return {row["game_id"]: dict(row.items()) for row in rows}


def upstreams_row(player: str, made: float = -5, **more: Any) -> dict[str, Any]:
    """A row as upstream writes it: without a start, without a status."""
    return context(player, made, game_start=None, **more)


def test_a_text_with_its_zone_is_a_start(statements: EvaluatorHarness) -> None:
    made = statements
    texts = [*((WINTER, *one) for one in TEXTS.items()), *((SUMMER, *one) for one in IN_SUMMER.items())]
    made.load(
        CONTEXT,
        [
            upstreams_row(f"p{n}", game_id=f"g{n}", game_date=day, game_start_time_local=text)
            for n, (day, text, _) in enumerate(texts)
        ],
    )
    found = schedule(made)
    told = {(day, text): found[f"g{n}"]["game_start"] for n, (day, text, _) in enumerate(texts)}
    clocks = {key: None if start is None else f"{start.astimezone(UTC):%H:%M}" for key, start in told.items()}
    assert clocks == {(day, text): clock for day, text, clock in texts}
    assert told[WINTER, "7:30 PM ET"] == datetime(2026, 1, 21, 0, 30, tzinfo=UTC) == told[WINTER, "00:30 UTC"]


def test_what_most_players_rows_say_counts_for_the_game(statements: EvaluatorHarness) -> None:
    made = statements
    texts = {"a": "7:30 PM ET", "b": "07:30 PM EST", "c": "8:00 PM ET", "d": None}
    statuses = {"a": " Postponed ", "b": None, "c": None, "d": None}
    made.load(
        CONTEXT,
        [upstreams_row(p, game_start_time_local=texts[p], game_status=statuses[p], home_game=None) for p in texts],
    )
    made.load(CONTEXT, [upstreams_row("a", -9, game_start_time_local="9:00 PM ET")])
    assert schedule(made)[GAME] == {"game_date": DAY, "game_id": GAME, "game_start": START, "game_status": None}


def test_a_date_loaded_anew_after_its_games_is_late_and_bounded(statements: EvaluatorHarness) -> None:
    """Upstream truncates by date: no row is from before the start, and only the text says when that was."""
    made = statements
    players = ("anton", "bela")
    made.load(CONTEXT, [upstreams_row(p, 30, game_start_time_local="7:30 PM ET") for p in players])
    made.load(FEATURES, [features(p) for p in players])
    made.load(LINES, [line("anton", 20.5, -3), line("anton", 40.5, 1)])
    reading = made.warehouse.read_slate(DAY)
    assert [entries(reading)[p].game_start for p in players] == [START, START]
    assert [inputs_as_of(of(reading, p)) for p in players] == [InputsAsOf.LATE] * 2
    assert [one.value for one in of(reading, "anton").lines] == [20.5]
    assert of(reading, "anton").warnings == ("line_after_start:draftkings:40.5",)


def test_a_row_from_before_the_start_counts_by_the_text_alone() -> None:
    made = EvaluatorHarness()
    made.load(CONTEXT, [
        upstreams_row("anton", -5, game_start_time_local="7:30 PM ET"),
        upstreams_row("anton", 2, game_start_time_local="7:30 PM ET", player_status="OUT"),
    ])  # fmt: skip
    made.load(FEATURES, [features("anton")])
    reading = made.warehouse.read_slate(DAY)
    assert entries(reading)["anton"].status == "available"
    assert inputs_as_of(of(reading, "anton")) is InputsAsOf.TIP_OFF


def test_upstreams_schedule_calls_a_game_off() -> None:
    """For the slate, for coverage and for the watched inputs; the newest row of a game counts."""
    made = EvaluatorHarness({"game_schedule_input": UPSTREAMS.read_text(encoding="utf-8")})
    off, on = "20260120_BOS_NYK", "0022500602"
    made.load(CONTEXT, [upstreams_row("anton", game_id=off), upstreams_row("bela", game_id=on)])
    made.load(FEATURES, [features("anton", game_id=off), features("bela", game_id=on)])
    game = {"game_date": DAY, "game_date_est": datetime(2026, 1, 20, 19, 30, tzinfo=UTC), "away_team_tricode": "BOS"}
    made.load_raw("nbac_schedule", [
        {**game, "game_id": GAME, "home_team_tricode": "NYK", "game_status_text": "7:30 pm ET", "processed_at": hours(-9)},
        {**game, "game_id": GAME, "home_team_tricode": "NYK", "game_status_text": "PPD", "processed_at": hours(-5)},
        {**game, "game_id": on, "home_team_tricode": "MIA", "game_status_text": "7:30 pm ET", "processed_at": hours(-5)},
    ])  # fmt: skip
    found = entries(made.warehouse.read_slate(DAY))
    assert {player: (one.called_off, one.game_start) for player, one in found.items()} == {
        "anton": (True, START),
        "bela": (False, START),
    }
    name = f"{made.names.dataset('nba_predictions')}.prediction_coverage"
    (row,) = made.engine.script(f"SELECT * FROM `{name}` WHERE game_date = '2026-01-20'", ())[0]
    assert (row["excluded_players"], row["missing_players"]) == (1, ["bela"])
    slate = next(one for one in made.ledger.sources(DAY, DAY) if one.source == "slate")
    assert (slate.games, slate.first_start) == ((on,), START)


@pytest.mark.parametrize("name", ["game_schedule_input"])
def test_the_schedules_query_has_the_declared_columns(analyser: Analyser, name: str) -> None:
    text = filled(UPSTREAMS.read_text(encoding="utf-8"))
    definition = DEFINITION.match(text)
    assert definition
    found = {column: said(kind) for column, kind in analyser._columns(text[definition.end() :], {}).items()}
    (view,) = (one for one in views() if one.name == name)
    assert found == {field.name: (field.type, False) for field in view.fields}
