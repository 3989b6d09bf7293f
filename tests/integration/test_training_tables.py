"""What is learnt from is read out of the input tables, on the BigQuery emulator."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.client.reader import Reader
from regen.client.training_tables import rows_to_learn_from
from regen.training.warehouse import tables_as_data
from support.warehouses import PROJECT, BigQueryHarness

FIRST, UNTIL = date(2025, 1, 1), date(2025, 11, 30)
DAY = date(2025, 11, 20)
MADE = datetime(2025, 11, 21, 10, tzinfo=UTC)


def game(player: str, day: date = DAY, **more: Any) -> dict[str, Any]:
    known = {"player_lookup": player, "game_id": f"g{day}", "game_date": day, "team_abbr": "NYK"}
    known |= {
        "opponent_team_abbr": "BOS",
        "home_game": True,
        "minutes_played": 26.08,
        "points": 20,
        "processed_at": MADE,
    }
    return {**known, "offensive_rebounds": 2, "defensive_rebounds": 5, "fg_attempts": 15, **more}


def line(value: float, book: str = "draftkings", **more: Any) -> dict[str, Any]:
    known = {
        "game_date": DAY,
        "game_id": "g",
        "player_lookup": "fox",
        "market": "points",
        "bookmaker": book,
        "line": value,
    }
    return {**known, "over_price": -110, "under_price": -110, "captured_at": MADE, **more}


@pytest.fixture(scope="module")
def reader(bigquery_url: str) -> Reader:
    found = BigQueryHarness(emulator_client(bigquery_url, PROJECT))
    games = [
        game("fox", points=3, processed_at=MADE.replace(hour=2)),
        game("fox"),
        game("fox", date(2025, 12, 1)),
        game("fox", date(2024, 12, 31)),
        game("unplayed", minutes_played=None, points=None),
        game("towns", date(2025, 11, 18), home_game=None),
    ]
    lines = [
        line(24.5),
        line(23.5, captured_at=MADE.replace(hour=2)),
        line(25.5, "betmgm"),
        line(6.5, market="assists"),
    ]
    found.load("player_game_summary", games)
    found.load("player_prop_lines", lines)
    return Reader(PROJECT, bigquery_url, found.prefix)


def test_the_newest_rows_of_the_dates_become_records(reader: Reader) -> None:
    data = tables_as_data(*rows_to_learn_from(reader, FIRST, UNTIL))
    assert [(log.player_lookup, log.game_date.day, log.points, log.home) for log in data.logs] == [
        ("towns", 18, 20, False),
        ("fox", 20, 20, True),
    ]
    log = data.logs[-1]
    assert (log.minutes, log.rebounds, log.oreb, log.fga, log.turnovers, log.season) == (
        26.08,
        7,
        2,
        15,
        None,
        "2025-26",
    )
    assert [(offer.bookmaker, offer.line, offer.over_price) for offer in data.lines] == [
        ("betmgm", 25.5, -110),
        ("draftkings", 24.5, -110),
    ]
    assert data.lines[0].captured_at == MADE
    assert any("home_game" in note for note in data.report.notes)


def test_columns_that_upstream_lacks_are_null(reader: Reader) -> None:
    table = reader.names.table("player_game_summary")
    reader.query(f"ALTER TABLE `{table}` DROP COLUMN opponent_def_rating")
    games, _ = rows_to_learn_from(reader, FIRST, UNTIL)
    assert {row["player_lookup"] for row in games} == {"fox", "towns"}
