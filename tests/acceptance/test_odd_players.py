"""Players whose names, lines, features or history are odd: each gets an outcome, and affects no other player."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from acceptance.conftest import Local
from regen.adapters.bigquery.loading import TableLoader
from regen.client.reader import Record

DAY = date(2026, 2, 10)
MODEL = date(2026, 1, 31)
NAMES = ["karl-anthonytowns", "shai o'neal", "jt.miller jr.", "lukadončić", "jarenjacksonjr", "Ünïcode-Næme III"]


@pytest.fixture(scope="module")
def players(local: Local) -> list[str]:
    """Copy a date of the sample league with forty players, and make ten of them odd.

    Six have names that the importer never makes. One each has no features, a NaN feature, a missing feature, and lines of
    both 24.5 and 25.0.

    Returns:
        The odd players; the last four in the order above.
    """
    regulars = "avg_minutes_per_game_last_7 >= 15 AND IFNULL(player_status, '') NOT IN ('out', 'doubtful')"
    slate = _copy_rows(local, "upcoming_player_game_context", f" AND {regulars} ORDER BY player_lookup LIMIT 40")
    known = [row["player_lookup"] for row in slate]
    renamed = dict(zip(known, [*NAMES, *known[len(NAMES) :]], strict=True))
    history = local.reader.query("SELECT * FROM {player_game_summary} WHERE game_date >= '2025-11-01'")
    history = [row for row in history if row["player_lookup"] in known[: len(NAMES)]]
    features = [row for row in _copy_rows(local, "ml_feature_store_v2") if row["player_lookup"] in renamed]
    lines = [row for row in _copy_rows(local, "player_prop_lines") if row["player_lookup"] in renamed]
    for row in slate:
        row["game_start"] = f"{DAY}T23:30:00+00:00"
    for row in [*slate, *features, *lines, *history]:
        row["player_lookup"] = renamed[row["player_lookup"]]
    by_name = {row["player_lookup"]: row for row in features}
    featureless, nan, short, lined = known[-4:]
    features.remove(by_name[featureless])
    by_name[nan]["features"][0] = "NaN"
    by_name[short]["features"].pop()
    lines = [row for row in lines if row["player_lookup"] != lined]
    lines += [{**_line(lined), "bookmaker": "draftkings", "line": value} for value in (24.5, 25.0)]
    loader = TableLoader(local.reader.client, local.reader.project)
    for table, rows in (
        ("upcoming_player_game_context", slate),
        ("ml_feature_store_v2", features),
        ("player_prop_lines", lines),
    ):
        loader.load(table, rows, replace_dates=[DAY])
    loader.load("player_game_summary", history, replace_dates=())
    return [*NAMES, featureless, nan, short, lined]


def test_odd_players_get_an_outcome_and_others_predictions(players: list[str], local: Local) -> None:
    featureless, nan, short, lined = players[-4:]
    view = local.regen("regenerate", DAY.isoformat(), "--reason", "odd", "--wait", "--json").data
    assert view["status"] == "promoted", view["verdict"]
    problems = {problem["player_lookup"]: problem for problem in view["outcomes"]}
    assert problems[featureless]["reason"] == "no_features"
    assert problems[short]["outcome"] == "failed"
    assert "feature" in problems[short]["error"]
    assert set(problems) <= {featureless, nan, short}
    rows = local.regen("show", DAY.isoformat(), "--system", "all", "--json").data
    assert set(NAMES) <= {row["player_lookup"] for row in rows}
    assert {row["line"] for row in rows if row["player_lookup"] == lined} == {24.5, 25.0}
    again = local.regen(
        "regenerate", DAY.isoformat(), "--reason", "odd", "--players", NAMES[1], "--wait", "--json"
    ).data
    assert again["counts"]["produced"] == 1
    assert again["counts"]["superseded"] == again["counts"]["inserted"] > 0


def _copy_rows(local: Local, table: str, more: str = "") -> list[Record]:
    rows = local.reader.query(f"SELECT * FROM {{{table}}} WHERE game_date = @model{more}", model=MODEL)
    return [{**row, "game_date": DAY.isoformat()} for row in rows]


def _line(player: str) -> dict[str, Any]:
    return {
        "game_date": DAY.isoformat(),
        "game_id": None,
        "player_lookup": player,
        "market": "points",
        "over_price": -110,
        "under_price": -110,
        "captured_at": "2026-02-10T20:00:00+00:00",
    }
