"""The slate as it is read from real tables: what is newest, what is broken, what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regen.domain.inputs import SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.schemas import table
from support.warehouses import DAY, BigQueryHarness

EARLIER = datetime(2026, 1, 19, 10, tzinfo=UTC)
LATER = EARLIER + timedelta(hours=5)
GAME = "0022500601"


def context(player: str, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player,
        "player_name": player.title(),
        "game_id": GAME,
        "game_date": DAY,
        "team_abbr": "NYK",
        "opponent_team_abbr": "BOS",
        "home_game": True,
        "game_start": datetime(2026, 1, 21, 0, 30, tzinfo=UTC),
        "avg_minutes_per_game_last_7": 31.25,
        "player_status": "QUESTIONABLE",
        "created_at": EARLIER,
        **more,
    }


def features(player: str, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player,
        "game_date": DAY,
        "game_id": GAME,
        "features": [21.5, 3.0],
        "feature_names": ["points_avg_last_5", "days_rest"],
        "feature_count": 2,
        "feature_version": "v3",
        "feature_quality_score": 87.5,
        "data_source": "importer",
        "data_source_tier": "GOLD",
        "shot_zones_source": "bigdataball",
        "data_hash": f"hash-{player}",
        "created_at": EARLIER,
        **more,
    }


def game(player: str, day: date, points: int | None = 20, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player,
        "game_id": f"g{day:%Y%m%d}",
        "game_date": day,
        "team_abbr": "NYK",
        "opponent_team_abbr": "MIA",
        "home_game": False,
        "minutes_played": 26.08,
        "points": points,
        "offensive_rebounds": 2,
        "defensive_rebounds": 5,
        **more,
    }


def line(player: str, value: float, book: str = "draftkings", **more: Any) -> dict[str, Any]:
    return {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "market": "points",
        "bookmaker": book,
        "line": value,
        "over_price": -110,
        "captured_at": EARLIER,
        **more,
    }


ROWS: dict[str, list[dict[str, Any]]] = {
    "upcoming_player_game_context": [
        context("karlanthonytowns", player_name="Karl-Anthony Towns", player_status="OUT"),
        context("karlanthonytowns", player_name="Karl-Anthony Towns", created_at=LATER),
        context("fox", player_name="De'Aaron Fox", player_status=None, avg_minutes_per_game_last_7=None),
        context("nofeatures"),
        context("nanfeature"),
        context("unevenfeatures"),
        context("badtier"),
        context("oddminutes"),
        context("rookie", current_points_line=9.5, current_points_line_source="fanduel", has_prop_line=True),
    ],
    "ml_feature_store_v2": [
        features("karlanthonytowns", data_source_tier="SILVER", shot_zones_source=None, data_hash="stale"),
        features("karlanthonytowns", created_at=LATER),
        features("fox", data_hash=None),
        features("nanfeature", features=[float("nan"), 1.0]),
        features("unevenfeatures", features=[1.0]),
        features("badtier", data_source_tier="PLATINUM"),
        features("oddminutes"),
        features("rookie"),
        features(
            "karlanthonytowns", game_id="another", created_at=LATER + timedelta(hours=1), data_hash="another game"
        ),
    ],
    "player_game_summary": [
        *(game("karlanthonytowns", DAY - timedelta(days=n), points=n) for n in range(1, 36)),
        game("karlanthonytowns", DAY, points=99),
        game("karlanthonytowns", DAY + timedelta(days=1), points=99),
        game("karlanthonytowns", DAY - timedelta(days=401), points=99),
        game("fox", DAY - timedelta(days=2), days_rest=3, opponent_def_rating=112.25, home_game=None),
        game("fox", DAY - timedelta(days=4), minutes_played=10.0),
        game("fox", DAY - timedelta(days=6), minutes_played=None, points=None),
        game("oddminutes", DAY - timedelta(days=1), minutes_played=-3.0),
        game("notontheslate", DAY - timedelta(days=1)),
    ],
    "player_prop_lines": [
        line("karlanthonytowns", 24.5),
        line("karlanthonytowns", 25.0),
        line("karlanthonytowns", 24.5, captured_at=LATER, over_price=-120, under_price=100),
        line("karlanthonytowns", 23.5, "betmgm"),
        line("karlanthonytowns", 1.5, market="assists"),
        line("notontheslate", 1.5),
    ],
}


@pytest.fixture(scope="module")
def seeded(bigquery_harness: BigQueryHarness) -> BigQueryHarness:
    for name, rows in ROWS.items():
        bigquery_harness.client.query_and_wait(
            f"DELETE FROM `{bigquery_harness.name(name)}` WHERE game_date > '1990-01-01'"
        )
        bigquery_harness.load(name, rows)
    return bigquery_harness


@pytest.fixture(scope="module")
def reading(seeded: BigQueryHarness) -> SlateReading:
    before = seeded.warehouse.jobs.submitted
    found = seeded.warehouse.read_slate(DAY)
    assert seeded.warehouse.jobs.submitted == before + 1
    return found


@pytest.fixture(scope="module")
def entries(reading: SlateReading) -> Mapping[str, SlateEntry]:
    return {entry.player_lookup: entry for entry in reading.entries}


def test_each_rostered_player_is_read_once(entries: Mapping[str, SlateEntry], reading: SlateReading) -> None:
    assert len(reading.entries) == len(entries) == 8
    assert reading.features_built_at == LATER


def test_the_newest_row_of_each_source_counts(entries: Mapping[str, SlateEntry]) -> None:
    entry = entries["karlanthonytowns"]
    assert entry.inputs is not None
    assert (entry.status, entry.player_name, entry.problem) == ("questionable", "Karl-Anthony Towns", None)
    assert entry.inputs.feature_hash == "hash-karlanthonytowns"
    assert entry.inputs.data_source_tier is SourceTier.GOLD
    assert entry.inputs.features == {"points_avg_last_5": 21.5, "days_rest": 3.0}
    assert entry.inputs.feature_quality == 87.5
    assert entry.game_start == datetime(2026, 1, 21, 0, 30, tzinfo=UTC)
    assert (entry.home, entry.team, entry.opponent, entry.avg_minutes) == (True, "NYK", "BOS", 31.25)


def test_thirty_earlier_games_are_read_newest_first(entries: Mapping[str, SlateEntry]) -> None:
    inputs = entries["karlanthonytowns"].inputs
    assert inputs is not None
    assert [g.points for g in inputs.recent_games] == list(range(1, 31))
    first = inputs.recent_games[0]
    assert (first.minutes, first.rebounds, first.assists, first.home, first.opponent) == (26.08, 7, 0, False, "MIA")


def test_latest_line_of_each_bookmaker_is_read(entries: Mapping[str, SlateEntry]) -> None:
    inputs = entries["karlanthonytowns"].inputs
    assert inputs is not None
    found = [(x.bookmaker, x.value, x.over_price, x.under_price) for x in inputs.lines]
    assert found == [("betmgm", 23.5, -110, None), ("draftkings", 24.5, -120, 100), ("draftkings", 25.0, -110, None)]
    assert inputs.lines[1].captured_at == LATER


def test_unknown_values_stay_unknown(entries: Mapping[str, SlateEntry]) -> None:
    entry = entries["fox"]
    assert entry.inputs is not None
    assert (entry.status, entry.has_line, entry.inputs.lines) == ("unknown", False, ())
    assert entry.avg_minutes == pytest.approx((26.08 + 10.0) / 2)
    assert [g.points for g in entry.inputs.recent_games] == [20, 20]
    assert entry.inputs.recent_games[0].opponent_def_rating == 112.25
    assert entry.inputs.recent_games[0].days_rest == 3
    assert len(entry.inputs.feature_hash) == 32


def test_line_of_the_slate_is_used_where_no_bookmaker_is(entries: Mapping[str, SlateEntry]) -> None:
    entry = entries["rookie"]
    assert entry.inputs is not None
    assert entry.has_line
    assert [(x.bookmaker, x.value) for x in entry.inputs.lines] == [("fanduel", 9.5)]
    assert entry.inputs.recent_games == ()


def test_player_without_feature_row_has_no_inputs(entries: Mapping[str, SlateEntry]) -> None:
    assert (entries["nofeatures"].inputs, entries["nofeatures"].problem) == (None, None)


@pytest.mark.parametrize(
    ("player", "problem"),
    [
        ("nanfeature", "ml_feature_store_v2.features.points_avg_last_5: expected a finite number, got NaN"),
        ("unevenfeatures", "ml_feature_store_v2.feature_names: 2 distinct names for 1 values"),
        ("badtier", "ml_feature_store_v2.data_source_tier: no such tier: PLATINUM"),
        ("oddminutes", "player_game_summary.minutes_played"),
    ],
)
def test_broken_row_is_reported_as_its_players_problem(
    entries: Mapping[str, SlateEntry], player: str, problem: str
) -> None:
    assert entries[player].inputs is None
    assert (entries[player].problem or "").lower().startswith(problem.lower())


def test_the_snapshot_names_the_state_of_the_inputs(seeded: BigQueryHarness, reading: SlateReading) -> None:
    assert seeded.warehouse.read_slate(DAY).snapshot == reading.snapshot
    seeded.load("player_prop_lines", [line("fox", 20.5)])
    assert seeded.warehouse.read_slate(DAY).snapshot != reading.snapshot


def test_columns_that_upstream_lacks_are_read_as_null(seeded: BigQueryHarness) -> None:
    lacking = {"player_name", "game_start"}
    name = seeded.name("upcoming_player_game_context")
    kept = [f.name for f in table("upcoming_player_game_context").fields if f.name not in lacking]
    try:
        seeded.client.query_and_wait(
            f"CREATE OR REPLACE TABLE `{name}_lean` AS SELECT {', '.join(kept)} FROM `{name}` WHERE game_date = '{DAY}'"
        )
        seeded.client.query_and_wait(f"ALTER TABLE `{name}` RENAME TO upcoming_player_game_context_full")
        seeded.client.query_and_wait(f"ALTER TABLE `{name}_lean` RENAME TO upcoming_player_game_context")
        found = {entry.player_lookup: entry for entry in seeded.warehouse.read_slate(DAY).entries}
    finally:
        seeded.client.query_and_wait(f"DROP TABLE IF EXISTS `{name}`")
        seeded.client.query_and_wait(f"ALTER TABLE `{name}_full` RENAME TO upcoming_player_game_context")
    assert found["karlanthonytowns"].player_name == "karlanthonytowns"
    assert found["karlanthonytowns"].game_start is None
    assert found["karlanthonytowns"].inputs is not None
