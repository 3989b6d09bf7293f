"""The fence of a date is one row, whoever takes it at once and whatever older versions left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from regen.domain.audit import AuditEvent
from regen.domain.errors import Conflict, FenceLost
from support.warehouse_rows import entry, everyone, fence, promotion, staging
from support.warehouses import DAY, BigQueryHarness, at

PLAYERS = ("anton", "bela")
ROW = "INSERT INTO `{t}` (game_date, token, batch_id, round, raised_at, promoted_batch_id, promoted_round, promoted_at)"


@pytest.fixture
def harness(bigquery_harness: BigQueryHarness) -> BigQueryHarness:
    bigquery_harness.clear()
    return bigquery_harness


def rows(harness: BigQueryHarness) -> list[dict[str, Any]]:
    return harness.rows(f"SELECT * FROM `{harness.name('promotion_fence')}` ORDER BY token")


def doubled(harness: BigQueryHarness) -> None:
    """What two first promotions at once left behind before the row was made under a lock."""
    insert = ROW.format(t=harness.name("promotion_fence"))
    when = "TIMESTAMP '2026-01-20 12:00:00'"
    harness.client.query_and_wait(
        f"{insert} VALUES (DATE '{DAY}', 4, 'b4', 1, {when}, NULL, NULL, NULL),"
        f" (DATE '{DAY}', 3, 'b3', 1, {when}, 'b3', 1, {when})"
    )


def test_simultaneous_first_fences_leave_one_row(harness: BigQueryHarness) -> None:
    def take(token: int) -> str:
        try:
            harness.warehouse.raise_fence(fence(f"b{token}", token))
        except (Conflict, FenceLost) as error:
            return type(error).__name__
        return "taken"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(take, range(1, 5)))
    assert "taken" in results
    assert len(rows(harness)) == 1
    harness.warehouse.raise_fence(fence("b9", 9))
    assert [(row["token"], row["batch_id"]) for row in rows(harness)] == [(9, "b9")]


def test_date_with_duplicate_fence_rows_can_be_promoted(harness: BigQueryHarness) -> None:
    doubled(harness)
    count = harness.warehouse.stage(staging("b5", 5), everyone("b5", PLAYERS))
    harness.warehouse.raise_fence(fence("b5", 5))
    harness.warehouse.promote(promotion("b5", 5, count))
    assert [(row["token"], row["promoted_batch_id"]) for row in rows(harness)] == [(5, "b5")]


def test_repaired_fence_keeps_token_and_last_promotion(harness: BigQueryHarness) -> None:
    doubled(harness)
    assert harness.warehouse.mend_fences() == [DAY]
    assert [(row["token"], row["batch_id"], row["promoted_batch_id"]) for row in rows(harness)] == [(4, "b4", "b3")]
    assert harness.warehouse.mend_fences() == []
    with pytest.raises(FenceLost) as lost:
        harness.warehouse.raise_fence(fence("b3", 3))
    assert lost.value.standing == 4


def test_lower_token_neither_repairs_nor_raises_a_fence(harness: BigQueryHarness) -> None:
    doubled(harness)
    with pytest.raises(FenceLost, match="token 4 holds it"):
        harness.warehouse.raise_fence(fence("b2", 2))
    assert [row["token"] for row in rows(harness)] == [3, 4]


def test_duplicate_lock_row_blocks_no_writer(harness: BigQueryHarness) -> None:
    lock = harness.name("statement_locks")
    for _ in range(2):
        harness.client.query_and_wait(f"INSERT INTO `{lock}` (name, at) VALUES ('fence', TIMESTAMP '2026-01-01')")
    harness.warehouse.raise_fence(fence("b1", 1))
    assert [row["token"] for row in rows(harness)] == [1]
    assert {row["holder"] for row in harness.rows(f"SELECT holder FROM `{lock}`")} == {"b1"}
    assert at(0) < min(row["at"] for row in harness.rows(f"SELECT at FROM `{lock}`"))


def test_simultaneous_flushes_write_an_entry_once(harness: BigQueryHarness) -> None:
    """Two statements that only insert do not conflict: the transaction changes its lock row."""
    acts = [entry(f"b{n}", AuditEvent.CANCELLED, at(n)) for n in range(5)]

    def flush(number: int) -> str:
        try:
            harness.warehouse.record(acts[number % 2 :])
        except Conflict:
            return "cancelled"
        return "recorded"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(flush, range(4)))
    assert "recorded" in results
    harness.warehouse.record(acts)
    assert sorted(row["batch_id"] for row in harness.audit()) == [f"b{n}" for n in range(5)]
