"""The tables, views and functions as they stand in a real warehouse, and the predecessor's queries over them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from google.cloud import bigquery

from regen.domain.audit import AuditEvent
from regen.domain.errors import Conflict
from regen.domain.promotion import FenceToken, Promotion
from regen.schemas import STAGING_DATASET, staging_fields, table, tables
from support.warehouse_rows import entry, everyone, fence, old, promotion, staging
from support.warehouses import DAY, PROJECT, T0, BigQueryHarness, at

PLAYERS = ("a", "b", "c", "d")


@pytest.fixture
def harness(bigquery_harness: BigQueryHarness) -> BigQueryHarness:
    bigquery_harness.clear()
    return bigquery_harness


def test_every_table_matches_its_schema_file(harness: BigQueryHarness) -> None:
    for wanted in tables():
        found = harness.client.get_table(harness.name(wanted.name))
        assert [(f.name, f.field_type, f.mode) for f in found.schema] == [
            (f.name, f.type, f.mode) for f in wanted.fields
        ]
        assert tuple(found.clustering_fields or ()) == wanted.cluster
        if wanted.partition:
            assert found.time_partitioning.field == wanted.partition.field
            assert found.time_partitioning.expiration_ms is None
            assert bool(found.require_partition_filter) is wanted.require_partition_filter


def test_staging_expires_by_itself_and_has_the_schema(harness: BigQueryHarness) -> None:
    dataset = harness.client.get_dataset(f"{PROJECT}.{harness.prefix}{STAGING_DATASET}")
    assert dataset.default_table_expiration_ms == 24 * 3_600_000
    harness.warehouse.stage("s_1", everyone("b1", PLAYERS))
    found = harness.client.get_table(f"{PROJECT}.{harness.prefix}{STAGING_DATASET}.s_1")
    assert [f.name for f in found.schema] == [f.name for f in staging_fields()]
    assert found.expires is not None


def context(player: str, **more: Any) -> dict[str, Any]:
    row = {
        "player_lookup": player,
        "game_id": "g",
        "game_date": DAY,
        "team_abbr": "NYK",
        "opponent_team_abbr": "BOS",
        "avg_minutes_per_game_last_7": 20.0,
        "player_status": "available",
        "created_at": T0,
    }
    return row | more


@pytest.fixture
def promoted(harness: BigQueryHarness) -> BigQueryHarness:
    """A slate of eight: four predicted, one missing, one out, one under minutes, one under minutes with a line."""
    slate = [
        *(context(player) for player in PLAYERS),
        context("missing"),
        context("out", player_status="OUT"),
        context("bench", avg_minutes_per_game_last_7=3.0),
        context("lined", avg_minutes_per_game_last_7=None, current_points_line=4.5),
        context("norookie"),
    ]
    context_name = harness.name("upcoming_player_game_context")
    harness.client.query_and_wait(f"DELETE FROM `{context_name}` WHERE game_date = '{DAY}'")
    harness.load("upcoming_player_game_context", slate)
    harness.seed([old(player, "s", 24.5) for player in PLAYERS])
    harness.warehouse.raise_fence(fence("b1", 1))
    rows = everyone("b1", PLAYERS)
    count = harness.warehouse.stage(staging("b1", 1), rows)
    harness.warehouse.promote(promotion("b1", 1, count, whole_slate=False))
    skipped = {
        "request_id": "r",
        "run_date": at(0),
        "player_lookup": "norookie",
        "game_date": DAY,
        "success": False,
        "skip_reason": "no_history",
    }
    harness.load("prediction_worker_runs", [skipped])
    return harness


def test_coverage_is_measured_against_the_slate(promoted: BigQueryHarness) -> None:
    view = f"{PROJECT}.{promoted.prefix}nba_predictions.prediction_coverage"
    (row,) = promoted.rows(f"SELECT * FROM `{view}` WHERE game_date = '{DAY}'")
    row["missing_players"] = sorted(row["missing_players"])
    assert row == {
        "game_date": DAY,
        "rostered_players": 9,
        "excluded_players": 2,
        "skipped_players": 1,
        "expected_players": 6,
        "players_with_predictions": 4,
        "coverage_pct": 66.7,
        "missing_players": ["lined", "missing"],
    }


def test_withdrawn_as_postponed_is_not_expected(promoted: BigQueryHarness) -> None:
    view = f"{PROJECT}.{promoted.prefix}nba_predictions.prediction_coverage"
    ended: dict[str, Any] = {
        "superseded": True,
        "is_active": False,
        "superseded_at": at(1).isoformat(),
        "superseded_reason": "postponed",
    }
    promoted.load("upcoming_player_game_context", [context("snowedin"), context("back")])
    promoted.seed([old("snowedin", "s", 24.5, **ended), old("back", "s", 24.5, **ended), old("back", "s", 20.5)])
    (row,) = promoted.rows(f"SELECT * FROM `{view}` WHERE game_date = '{DAY}'")
    assert (row["rostered_players"], row["excluded_players"], row["players_with_predictions"]) == (11, 3, 5)
    assert "snowedin" not in row["missing_players"]


def test_current_has_one_definition(promoted: BigQueryHarness) -> None:
    view = f"{PROJECT}.{promoted.prefix}nba_predictions.current_predictions"
    rows = promoted.rows(f"SELECT batch_id, is_active FROM `{view}` WHERE game_date = '{DAY}'")
    by_batch = sorted((str(row["batch_id"]), row["is_active"]) for row in rows)
    assert by_batch == [("None", True)] * 4 + [("b1", True)] * 8


def test_view_shows_what_was_current_at_a_moment(promoted: BigQueryHarness) -> None:
    function = f"{PROJECT}.{promoted.prefix}nba_predictions.predictions_at"
    for minutes, batches in ((-1, [None] * 4), (0, [None] * 4 + ["b1"] * 8), (-60 * 24 * 60, [])):
        moment = at(minutes).isoformat()
        rows = promoted.rows(f"SELECT batch_id FROM `{function}`(DATE '{DAY}', TIMESTAMP '{moment}')")
        assert sorted((row["batch_id"] for row in rows), key=str) == sorted(batches, key=str)


def test_the_predecessors_verification_queries_run_as_they_stand(promoted: BigQueryHarness) -> None:
    p = promoted.prefix
    counts = promoted.rows(f"""
        SELECT game_date,
               superseded,
               COUNT(*) as predictions,
               COUNT(DISTINCT player_lookup) as players,
               MAX(created_at) as latest_prediction
        FROM `{PROJECT}.{p}nba_predictions.player_prop_predictions`
        WHERE game_date BETWEEN '2026-01-20' AND '2026-01-24'
        GROUP BY game_date, superseded
        ORDER BY game_date, superseded""")
    assert [(row["superseded"], row["predictions"]) for row in counts] == [(None, 12)]
    coverage = promoted.rows(f"""
        SELECT
            p.game_date,
            COUNT(DISTINCT p.player_lookup) as players_with_predictions,
            COUNT(DISTINCT g.player_lookup) as expected_players,
            ROUND(COUNT(DISTINCT p.player_lookup) * 100.0 / COUNT(DISTINCT g.player_lookup), 1) as coverage_pct
        FROM `{PROJECT}.{p}nba_predictions.player_prop_predictions` p
        RIGHT JOIN `{PROJECT}.{p}nba_analytics.upcoming_player_game_context` g
            ON p.player_lookup = g.player_lookup AND p.game_date = g.game_date
        WHERE g.game_date BETWEEN '2026-01-20' AND '2026-01-24'
            AND (p.superseded IS NULL OR p.superseded = FALSE)
        GROUP BY p.game_date
        ORDER BY p.game_date""")
    assert {row["game_date"]: row["coverage_pct"] for row in coverage}[DAY] == 100.0


def test_an_audit_row_is_written_and_read_back(harness: BigQueryHarness) -> None:
    """I-29: their audit table stayed empty for two weeks, because JSON and timestamps were not what the table wanted."""
    act = entry(
        "b1",
        AuditEvent.REJECTED,
        at(0),
        verdict={"coverage": {"value": 0.8, "threshold": 0.9}},
        error="coverage",
        coverage_pct=80.0,
        started_at=at(-2),
        finished_at=at(0),
        trigger_id="m-1",
    )
    harness.warehouse.record([act])
    (row,) = harness.audit()
    assert row["metadata"] == {"note": "it's late"}
    assert row["verdict"] == {"coverage": {"value": 0.8, "threshold": 0.9}}
    assert (row["regeneration_timestamp"], row["started_at"], row["finished_at"]) == (at(0), at(-2), at(0))
    assert (row["processing_time_seconds"], row["trigger_id"], row["game_date"]) == (120.0, "m-1", DAY)


def test_simultaneous_promotions_conflict_or_commit_whole(harness: BigQueryHarness) -> None:
    days = [DAY + timedelta(days=n) for n in range(4)]

    def act(day: date) -> str:
        batch = f"b{day:%d}"
        rows = [
            type(row)(
                row.kind, row.player_lookup, row.reason, row.prediction and {**row.prediction, "game_date": str(day)}
            )
            for row in everyone(batch, PLAYERS)
            if row.kind != "run"
        ]
        count = harness.warehouse.stage(f"s_{batch}", rows)
        token = FenceToken(day, 1, batch, 1)
        harness.warehouse.raise_fence(token)
        audit = entry(batch, AuditEvent.PROMOTED, at(0))
        try:
            harness.warehouse.promote(Promotion(token, f"s_{batch}", count, True, "x", {}, at(0), audit))
        except Conflict:
            return "conflict"
        return "committed"

    harness.seed([old(player, "moving_average", 24.5, day=day) for day in days for player in PLAYERS])
    with ThreadPoolExecutor(4) as pool:
        results = dict(zip(days, pool.map(act, days), strict=True))
    assert "committed" in results.values()
    for day, result in results.items():
        superseded = [row["superseded"] for row in harness.predictions(day)]
        assert superseded.count(True) == (4 if result == "committed" else 0)
        assert len(superseded) == (12 if result == "committed" else 4)


def test_query_that_would_bill_too_much_is_refused(harness: BigQueryHarness) -> None:
    harness.warehouse.jobs.maximum_bytes_billed = 10**9
    harness.warehouse.jobs.labels = {"app": "regen"}
    try:
        harness.warehouse.current_predictions(DAY)
    finally:
        harness.warehouse.jobs.maximum_bytes_billed = None
        harness.warehouse.jobs.labels = {}
    job = next(iter(harness.client.list_jobs(max_results=1)))
    assert isinstance(job, bigquery.QueryJob)
    assert table("promotion_fence").partition is None
