"""Bursts: simultaneous regenerations of a date, and redelivered messages of this and an earlier round (P5)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from acceptance.faults.answers import Fault
from acceptance.faults.copies import Copies
from acceptance.faults.judge import check_invariants, state_before
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
    """I-08, I-10: one opens a batch, nine are coalesced, and one follow-up carries these."""
    (day,) = rig.days(1)
    state = state_before(rig, day)
    held = rig.bigquery.rule("promote", day, Fault.HOLD)
    answers = [asked.result() for asked in [rig.regenerate(day) for _ in range(ORDERS)]]
    held.wait()
    held.resume()
    assert Counter(answer["status"] for answer in answers) == {"accepted": 1, "coalesced": ORDERS - 1}
    assert len({answer["batch_id"] for answer in answers}) == 1
    new = state.check_ended("promoted", "promoted")
    carried = [rig.batch(name)["trigger_ids"] for name in new]
    assert sorted(map(len, carried)) == [1, ORDERS - 1]
    assert len({trigger for triggers in carried for trigger in triggers}) == ORDERS
    check_invariants(rig, [day])


def redeliver_messages(rig: Rig, number: int) -> str:
    """Regenerate a date and redeliver its messages, half during the promotion and half after it; return the date."""
    (day,) = rig.days(1)
    state, copies, message = state_before(rig, day), Copies(rig), f"by-hand-{day}-{number}-{len(rig.bigquery.seen)}"
    held = rig.bigquery.rule("promote", day, Fault.HOLD)
    (first,) = copies.send_trigger(day, message, 1)
    held.wait()
    (batch_id,) = state.new_batches()
    part = number // 8
    for at_once in (True, False):
        copies.send_requests(batch_id, part)
        copies.send_verifications(batch_id, part)
        copies.send_events(batch_id, part)
        assert {str(answer) for answer in copies.send_trigger(day, message, part)} == {str(first)}
        if at_once:
            held.resume()
            state.check_ended("promoted", seconds=60)
    copies.wait_until_acknowledged()
    state.check_ended("promoted")
    assert {request["attempts"] for request in rig.requests(batch_id)} == {1}, "outcomes were written once"
    assert rig.rows(_ODD, day) == []
    return day


def redeliver_stale_messages(rig: Rig, day: str, number: int) -> None:
    """Roll back the date's batch, which is its second round, then redeliver messages of the first round."""
    (batch_id,) = {row["batch_id"] for row in rig.rows(_CURRENT, day)}
    rig.coordinator.order(batch_id, "rollback", {"reason": "stale messages follow"})
    wait_until(lambda: rig.batches(day)[batch_id] == "rolled_back" and rig.settled(day), 30, "the rollback")

    def records() -> tuple[dict[str, str], list[dict[str, Any]]]:
        return rig.batches(day), rig.rows(_ROWS, day)

    known, copies = records(), Copies(rig)
    copies.send_requests(batch_id, number)
    for round_ in (1, 2, 3):
        copies.send_verifications(batch_id, number, round_)
    copies.send_events(batch_id, number)
    copies.wait_until_acknowledged()
    assert records() == known
    assert rig.rows(_ODD, day) == []
    check_invariants(rig, [day])


@pytest.mark.long
def test_redelivered_messages_of_any_round_change_nothing(rig: Rig) -> None:
    """A short form of the next test."""
    redeliver_stale_messages(rig, redeliver_messages(rig, FEW), FEW // 10)


@pytest.mark.long
def test_two_thousand_redeliveries_change_nothing(rig: Rig) -> None:
    """500 each of requests, verifications, change events and triggers; then 2,000 of an earlier round."""
    redeliver_stale_messages(rig, redeliver_messages(rig, MANY), MANY // 5)


@pytest.mark.long
def test_repeated_bursts_of_ten_regenerations(rig: Rig) -> None:
    """Each burst meets what the earlier ones left."""
    for _ in range(REPEATS):
        test_ten_simultaneous_regenerations_become_two_batches(rig)
