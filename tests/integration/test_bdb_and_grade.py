"""The ledger's statements for the BDB watch, backfills and grades, on the BigQuery emulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.client.accuracy import before_and_after
from regen.client.reader import Reader
from regen.domain.bdb import BdbAct, BdbChange, BdbGame, BdbStatus, decide
from regen.sql import Names
from support.box_scores import GAME, box, scored
from support.warehouse_rows import fence, new, promotion, slate, staging
from support.warehouses import DAY, PROJECT, T0, BigQueryHarness, at

SYSTEM = "ensemble_v1"
LATER = T0 + timedelta(days=2)
ALL = "WHERE game_date >= '1946-01-01'"


@pytest.fixture(scope="module")
def found(bigquery_url: str) -> BigQueryHarness:
    return BigQueryHarness(emulator_client(bigquery_url, PROJECT))


@pytest.fixture
def ledger(found: BigQueryHarness) -> BigQueryLedger:
    found.clear()
    for name in ("pending_bdb_games", "ml_feature_store_v2", "player_game_summary", "prediction_accuracy"):
        found.client.query_and_wait(f"DELETE FROM `{found.name(name)}` {ALL}")
    return BigQueryLedger(found.warehouse.jobs, Names(PROJECT, found.prefix))


def pending(game_id: str = GAME, **more: Any) -> dict[str, Any]:
    known = {"game_date": DAY, "game_id": game_id, "fallback_source": "none", "status": "bdb_available"}
    return {**known, "bdb_available_at": LATER, "created_at": T0, "updated_at": T0, **more}


def features(player: str, made: datetime, digest: str) -> dict[str, Any]:
    return {
        "player_lookup": player,
        "game_date": DAY,
        "game_id": GAME,
        "features": [1.0],
        "feature_names": ["form"],
        "feature_count": 1,
        "feature_version": "v1",
        "data_source": "x",
        "data_hash": digest,
        "created_at": made,
    }


def promote(
    found: BigQueryHarness, batch: str, token: int, players: Mapping[str, float], minute: int, **more: Any
) -> None:
    warehouse = found.warehouse
    warehouse.raise_fence(fence(batch, token))
    rows = slate(*players)
    for player, points in players.items():
        rows.append(new(batch, player, SYSTEM, 20.5, predicted_points=points, feature_version_hash="early", **more))
    warehouse.stage(staging(batch, token), rows)
    warehouse.promote(promotion(batch, token, len(players), minute=minute))
    warehouse.drop_staging(staging(batch, token))


def only(games: list[BdbGame]) -> BdbGame:
    assert len(games) == 1
    return games[0]


def test_game_is_regenerated_once_its_features_are_fresh(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    found.load("pending_bdb_games", [pending(), pending("g2", status="completed"), pending("g3", status="expired")])
    found.load("ml_feature_store_v2", [features(p, T0, "early") for p in ("anton", "bela")])
    promote(found, "b1", 1, {"anton": 21.0, "bela": 18.0}, 1)
    before = only(ledger.bdb_games(DAY))
    assert (before.features, before.old_features, before.fresh, before.stale) == (2, 2, 2, 0)
    assert decide(before, at(0)).act is BdbAct.WAIT, "the features are older than the data"
    found.load("ml_feature_store_v2", [features("anton", LATER + timedelta(hours=1), "late")])
    half = only(ledger.bdb_games(DAY))
    assert (half.old_features, half.fresh, half.stale) == (1, 1, 1)
    assert decide(half, at(0)).act is BdbAct.WAIT, "half of them are older"
    found.load("ml_feature_store_v2", [features("bela", LATER + timedelta(hours=1), "late")])
    ready = only(ledger.bdb_games(DAY))
    assert (ready.old_features, ready.fresh, ready.stale) == (0, 0, 2)
    assert decide(ready, at(0)).act is BdbAct.REGENERATE


def test_player_with_systems_on_different_features_is_stale(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    found.load("pending_bdb_games", [pending()])
    found.load("ml_feature_store_v2", [features("anton", LATER + timedelta(hours=1), "late")])
    promote(found, "b1", 1, {"anton": 21.0}, 1)
    found.warehouse.raise_fence(fence("b2", 2))
    row = new("b2", "anton", "another_v1", 20.5, predicted_points=22.0, feature_version_hash="late")
    found.warehouse.stage(staging("b2", 2), [*slate("anton"), row])
    found.warehouse.promote(promotion("b2", 2, 1, minute=2))
    game = only(ledger.bdb_games(DAY))
    assert (game.fresh, game.stale, game.promoted_at) == (0, 1, at(2))


def test_one_of_two_simultaneous_scans_writes(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    found.load("pending_bdb_games", [pending(), pending("g2")])

    def change(note: str, game_id: str = GAME) -> BdbChange:
        return BdbChange(DAY, game_id, "bdb_available", 0, BdbStatus.REGENERATING, 1, 1, at(0), note)

    ledger.change_bdb([change("it's one")])
    ledger.change_bdb([change("two"), change("three", "g2")])
    rows = {r["game_id"]: r for r in found.rows(f"SELECT * FROM `{found.name('pending_bdb_games')}` {ALL}")}
    assert (rows[GAME]["regen_status"], rows[GAME]["attempts"], rows[GAME]["regen_notes"]) == (
        "regenerating",
        1,
        "it's one",
    )
    assert rows["g2"]["regen_notes"] == "three"
    assert rows[GAME]["regen_updated_at"] == at(0)
    theirs = ("status", "bdb_check_count", "last_bdb_check_at", "completed_at", "resolution_notes", "updated_at")
    assert [rows[GAME][name] for name in theirs] == [pending().get(name) for name in theirs], "upstream's columns"
    waited = BdbChange(DAY, GAME, "regenerating", 1, BdbStatus.REGENERATING, 1, 2, at(30))
    ledger.change_bdb([waited])
    game = {g.game_id: g for g in ledger.bdb_games(DAY)}[GAME]
    assert (game.checks, game.last_checked_at, game.updated_at) == (2, at(30), at(0)), "waiting is no change"
    done = BdbChange(DAY, GAME, "regenerating", 1, BdbStatus.COMPLETED, 1, 3, at(40), "done")
    ledger.change_bdb([done])
    assert [g.game_id for g in ledger.bdb_games(DAY)] == ["g2"]


def test_grades_are_written_once_and_replaced_on_regrade(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    promote(found, "b1", 1, {"anton": 21.0, "bela": 18.0, "carl": 9.0, "dora": 5.0}, 1, recommendation="OVER")
    found.load(
        "player_game_summary",
        box(anton=25, bela=20, carl=None, eve=3),
    )
    first = only_day(ledger.grade(DAY, DAY, at(10)))
    assert (first.gradable, first.graded, first.voided, first.superseded, first.mae) == (4, 4, 2, 0, 3.0)
    again = only_day(ledger.grade(DAY, DAY, at(20)))
    assert again == first
    rows = grades(found)
    assert len(rows) == 4
    assert {r["graded_at"] for r in rows.values()} == {at(10)}, "grading again changes nothing"
    anton = rows["b1/1/anton/ensemble_v1/20.5"]
    assert (anton["actual_points"], anton["absolute_error"], anton["signed_error"]) == (25, 4.0, -4.0)
    assert (anton["prediction_correct"], anton["within_3_points"], anton["within_5_points"]) == (True, False, True)
    assert rows["b1/1/bela/ensemble_v1/20.5"]["prediction_correct"] is False
    dora = rows["b1/1/dora/ensemble_v1/20.5"]
    assert (dora["is_voided"], dora["void_reason"], dora["absolute_error"]) == (True, "dnp_unknown", None)

    promote(found, "b2", 2, {"anton": 24.0, "bela": 19.0, "carl": 9.5, "dora": 6.0}, 30, recommendation="OVER")
    after = only_day(ledger.grade(DAY, DAY, at(40)))
    assert (after.gradable, after.graded, after.superseded, after.mae) == (4, 4, 4, 1.0)
    rows = grades(found)
    assert len(rows) == 8
    assert {k: r["is_superseded_prediction"] for k, r in rows.items() if "anton" in k} == {
        "b1/1/anton/ensemble_v1/20.5": True,
        "b2/1/anton/ensemble_v1/20.5": False,
    }
    assert rows["b2/1/anton/ensemble_v1/20.5"]["original_prediction_id"] == "b1/1/anton/ensemble_v1/20.5"
    assert ledger.changed_dates(at(29)) == [DAY]
    assert ledger.changed_dates(at(31)) == []


def test_a_corrected_box_score_is_graded_anew(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    promote(found, "b1", 1, {"anton": 21.0}, 1)
    found.load("player_game_summary", box(anton=25))
    ledger.grade(DAY, DAY, at(10))
    found.load("player_game_summary", [{**scored("anton", 27), "processed_at": LATER}])
    ledger.grade(DAY, DAY, at(20))
    row = grades(found)["b1/1/anton/ensemble_v1/20.5"]
    assert (row["actual_points"], row["absolute_error"]) == (27, 6.0)


def test_games_not_played_are_not_gradable(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    promote(found, "b1", 1, {"anton": 21.0}, 1)
    found.load("player_game_summary", box("another", zoe=3))
    assert ledger.grade(DAY, DAY, at(10)) == []
    assert grades(found) == {}


def test_accuracy_is_compared_before_and_after(
    found: BigQueryHarness, ledger: BigQueryLedger, bigquery_url: str
) -> None:
    promote(found, "b1", 1, {"anton": 21.0, "bela": 18.0}, 1)
    promote(found, "b2", 2, {"anton": 24.0, "bela": 19.0, "carl": 10.0}, 30)
    found.load("player_game_summary", [scored("anton", 25), scored("bela", 20), scored("carl", 13)])
    reader = Reader(PROJECT, bigquery_url, found.prefix)
    told = before_and_after(reader, ["b2"], DAY, DAY)[DAY.isoformat()]
    assert {k: told[k] for k in ("players", "pairs", "mae_before", "mae_after")} == {
        "players": 3,
        "pairs": 2,
        "mae_before": 3.0,
        "mae_after": 1.0,
    }
    assert told["mae"] == pytest.approx(5 / 3)
    first = before_and_after(reader, ["b1"], DAY, DAY)[DAY.isoformat()]
    assert (first["pairs"], first["mae_before"], first["mae"]) == (0, None, 3.0)
    assert before_and_after(reader, [], DAY, DAY) == {}


def test_survey_finds_the_dates_with_a_slate(found: BigQueryHarness, ledger: BigQueryLedger) -> None:
    name = found.name("upcoming_player_game_context")
    found.client.query_and_wait(f"DELETE FROM `{name}` {ALL}")
    rows = [
        {
            "player_lookup": player,
            "game_id": GAME,
            "game_date": day,
            "team_abbr": "NYK",
            "opponent_team_abbr": "BOS",
            "avg_minutes_per_game_last_7": 30.0,
            "player_status": "out" if player == "bela" else "available",
            "created_at": T0,
        }
        for day in (DAY, date(2026, 1, 22))
        for player in ("anton", "bela", "carl")
    ]
    found.load("upcoming_player_game_context", rows)
    promote(found, "b1", 1, {"anton": 21.0}, 1)
    survey = ledger.survey(DAY, date(2026, 1, 23))
    assert [(s.game_date, s.rostered, s.expected, s.covered) for s in survey] == [
        (DAY, 3, 2, 1),
        (date(2026, 1, 22), 3, 2, 0),
    ]


def only_day(graded: list[Any]) -> Any:
    assert len(graded) == 1
    return graded[0]


def grades(found: BigQueryHarness) -> dict[str, dict[str, Any]]:
    rows = found.rows(f"SELECT * FROM `{found.name('prediction_accuracy')}` {ALL}")
    for row in rows:
        row["graded_at"] = row["graded_at"].astimezone(UTC)
    return {row["prediction_id"]: row for row in rows}
