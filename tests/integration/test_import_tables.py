"""An import changes whole dates of the input tables at once, and of rows that stay nothing but its own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.loading import TableLoader
from regen.data.importer import TABLES, Part
from regen.schemas import STAGING_DATASET
from regen.sql import Names
from support.warehouses import PROJECT, BigQueryHarness

DAY, NEXT = date(2025, 11, 20), date(2025, 11, 21)
MADE = "2025-11-20T20:00:00+00:00"
LINES, GAMES = "player_prop_lines", "player_game_summary"


def line(player: str, value: float, day: date = DAY, **more: Any) -> dict[str, Any]:
    known = {
        "game_date": day.isoformat(),
        "player_lookup": player,
        "market": "points",
        "bookmaker": "dk",
        "line": value,
    }
    return {**known, "over_price": -110, **more}


def game(player: str, points: int) -> dict[str, Any]:
    known = {"game_date": DAY.isoformat(), "game_id": "g", "player_lookup": player, "team_abbr": "NYK"}
    return {**known, "opponent_team_abbr": "BOS", "minutes_played": 20.0, "points": points, "processed_at": MADE}


@pytest.fixture
def harness(bigquery_url: str) -> BigQueryHarness:
    return BigQueryHarness(emulator_client(bigquery_url, PROJECT))


def loader(harness: BigQueryHarness) -> TableLoader:
    return TableLoader(harness.client, PROJECT, harness.prefix, "t")


def held(tables: TableLoader, table: str, *columns: str) -> list[tuple[Any, ...]]:
    rows: Sequence[Mapping[str, Any]] = tables.rows(table, columns, [DAY, NEXT])
    return sorted(tuple(row[name] for name in columns) for row in rows)


def test_a_day_becomes_what_was_loaded_and_other_days_stay(harness: BigQueryHarness) -> None:
    first = loader(harness)
    first.replace([Part(LINES, [line("ann", 9.5), line("bob", 8.5), line("ann", 7.5, NEXT)], [DAY, NEXT])])
    assert first.held(LINES, [DAY]) == 2
    loader(harness).replace(
        [
            Part(LINES, [line("ann", 9.5, over_price=120), line("cid", 3.5)], [DAY]),
            Part(GAMES, [game("ann", 12)], [DAY]),
        ]
    )
    found = held(loader(harness), LINES, "player_lookup", "line", "over_price")
    assert [(name, float(value), price) for name, value, price in found] == [
        ("ann", 7.5, -110),
        ("ann", 9.5, 120),
        ("cid", 3.5, -110),
    ]
    assert held(loader(harness), GAMES, "player_lookup", "points") == [("ann", 12)]
    loader(harness).replace([Part(LINES, [], [DAY])])
    assert [name for name, _ in held(loader(harness), LINES, "player_lookup", "game_date")] == ["ann"]


def test_rows_that_stay_keep_the_columns_of_others(harness: BigQueryHarness) -> None:
    loader(harness).replace([Part(GAMES, [{**game("ann", 10), "home_game": True}], [DAY])])
    table = Names(PROJECT, harness.prefix).table(GAMES)
    harness.client.query(f"ALTER TABLE `{table}` ADD COLUMN theirs STRING").result()
    harness.client.query(f"UPDATE `{table}` SET theirs = 'kept' WHERE game_date = '{DAY}'").result()
    loader(harness).replace([Part(GAMES, [game("ann", 12), game("bob", 3)], [DAY])])
    assert held(loader(harness), GAMES, "player_lookup", "points", "theirs") == [("ann", 12, "kept"), ("bob", 3, None)]


def test_a_load_that_fails_changes_no_table(harness: BigQueryHarness) -> None:
    """A reader saw the new lines beside the old games."""
    loader(harness).replace([Part(LINES, [line("ann", 9.5)], [DAY]), Part(GAMES, [game("ann", 10)], [DAY])])
    broken = Part(GAMES, [{**game("ann", 12), "points": "many"}], [DAY])
    with pytest.raises(Exception, match=r"(?i)points|many|int"):
        loader(harness).replace([Part(LINES, [line("bob", 4.5)], [DAY]), broken])
    assert [name for name, _ in held(loader(harness), LINES, "player_lookup", "line")] == ["ann"]
    left = [table.table_id for table in harness.client.list_tables(f"{PROJECT}.{harness.prefix}{STAGING_DATASET}")]
    assert not [name for name in left if name.startswith("import_")]


def test_where_nothing_is_the_slate_comes_last(harness: BigQueryHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    tables = loader(harness)
    monkeypatch.setattr(tables, "_append", lambda table, *_: order.append(table))
    tables.replace([Part(table, [{"game_date": DAY.isoformat()}], [DAY]) for table in TABLES])
    assert order[-1] == "upcoming_player_game_context"
    assert sorted(order) == sorted(TABLES)
