"""The league's box scores as the shared history is fed with them: the same texts from GoogleSQL, the emulator and memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.domain.box_scores import BoxScores
from regen.features.box_scores import game_logs
from support.warehouses import DAY, BigQueryHarness, Harness, MemoryHarness, harness

__all__ = ["harness"]

SUMMARY, CONTEXT = "player_game_summary", "upcoming_player_game_context"
MADE = datetime(2026, 1, 18, 10, tzinfo=UTC)
EARLIER, LATER = DAY - timedelta(days=3), DAY - timedelta(days=2)
FIRST = DAY - timedelta(days=400)


def row(player: str, day: date = EARLIER, made: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player, "game_id": f"g{day}", "game_date": day, "team_abbr": "NYK", "opponent_team_abbr": "BOS",
        "home_game": None, "minutes_played": 26.08, "points": 21, "assists": 3, "offensive_rebounds": 1,
        "defensive_rebounds": 4, "fg_attempts": 17, "three_pt_attempts": 6, "ft_attempts": 5,
        "processed_at": MADE + timedelta(hours=made), **more,
    }  # fmt: skip


def side(team: str, home: bool | None, day: date = EARLIER, made: int = 0) -> dict[str, Any]:  # noqa: FBT001
    return {
        "player_lookup": f"{team}{made}", "game_id": f"g{day}", "game_date": day, "team_abbr": team, "opponent_team_abbr": "X",
        "home_game": home, "created_at": MADE + timedelta(hours=made),
    }  # fmt: skip


ROWS = [
    row("bela"),
    row("anton", points=3),
    row("anton", made=5, points=20, minutes_played=30.0),
    row("dora", team_abbr="BOS", opponent_team_abbr="NYK", assists=None, ft_attempts=None),
    row("carl"),
    row("carl", made=5, minutes_played=None),
    row("emil", points=None),
    row("franz", minutes_played=0.0),
    row("anton", LATER, points=9),
    row("anton", DAY, points=60),
    row("anton", FIRST - timedelta(days=1), points=60),
]
SIDES = [side("NYK", home=False), side("NYK", home=True, made=9), side("NYK", home=None, made=12)]


def put(harness: Harness) -> Harness:
    """The rows, the sides and what nobody reads."""
    if isinstance(harness, BigQueryHarness):  # datasets of its own: other tests read these tables too
        harness = BigQueryHarness(harness.client)
    if isinstance(harness, MemoryHarness):
        homes = {"NYK": True}
        harness.warehouse.seed_box_scores(
            {**one, "home_game": homes.get(one["team_abbr"]) if one["game_date"] == EARLIER else None} for one in ROWS
        )
    elif isinstance(harness, EvaluatorHarness | BigQueryHarness):
        harness.load(SUMMARY, ROWS)
        harness.load(CONTEXT, SIDES)
    return harness


def test_each_date_has_the_newest_row_of_each_player_who_played(harness: Harness) -> None:
    found = put(harness).warehouse.box_scores(FIRST, DAY)
    assert [one.game_date for one in found] == [EARLIER, LATER]
    logs, lost = game_logs(EARLIER, found[0].games or "")
    assert lost == 0
    assert [(log.player_lookup, log.points, log.minutes) for log in logs] == [
        ("dora", 21, 26.08), ("anton", 20, 30.0), ("bela", 21, 26.08),
    ]  # fmt: skip
    assert {log.team: log.home for log in logs} == {"NYK": True, "BOS": False}
    assert (logs[0].assists, logs[0].fta, logs[0].turnovers, logs[0].fg3m) == (None, None, None, None)
    assert (logs[1].rebounds, logs[1].fga, logs[1].season) == (5, 17, "2025-26")
    (later,), _ = game_logs(LATER, found[1].games or "")
    assert (later.points, later.home) == (9, None)


def test_what_the_reader_has_comes_without_rows(harness: Harness) -> None:
    warehouse = put(harness).warehouse
    first, second = warehouse.box_scores(FIRST, DAY)
    again = warehouse.box_scores(FIRST, DAY, f"{first.fingerprint},another")
    assert again == [BoxScores(EARLIER, first.fingerprint, None), second]


def test_memory_gives_the_texts_of_googlesql() -> None:
    told = put(EvaluatorHarness()).warehouse.box_scores(FIRST, DAY)
    assert put(MemoryHarness()).warehouse.box_scores(FIRST, DAY) == told


@pytest.mark.long
def test_the_emulator_gives_the_texts_of_googlesql(bigquery_harness: BigQueryHarness) -> None:
    told = put(EvaluatorHarness()).warehouse.box_scores(FIRST, DAY)
    assert put(bigquery_harness).warehouse.box_scores(FIRST, DAY) == told
