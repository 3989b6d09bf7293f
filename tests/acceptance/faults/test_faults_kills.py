"""SIGKILL of all processes of a function at a named moment (P1, P13): others finish its work, once."""

from __future__ import annotations

from contextlib import suppress

import pytest

from acceptance.faults.judge import check_invariants
from acceptance.faults.moments import ALL, Scene, moment, start_scenes
from acceptance.faults.rig import HEALED_SECONDS, REPEATS, VERIFICATION_SECONDS, Rig
from regen.client.errors import OperatorError

pytestmark = pytest.mark.timeout(900)
ALONE = (
    "before_promoting", "before_the_fence", "fence_unanswered", "transaction_unanswered", "before_the_drop",
    "before_promoted", "promoted_unanswered",
)  # fmt: skip


def kill_at(rig: Rig, *scenes: Scene) -> None:
    """Kill the scenes' functions while each date is held at its moment, then check all dates."""
    dates = start_scenes(rig, scenes)
    for one in dates.held:
        one.wait()
    functions = sorted({function for function, _ in scenes})
    for function in functions:
        rig.stack.kill(function)
    for one in dates.held:
        one.drop()
    list(rig.pool.map(rig.stack.restart, functions))
    for answer in dates.answers:
        with suppress(OperatorError):  # the kill may have lost the answer; the regeneration runs all the same
            answer.result()
    for (_, at), state in zip(scenes, dates.states, strict=True):
        # Only one promotion runs at a time: a date may wait for the others' verification.
        state.check_ended(*at.ends, seconds=HEALED_SECONDS + VERIFICATION_SECONDS * (len(scenes) - 1) / 2)
    check_invariants(rig, dates.days)


@pytest.mark.long
def test_each_function_may_be_killed_halfway(rig: Rig) -> None:
    """I-01, I-02, I-17: no current row is lost, lost triggers open a batch again, nothing is done twice."""
    kill_at(
        rig,
        ("coordinator", moment("coordinator", "before_the_requests")),
        ("coordinator", moment("coordinator", "dispatching_before_publishing")),
        ("worker", moment("worker", "before_the_outcomes")),
        ("verifier", moment("verifier", "transaction_unanswered")),
    )


@pytest.mark.long
@pytest.mark.parametrize("number", range(REPEATS))
@pytest.mark.parametrize("function", sorted(ALL))
def test_each_function_may_be_killed_at_every_moment(rig: Rig, function: str, number: int) -> None:
    """One date at each moment, but for those of a promotion: only one runs at a time."""
    kill_at(rig, *((function, at) for at in ALL[function] if at.name not in ALONE))


@pytest.mark.long
@pytest.mark.parametrize("number", range(REPEATS))
@pytest.mark.parametrize("name", ALONE)
def test_verifier_may_be_killed_at_any_moment_of_a_promotion(rig: Rig, name: str, number: int) -> None:
    kill_at(rig, ("verifier", moment("verifier", name)))
