"""Many at once: the same order, and copies of every message, now and of long ago (P5)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from acceptance.faults.answers import Fault
from acceptance.faults.copies import Copies
from acceptance.faults.judge import before, invariants
from acceptance.faults.rig import REPEATS, Rig
from support.polling import wait_until

pytestmark = pytest.mark.timeout(900)
ORDERS = 10
MANY = 2000
FEW = 200
_ROWS = "SELECT * FROM {player_prop_predictions} WHERE game_date = @day ORDER BY prediction_id"
_CURRENT = "SELECT batch_id FROM {player_prop_predictions} WHERE game_date = @day AND is_active"
_ODD = """
SELECT event, error FROM {prediction_regeneration_audit}
WHERE game_date = @day AND event NOT IN ('requested', 'promoted', 'coalesced', 'rollback_requested', 'rolled_back')
"""


@pytest.mark.long
def test_ten_simultaneous_regenerations_become_two_batches(rig: Rig) -> None:
    """I-08, I-10: one runs, nine wait, one follow-up carries what all of them asked for."""
    (day,) = rig.days(1)
    state = before(rig, day)
    held = rig.bigquery.rule("promote", day, Fault.HOLD)
    answers = [asked.result() for asked in [rig.regenerate(day) for _ in range(ORDERS)]]
    held.wait()
    held.let_go()
    assert Counter(answer["status"] for answer in answers) == {"accepted": 1, "coalesced": ORDERS - 1}
    assert len({answer["batch_id"] for answer in answers}) == 1
    new = state.ended("promoted", "promoted")
    carried = [rig.batch(name)["trigger_ids"] for name in new]
    assert sorted(map(len, carried)) == [1, ORDERS - 1]
    assert len({trigger for triggers in carried for trigger in triggers}) == ORDERS
    invariants(rig, [day])


def copied(rig: Rig, number: int) -> str:
    """Half of the copies come while the batch is promoted, half when it is over; its date."""
    (day,) = rig.days(1)
    state, copies, message = before(rig, day), Copies(rig), f"by-hand-{day}-{number}-{len(rig.bigquery.seen)}"
    held = rig.bigquery.rule("promote", day, Fault.HOLD)
    (first,) = copies.of_a_trigger(day, message, 1)
    held.wait()
    (batch_id,) = state.new()
    part = number // 8
    for at_once in (True, False):
        copies.of_requests(batch_id, part)
        copies.of_verifications(batch_id, part)
        copies.of_events(batch_id, part)
        assert {str(answer) for answer in copies.of_a_trigger(day, message, part)} == {str(first)}
        if at_once:
            held.let_go()
            state.ended("promoted", seconds=60)
    copies.answered()
    state.ended("promoted")
    assert {request["attempts"] for request in rig.requests(batch_id)} == {1}, "outcomes were written once"
    assert rig.rows(_ODD, day) == []
    return day


def stale(rig: Rig, day: str, number: int) -> None:
    """The date's last batch is rolled back, which is its second round: what the first one's messages ask for is over."""
    (batch_id,) = {row["batch_id"] for row in rig.rows(_CURRENT, day)}
    rig.coordinator.order(batch_id, "rollback", {"reason": "stale messages follow"})
    wait_until(lambda: rig.batches(day)[batch_id] == "rolled_back" and rig.settled(day), 30, "the rollback")

    def stands() -> tuple[dict[str, str], list[dict[str, Any]]]:
        return rig.batches(day), rig.rows(_ROWS, day)

    known, copies = stands(), Copies(rig)
    copies.of_requests(batch_id, number)
    for round_ in (1, 2, 3):
        copies.of_verifications(batch_id, number, round_)
    copies.of_events(batch_id, number)
    copies.answered()
    assert stands() == known
    assert rig.rows(_ODD, day) == []
    invariants(rig, [day])


@pytest.mark.long
def test_redelivered_messages_of_any_round_change_nothing(rig: Rig) -> None:
    """The short form of the next one."""
    stale(rig, copied(rig, FEW), FEW // 10)


@pytest.mark.long
def test_two_thousand_redeliveries_change_nothing(rig: Rig) -> None:
    """Requests, verifications, change events and triggers, 500 of each; then as many of an older round."""
    stale(rig, copied(rig, MANY), MANY // 5)


@pytest.mark.long
def test_repeated_bursts_of_ten_regenerations(rig: Rig) -> None:
    """With what the times before have left."""
    for _ in range(REPEATS):
        test_ten_simultaneous_regenerations_become_two_batches(rig)
