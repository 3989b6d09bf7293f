"""Rollbacks and rounds: the same tests over memory and over BigQuery's emulator."""

from __future__ import annotations

import pytest

from contract.warehouse_acts import PLAYERS, Promote, by_id, current, promote, seed
from regen.domain.audit import AuditEvent
from regen.domain.errors import FenceLost, PromotionAborted
from regen.domain.promotion import StagedRow
from support.warehouse_rows import SYSTEMS, everyone, fence, old, rollback, slate
from support.warehouses import DAY, Harness, at, harness

__all__ = ["harness", "promote"]


def test_rollback_inserts_copies_and_leaves_superseded_rows(harness: Harness, promote: Promote) -> None:
    seed(harness)
    promote("b1", 1, [*everyone("b1", PLAYERS[:3]), StagedRow("withdrawal", PLAYERS[3], reason="out")])
    before = by_id(harness)
    gone = {name: row for name, row in before.items() if row["superseded"]}
    harness.warehouse.raise_fence(fence("b1", 2))
    counts = harness.warehouse.rollback(rollback("b1", 2, minute=5))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (6, 0, 16)
    rows = by_id(harness)
    assert {name: rows[name] for name in gone} == gone
    assert current(harness) == sorted(
        ((p, s, n, None) for p in PLAYERS for s in SYSTEMS for n in (24.5, 25.0)), key=str
    )
    for row in rows.values():
        if row["restored_from_prediction_id"]:
            source = gone[row["restored_from_prediction_id"]]
            same = (
                "player_lookup",
                "system_id",
                "current_points_line",
                "predicted_points",
                "confidence_score",
                "batch_id",
            )
            assert [row[name] for name in same] == [source[name] for name in same]
            assert row["created_at"] == at(5)
            made = row["supersedes_prediction_id"]
            assert (made is None) == (row["player_lookup"] == PLAYERS[3])
            if made and row["current_points_line"] == 24.5:
                assert rows[made]["superseded_by_prediction_id"] == row["prediction_id"]
                assert rows[made]["superseded_reason"] == "rollback"
    assert harness.warehouse.promotion_of(DAY, "b1", 1, AuditEvent.ROLLED_BACK) == counts


def test_a_rollback_of_a_first_prediction_leaves_none(harness: Harness, promote: Promote) -> None:
    promote("b1", 1, everyone("b1", PLAYERS))
    harness.warehouse.raise_fence(fence("b1", 2))
    counts = harness.warehouse.rollback(rollback("b1", 2, minute=5))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (0, 8, 0)
    assert current(harness) == []


def test_a_rollback_touches_only_what_its_batch_has_made(harness: Harness, promote: Promote) -> None:
    """Other players of its date, other systems of its player, and the predecessor's rows stay as they are."""
    seed(harness)
    harness.seed([old(PLAYERS[0], "other", 24.5), old("predecessors", SYSTEMS[0], 24.5)])
    promote("b1", 1, everyone("b1", PLAYERS[:3]), whole_slate=False)
    first, before = current(harness), by_id(harness)
    promote("b2", 2, everyone("b2", PLAYERS[:1], 26.5), whole_slate=False, minute=1)
    harness.warehouse.raise_fence(fence("b2", 3))
    counts = harness.warehouse.rollback(rollback("b2", 3, minute=5))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (2, 0, 2)
    assert current(harness) == first
    rows = by_id(harness)
    mine = {
        row["prediction_id"] for row in before.values() if (row["player_lookup"], row["batch_id"]) == (PLAYERS[0], "b1")
    }
    assert len(mine) == 2
    assert {name for name, row in before.items() if rows[name] != row} == mine


def test_a_rollback_with_a_stale_token_changes_nothing(harness: Harness, promote: Promote) -> None:
    """An owner who has lost the date rolls nothing back: `rollback.sql` looks at the token, as the promotion does."""
    seed(harness)
    promote("b1", 1, everyone("b1", PLAYERS))
    before = by_id(harness)
    harness.warehouse.raise_fence(fence("b1", 3))
    with pytest.raises(FenceLost):
        harness.warehouse.rollback(rollback("b1", 2, minute=5))
    assert by_id(harness) == before
    assert [row["event"] for row in harness.audit()] == ["promoted"]
    assert harness.warehouse.rollback(rollback("b1", 3, minute=6)).inserted == 16


def test_rollback_is_refused_after_a_later_promotion(harness: Harness, promote: Promote) -> None:
    seed(harness)
    promote("b1", 1, everyone("b1", PLAYERS))
    promote("b2", 2, everyone("b2", PLAYERS[:1]), whole_slate=False, minute=1)
    before = by_id(harness)
    harness.warehouse.raise_fence(fence("b1", 3))
    with pytest.raises(PromotionAborted, match="a later batch has replaced rows of b1"):
        harness.warehouse.rollback(rollback("b1", 3, minute=5))
    assert by_id(harness) == before
    assert [row["event"] for row in harness.audit()] == ["promoted", "promoted"]


def test_rollback_is_refused_twice_and_for_unpromoted_batches(harness: Harness, promote: Promote) -> None:
    seed(harness)
    promote("b1", 1, everyone("b1", PLAYERS))
    harness.warehouse.raise_fence(fence("b1", 2))
    harness.warehouse.rollback(rollback("b1", 2, minute=5))
    harness.warehouse.raise_fence(fence("b1", 3))
    with pytest.raises(PromotionAborted):
        harness.warehouse.rollback(rollback("b1", 3, minute=6))
    harness.warehouse.raise_fence(fence("b9", 4))
    with pytest.raises(PromotionAborted, match="b9 has no current rows"):
        harness.warehouse.rollback(rollback("b9", 4, minute=7))


def test_rollbacks_can_be_chained_and_rolled_back(harness: Harness, promote: Promote) -> None:
    seed(harness)
    first = current(harness)
    promote("b1", 1, everyone("b1", PLAYERS, 24.5))
    second = current(harness)
    promote("b2", 2, everyone("b2", PLAYERS, 26.5), minute=1)
    harness.warehouse.raise_fence(fence("b2", 3))
    harness.warehouse.rollback(rollback("b2", 3, minute=2))
    assert current(harness) == second
    harness.warehouse.raise_fence(fence("b1", 4))
    harness.warehouse.rollback(rollback("b1", 4, minute=3))
    assert current(harness) == first
    promote("b1", 5, everyone("b1", PLAYERS, 24.5, round_=2), round_=2, minute=4)
    assert current(harness) == second
    harness.warehouse.raise_fence(fence("b1", 6, 2))
    harness.warehouse.rollback(rollback("b1", 6, minute=5, round_=2))
    assert current(harness) == first


def test_a_second_round_adds_to_the_first(harness: Harness, promote: Promote) -> None:
    seed(harness)
    first = current(harness)
    promote("b1", 1, [*slate(*PLAYERS), *everyone("b1", PLAYERS[:2])])
    rest = [*slate(*PLAYERS), *everyone("b1", PLAYERS[2:], round_=2)]
    counts = promote("b1", 2, rest, round_=2, minute=1)
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (8, 0, 4)
    assert {row[3] for row in current(harness)} == {"b1"}
    harness.warehouse.raise_fence(fence("b1", 3, 2))
    harness.warehouse.rollback(rollback("b1", 3, minute=2, round_=2))
    assert current(harness) == first
