"""The BigQuery emulator ends during a batch, and restarts with what it had committed."""

from __future__ import annotations

import signal
from collections.abc import Sequence

import pytest

from acceptance.faults.answers import Fault
from acceptance.faults.judge import check_invariants, state_before
from acceptance.faults.rig import REPEATS, Rig

pytestmark = pytest.mark.timeout(900)
PAIRS = (
    (("promote", Fault.HOLD), ("stage", Fault.HOLD_ANSWER)),
    (("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD)),
    (("raise_fence", Fault.HOLD), ("record", Fault.HOLD_ANSWER)),
    (("raise_fence", Fault.HOLD_ANSWER), ("record", Fault.HOLD)),
    (("current_predictions", Fault.HOLD), ("current_predictions", Fault.HOLD_ANSWER)),
)
"""Each statement, held before and after its effect. Only one promotion runs at a time: no pair has two of its statements."""


def restart_at(rig: Rig, number: int, *scenes: tuple[str, Fault]) -> None:
    """End the emulator while each date is held at a statement, and restart it on its files."""
    days = rig.days(len(scenes))
    known = [state_before(rig, day) for day in days]
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
        state.check_ended("promoted")
    check_invariants(rig, days)


@pytest.mark.long
def test_bigquery_killed_after_a_promotion_and_before_a_load(rig: Rig) -> None:
    """After the restart regen finds the committed promotion, and repeats the load."""
    restart_at(rig, signal.SIGKILL, ("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD))


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("scenes", PAIRS, ids=lambda scenes: "-".join(f"{name}_{fault}" for name, fault in scenes))
def test_bigquery_may_restart_at_any_statement(rig: Rig, scenes: Sequence[tuple[str, Fault]], number: int) -> None:
    """By SIGTERM and by SIGKILL."""
    restart_at(rig, number, *scenes)


@pytest.mark.long
@pytest.mark.parametrize("_number", range(REPEATS))
def test_bigquery_may_restart_repeatedly_during_a_promotion(rig: Rig, _number: int) -> None:
    """The kill during a promotion, repeated."""
    restart_at(rig, signal.SIGKILL, ("promote", Fault.HOLD_ANSWER), ("stage", Fault.HOLD))
