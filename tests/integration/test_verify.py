"""Verification from the tables alone: a whole life is clean, and each of many corruptions is caught by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.domain.audit import AuditEvent
from regen.domain.invariants import AUDIT, INVARIANTS, Finding
from regen.domain.promotion import StagedRow
from regen.sql import Names
from support.warehouse_rows import SYSTEMS, entry, fence, new, promotion, rollback, run, slate, staging
from support.warehouses import DAY, PROJECT, T0, BigQueryHarness, at

# Two lives are made for these tests, and take their time: one process makes them.
pytestmark = pytest.mark.xdist_group("bigquery")

PLAYERS = ("anton", "bela", "carl", "dora")
NOW = at(60)
ALL = "WHERE game_date >= '1946-01-01'"
TABLES = (
    "player_prop_predictions",
    "prediction_regeneration_audit",
    "prediction_worker_runs",
    "promotion_fence",
    "prediction_accuracy",
    "pending_bdb_games",
    "upcoming_player_game_context",
)


def staged(batch: str, players: tuple[str, ...], round_: int = 1) -> list[StagedRow]:
    rows = slate(*players)
    for player in players:
        rows += [new(batch, player, s, 24.5, round_=round_, recommendation="UNDER") for s in SYSTEMS]
        rows.append(run(batch, player, round_=round_))
    return rows


def promoted(found: BigQueryHarness, batch: str, players: tuple[str, ...], token: int, minute: int) -> None:
    warehouse = found.warehouse
    warehouse.record([entry(batch, AuditEvent.REQUESTED, at(minute - 1))])
    warehouse.raise_fence(fence(batch, token))
    rows = staged(batch, players)
    if "dora" not in players:
        rows.append(StagedRow("withdrawal", "dora", "out"))
    warehouse.stage(staging(batch, token), rows)
    warehouse.promote(promotion(batch, token, len(players) * len(SYSTEMS), minute=minute))
    warehouse.drop_staging(staging(batch, token))


def context(player: str, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player,
        "game_id": "0022500601",
        "game_date": DAY,
        "team_abbr": "NYK",
        "opponent_team_abbr": "BOS",
        "avg_minutes_per_game_last_7": 31.25,
        "player_status": "available",
        "created_at": T0,
        **more,
    }


def grade(prediction: str, player: str) -> dict[str, Any]:
    return {
        "prediction_id": prediction,
        "player_lookup": player,
        "game_id": "0022500601",
        "game_date": DAY,
        "system_id": SYSTEMS[0],
        "predicted_points": 21.25,
        "actual_points": 20,
        "absolute_error": 1.25,
        "is_voided": False,
        "graded_at": T0,
    }


@pytest.fixture(scope="module")
def life(bigquery_url: str) -> BigQueryHarness:
    """A first run, a regeneration, one that withdraws a player, another that is rolled back, and one still under way."""
    found = BigQueryHarness(emulator_client(bigquery_url, PROJECT))
    statuses = {"dora": "out"}
    found.load(
        "upcoming_player_game_context", [context(p, player_status=statuses.get(p, "available")) for p in PLAYERS]
    )
    promoted(found, "b1", PLAYERS, 1, 1)
    promoted(found, "b2", PLAYERS, 2, 5)
    promoted(found, "b3", PLAYERS[:3], 3, 9)
    promoted(found, "b4", PLAYERS[:3], 4, 13)
    found.warehouse.record([entry("b4", AuditEvent.ROLLBACK_REQUESTED, at(14))])
    found.warehouse.raise_fence(fence("b4", 5, 2))
    found.warehouse.rollback(rollback("b4", 5, minute=15, round_=2))
    found.warehouse.record([entry("b5", AuditEvent.REQUESTED, NOW - timedelta(minutes=5))])
    # The fence names the last promotion that stands or stood; the rollback does not change that.
    found.load("prediction_accuracy", [grade(f"b1/1/anton/{SYSTEMS[0]}/24.5", "anton")])
    pending = {"game_date": DAY, "game_id": "g1", "fallback_source": "none", "status": "pending_bdb", "created_at": T0}
    found.load("pending_bdb_games", [pending])
    for name in TABLES:
        found.client.query_and_wait(
            f"CREATE TABLE `{found.name(name)}_good` AS SELECT * FROM `{found.name(name)}` {ALL}"
        )
    return found


def verified(found: BigQueryHarness, threshold: float = 90.0) -> dict[str, Finding]:
    ledger = BigQueryLedger(found.warehouse.jobs, Names(PROJECT, found.prefix))
    return {f.name: f for f in ledger.verify(DAY, DAY, NOW, threshold)}


def test_verify_passes_after_a_full_lifecycle(life: BigQueryHarness) -> None:
    found = verified(life)
    assert list(found) == list(INVARIANTS)
    assert {f.name: f.examples for f in found.values() if not f.holds} == {}
    unseen = {"no_orphans"}
    assert {f.name for f in found.values() if not f.checked} == unseen
    assert found["coverage"].checked == 1
    assert set(INVARIANTS) >= AUDIT


CURRENT = "(superseded IS NULL OR superseded = FALSE)"
FIRST = f"player_lookup = 'anton' AND system_id = '{SYSTEMS[0]}'"
P, A = "player_prop_predictions", "prediction_regeneration_audit"

CORRUPTIONS = [
    (
        "a current row is lost",
        P,
        f"DELETE FROM {{t}} WHERE {FIRST} AND {CURRENT} AND {{d}}",
        {"nothing_lost", "audit_inserted", "links_forward"},
    ),
    (
        "a player's rows are lost",
        P,
        f"DELETE FROM {{t}} WHERE player_lookup = 'bela' AND {CURRENT} AND {{d}}",
        {"coverage", "nothing_lost"},
    ),
    (
        "a superseded row is lost",
        P,
        f"DELETE FROM {{t}} WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"links_back", "audit_superseded"},
    ),
    (
        "a row is doubled",
        P,
        f"INSERT INTO {{t}} SELECT * FROM {{t}} WHERE {FIRST} AND {CURRENT} AND {{d}}",
        {"unique_keys", "unique_ids"},
    ),
    (
        "an old generation is current again",
        P,
        f"UPDATE {{t}} SET superseded = NULL, is_active = TRUE WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"one_generation", "unique_keys", "current_untouched"},
    ),
    (
        "superseded without a replacement",
        P,
        f"UPDATE {{t}} SET superseded_by_prediction_id = NULL WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"replaced_or_withdrawn", "audit_superseded"},
    ),
    (
        "superseded first and nothing made",
        P,
        f"UPDATE {{t}} SET superseded = TRUE, is_active = FALSE, superseded_reason = 'x', superseded_at = TIMESTAMP '2026-02-02' WHERE {FIRST} AND {CURRENT} AND {{d}}",
        {"nothing_lost", "superseded_told"},
    ),
    (
        "a link forward to nobody",
        P,
        f"UPDATE {{t}} SET superseded_by_prediction_id = 'nobody' WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"links_forward"},
    ),
    (
        "a link forward to another player",
        P,
        f"UPDATE {{t}} SET superseded_by_prediction_id = 'b2/1/bela/{SYSTEMS[0]}/24.5' WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"links_forward"},
    ),
    (
        "a link back to nobody",
        P,
        f"UPDATE {{t}} SET supersedes_prediction_id = 'nobody' WHERE {FIRST} AND batch_id = 'b2' AND {{d}}",
        {"links_back"},
    ),
    (
        "the link back is gone",
        P,
        f"UPDATE {{t}} SET supersedes_prediction_id = NULL WHERE {FIRST} AND batch_id = 'b2' AND {{d}}",
        {"links_forward"},
    ),
    (
        "superseded but still active",
        P,
        f"UPDATE {{t}} SET is_active = TRUE WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"active_agrees"},
    ),
    (
        "nobody knows which batch superseded",
        P,
        f"UPDATE {{t}} SET superseded_by_batch_id = NULL WHERE {FIRST} AND batch_id = 'b1' AND {{d}}",
        {"superseded_told", "audit_superseded"},
    ),
    (
        "a restored row was changed",
        P,
        f"UPDATE {{t}} SET predicted_points = 3 WHERE {FIRST} AND restored_from_prediction_id IS NOT NULL AND {{d}}",
        {"restored_links"},
    ),
    (
        "a value out of range",
        P,
        f"UPDATE {{t}} SET confidence_score = 400 WHERE {FIRST} AND {CURRENT} AND {{d}}",
        {"values_sane"},
    ),
    (
        "a recommendation against its line",
        P,
        f"UPDATE {{t}} SET recommendation = 'OVER' WHERE {FIRST} AND {CURRENT} AND {{d}}",
        {"direction_agrees"},
    ),
    (
        "the audit of a promotion is gone",
        A,
        "DELETE FROM {t} WHERE batch_id = 'b2' AND event = 'promoted' AND {d}",
        {"audit_missing"},
    ),
    (
        "the audit of a rollback is gone",
        A,
        "DELETE FROM {t} WHERE batch_id = 'b4' AND event = 'rolled_back' AND {d}",
        {"audit_missing"},
    ),
    (
        "the audit counts what is not there",
        A,
        "UPDATE {t} SET regenerated_count = 99 WHERE batch_id = 'b2' AND event = 'promoted' AND {d}",
        {"audit_inserted"},
    ),
    (
        "an act stands in the audit twice",
        A,
        "INSERT INTO {t} SELECT * FROM {t} WHERE batch_id = 'b2' AND event = 'promoted' AND {d}",
        {"audit_once"},
    ),
    (
        "a batch never ended",
        A,
        "UPDATE {t} SET regeneration_timestamp = TIMESTAMP '2026-02-01 09:00:00' WHERE batch_id = 'b5' AND {d}",
        {"ended"},
    ),
    (
        "the fence names another batch",
        "promotion_fence",
        "UPDATE {t} SET promoted_batch_id = 'b1' WHERE {d}",
        {"fence_agrees"},
    ),
    (
        "the fence of a date is there twice",
        "promotion_fence",
        "INSERT INTO {t} SELECT * FROM {t} WHERE {d}",
        {"fence_once", "fence_agrees"},
    ),
    (
        "a worker run is gone",
        "prediction_worker_runs",
        "DELETE FROM {t} WHERE batch_id = 'b2' AND player_lookup = 'carl' AND {d}",
        {"runs_recorded"},
    ),
    (
        "a worker run is there twice",
        "prediction_worker_runs",
        "INSERT INTO {t} SELECT * FROM {t} WHERE batch_id = 'b2' AND player_lookup = 'carl' AND {d}",
        {"runs_once"},
    ),
    (
        "a coverage hole",
        "upcoming_player_game_context",
        "UPDATE {t} SET player_status = 'available' WHERE player_lookup = 'dora' AND {d}",
        {"coverage"},
    ),
    (
        "a grade of no prediction",
        "prediction_accuracy",
        "UPDATE {t} SET prediction_id = 'nobody' WHERE {d}",
        {"grades_agree"},
    ),
    (
        "a grade that does not add up",
        "prediction_accuracy",
        "UPDATE {t} SET absolute_error = 7 WHERE {d}",
        {"grades_agree"},
    ),
    (
        "a word of another vocabulary",
        "pending_bdb_games",
        "UPDATE {t} SET status = 'put_on_ice' WHERE {d}",
        {"bdb_vocabulary"},
    ),
]


def day_of(number: int) -> date:
    return DAY + timedelta(days=number)


@pytest.fixture(scope="module")
def corrupted(life: BigQueryHarness) -> dict[str, Finding]:
    """A copy of the life on a date of its own for each corruption; all of them verified at once."""
    for name in TABLES:
        table, ids = life.name(name), ""
        if name == A:
            ids = ", CONCAT(event_id, CAST(n AS STRING)) AS event_id"
        days = f"UNNEST(GENERATE_ARRAY(1, {len(CORRUPTIONS)})) AS n"
        moved = f"SELECT good.* REPLACE (DATE_ADD(game_date, INTERVAL n DAY) AS game_date{ids})"
        life.client.query_and_wait(f"INSERT INTO `{table}` {moved} FROM `{table}_good` AS good CROSS JOIN {days}")
    for number, (_, name, statement, _) in enumerate(CORRUPTIONS, 1):
        text = statement.format(t=f"`{life.name(name)}`", d=f"game_date = '{day_of(number)}'")
        life.client.query_and_wait(text)
    ledger = BigQueryLedger(life.warehouse.jobs, Names(PROJECT, life.prefix))
    return {f.name: f for f in ledger.verify(DAY, day_of(len(CORRUPTIONS)), NOW, 90.0)}


@pytest.mark.parametrize(
    ("number", "caught"), [(n, c[3]) for n, c in enumerate(CORRUPTIONS, 1)], ids=[c[0] for c in CORRUPTIONS]
)
def test_verify_finds_each_corruption(corrupted: dict[str, Finding], number: int, caught: set[str]) -> None:
    day = day_of(number).isoformat()
    told = {f.name for f in corrupted.values() if any(day in example for example in f.examples)}
    assert caught <= told


def test_verify_finds_nothing_on_an_uncorrupted_date(corrupted: dict[str, Finding]) -> None:
    assert not [e for f in corrupted.values() for e in f.examples if DAY.isoformat() in e]


def test_verify_names_missing_players(corrupted: dict[str, Finding]) -> None:
    told = [e for e in corrupted["coverage"].examples if day_of(2).isoformat() in e]
    assert told == [f"{day_of(2)}: 66.7 % (2 of 3), missing bela"]


def test_old_staging_table_is_an_orphan(life: BigQueryHarness) -> None:
    life.warehouse.stage("left_behind", slate("anton"))
    ledger = BigQueryLedger(life.warehouse.jobs, Names(PROJECT, life.prefix))
    try:
        now = datetime.now(UTC)
        early = {f.name: f for f in ledger.verify(DAY, DAY, now, 90.0)}
        late = {f.name: f for f in ledger.verify(DAY, DAY, now + timedelta(hours=3), 90.0)}
    finally:
        life.warehouse.drop_staging("left_behind")
    assert early["no_orphans"].holds
    assert late["no_orphans"].examples == ("left_behind",)


def test_rows_that_the_predecessor_predicted_over_agree(life: BigQueryHarness) -> None:
    day, at_noon = day_of(-1), "TIMESTAMP '2026-02-02 12:00:00'"
    for name in TABLES:
        moved = f"SELECT * REPLACE (DATE '{day}' AS game_date) FROM `{life.name(name)}_good`"
        life.client.query_and_wait(f"INSERT INTO `{life.name(name)}` {moved}")
    rows = f"`{life.name(P)}`"
    life.client.query_and_wait(
        f"UPDATE {rows} SET superseded = TRUE, superseded_at = {at_noon}, superseded_reason = 'bdb_upgrade'"
        f" WHERE {CURRENT} AND game_date = '{day}'"
    )
    ledger = BigQueryLedger(life.warehouse.jobs, Names(PROJECT, life.prefix))
    lost = {f.name for f in ledger.verify(day, day, NOW, 90.0) if not f.holds}
    assert {"nothing_lost", "superseded_told", "active_agrees"} <= lost

    nothing = "CAST(NULL AS STRING)"
    life.client.query_and_wait(
        f"INSERT INTO {rows} SELECT * REPLACE (CONCAT('theirs/', prediction_id) AS prediction_id, {at_noon} AS created_at,"
        f" {nothing} AS batch_id, {nothing} AS supersedes_prediction_id, {nothing} AS restored_from_prediction_id,"
        f" {nothing} AS superseded_reason, CAST(NULL AS TIMESTAMP) AS superseded_at, FALSE AS superseded)"
        f" FROM {rows} WHERE superseded_at = {at_noon} AND game_date = '{day}'"
    )
    assert {f.name: f.examples for f in ledger.verify(day, day, NOW, 90.0) if not f.holds} == {}
