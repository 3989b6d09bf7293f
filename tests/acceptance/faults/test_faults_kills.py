"""SIGKILL of a whole function at a named instruction (P1, P13): what it had begun is ended by others, once."""

from __future__ import annotations

from contextlib import suppress

import pytest

from acceptance.faults.judge import invariants
from acceptance.faults.moments import ALL, Scene, moment, staged
from acceptance.faults.rig import HEALED_SECONDS, REPEATS, VERIFICATION_SECONDS, Rig
from regen.client.errors import OperatorError

pytestmark = pytest.mark.timeout(900)
ALONE = (
    "before_promoting", "before_the_fence", "fence_unanswered", "transaction_unanswered", "before_the_drop",
    "before_promoted", "promoted_unanswered",
)  # fmt: skip


def killed_at(rig: Rig, *scenes: Scene) -> None:
    """Kill functions while each of some dates is at a moment of its own; all of the dates are judged."""
    dates = staged(rig, scenes)
    for one in dates.held:
        one.wait()
    functions = sorted({function for function, _ in scenes})
    for function in functions:
        rig.stack.kill(function)
    for one in dates.held:
        one.drop()
    list(rig.pool.map(rig.stack.restart, functions))
    for answer in dates.asked:
        with suppress(OperatorError):  # who asked may have had no answer; what he asked for is done all the same
            answer.result()
    for (_, at), state in zip(scenes, dates.known, strict=True):
        # Promotions go one by one: each date may have to wait for the others' verification.
        state.ended(*at.ends, seconds=HEALED_SECONDS + VERIFICATION_SECONDS * (len(scenes) - 1) / 2)
    invariants(rig, dates.days)


def test_each_function_may_be_killed_halfway(rig: Rig) -> None:
    """I-01, I-02, I-17: nothing current is lost, what was never opened is asked for again, nothing is done twice."""
    killed_at(
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
    """Dates at every moment at once, as far as they can be: promotions go one by one."""
    killed_at(rig, *((function, at) for at in ALL[function] if at.name not in ALONE))


@pytest.mark.long
@pytest.mark.parametrize("number", range(REPEATS))
@pytest.mark.parametrize("name", ALONE)
def test_verifier_may_be_killed_at_any_moment_of_a_promotion(rig: Rig, name: str, number: int) -> None:
    """Every moment of a promotion."""
    killed_at(rig, ("verifier", moment("verifier", name)))
