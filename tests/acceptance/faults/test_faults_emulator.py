"""The warehouse itself goes away in the middle, and comes back with what it had committed."""

from __future__ import annotations

import signal
from collections.abc import Sequence

import pytest

from acceptance.faults.answers import Fault
from acceptance.faults.judge import before, invariants
from acceptance.faults.rig import REPEATS, Rig

pytestmark = pytest.mark.timeout(900)
PAIRS = (
    (("promote", Fault.HOLD), ("stage", Fault.HOLD_ANSWER)),
    (("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD)),
    (("raise_fence", Fault.HOLD), ("record", Fault.HOLD_ANSWER)),
    (("raise_fence", Fault.HOLD_ANSWER), ("record", Fault.HOLD)),
    (("current_predictions", Fault.HOLD), ("current_predictions", Fault.HOLD_ANSWER)),
)
"""Each statement, not reached and unanswered; promotions go one by one, so that no pair has two of their statements."""


def restarted_at(rig: Rig, number: int, *scenes: tuple[str, Fault]) -> None:
    """End the emulator while each of some dates is at a statement, and start it again on what it has on disk."""
    days = rig.days(len(scenes))
    known = [before(rig, day) for day in days]
    held = [rig.bigquery.rule(name, day, fault) for (name, fault), day in zip(scenes, days, strict=True)]
    for answer in [rig.regenerate(day) for day in days]:
        answer.result()
    for one in held:
        one.wait()
    rig.stack.kill("bigquery", number)
    for one in held:
        one.drop()
    rig.stack.restart("bigquery")
    for state in known:
        state.ended("promoted")
    invariants(rig, days)


@pytest.mark.long
def test_bigquery_killed_after_a_promotion_and_before_a_load(rig: Rig) -> None:
    """What was committed is found when it is back; what was not is done then."""
    restarted_at(rig, signal.SIGKILL, ("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD))


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("scenes", PAIRS, ids=lambda scenes: "-".join(f"{name}_{fault}" for name, fault in scenes))
def test_bigquery_may_restart_at_any_statement(rig: Rig, scenes: Sequence[tuple[str, Fault]], number: int) -> None:
    """By signal and by force."""
    restarted_at(rig, number, *scenes)


@pytest.mark.long
@pytest.mark.parametrize("_number", range(REPEATS))
def test_bigquery_may_restart_repeatedly_during_a_promotion(rig: Rig, _number: int) -> None:
    """In the middle of a promotion, again and again."""
    restarted_at(rig, signal.SIGKILL, ("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD))
