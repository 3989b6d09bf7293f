"""The moments at which a test kills or stops a function: each is a call that a front holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from acceptance.faults.answers import Fault
from acceptance.faults.holding import Held
from acceptance.faults.judge import StateBefore, state_before
from acceptance.faults.rig import Rig

Arm = Callable[[Rig, str], Held]


@dataclass(frozen=True)
class Moment:
    """A named moment of a regeneration.

    Attributes:
        arm: makes the front hold that call about a day.
        ends: the statuses in which the day's new batches end if the function dies there.
    """

    name: str
    arm: Arm
    ends: Sequence[str] = ("promoted",)


def _at_write(*words: str, answer: bool = False) -> Arm:
    return lambda rig, day: rig.firestore.gate(f"prediction_batches/regen_{day}_", *words, answer=answer)


def _at_publish(word: str, *, answer: bool = False) -> Arm:
    return lambda rig, day: rig.pubsub.gate(f"regen_{day}_", word, answer=answer)


def _at_statement(statement: str, fault: Fault) -> Arm:
    return lambda rig, day: rig.bigquery.rule(statement, day, fault)


#: A batch lost in `created` fails. Its trigger returns to the date, and a follow-up batch carries it.
LOST = ("failed", "promoted")

COORDINATOR = (
    Moment("created_unanswered", _at_write("/leases/opening-", "/game_dates/", answer=True), LOST),
    Moment("before_the_requests", _at_write("/requests/", "inputs"), LOST),
    Moment("requests_unanswered", _at_write("/requests/", "inputs", answer=True), LOST),
    Moment("before_dispatching", _at_write("all requests written"), LOST),
    Moment("dispatching_before_publishing", _at_publish("request_id")),
    Moment("dispatching_published_unanswered", _at_publish("request_id", answer=True)),
)
WORKER = (
    Moment("before_the_outcomes", _at_write("/requests/", "\x04done")),
    Moment("outcomes_unanswered", _at_write("/requests/", "\x04done", answer=True)),
    Moment("before_complete", _at_write("no request is pending")),
    Moment("complete_unanswered", _at_write("no request is pending", answer=True)),
)
VERIFIER = (
    Moment("before_verifying", _at_write("verification begins")),
    Moment("before_staging", _at_statement("stage", Fault.HOLD)),
    Moment("staged_unanswered", _at_statement("stage", Fault.HOLD_ANSWER)),
    Moment("before_the_checks", _at_statement("current_predictions", Fault.HOLD)),
    Moment("before_promoting", _at_write("fencing token")),
    Moment("before_the_fence", _at_statement("raise_fence", Fault.HOLD)),
    Moment("fence_unanswered", _at_statement("raise_fence", Fault.HOLD_ANSWER)),
    Moment("before_the_transaction", _at_statement("promote", Fault.HOLD)),
    Moment("transaction_unanswered", _at_statement("promote", Fault.HOLD_ANSWER)),
    Moment("before_promoted", _at_write(" superseded, ")),
    Moment("promoted_unanswered", _at_write(" superseded, ", answer=True)),
    Moment("before_the_drop", _at_statement("drop_staging", Fault.HOLD)),
)
ALL = {"coordinator": COORDINATOR, "worker": WORKER, "verifier": VERIFIER}


def moment(function: str, name: str) -> Moment:
    """The moment of a function that has this name."""
    (found,) = (known for known in ALL[function] if known.name == name)
    return found


Scene = tuple[str, Moment]
"""A function and the moment at which the test acts on it."""


@dataclass(frozen=True)
class StartedScenes:
    """Regenerations in progress, one date for each scene, in the scenes' order.

    Attributes:
        states: the state of each date before.
        held: the call that a front holds for each date.
        answers: the coordinator's answer to each regeneration.
    """

    days: Sequence[str]
    states: Sequence[StateBefore]
    held: Sequence[Held]
    answers: Sequence[Future[Any]]


def start_scenes(rig: Rig, scenes: Sequence[Scene]) -> StartedScenes:
    """Start a regeneration for each scene; it will be held at the scene's moment."""
    days = rig.days(len(scenes))
    states = [state_before(rig, day) for day in days]
    held = [at.arm(rig, day) for (_, at), day in zip(scenes, days, strict=True)]
    return StartedScenes(days, states, held, [rig.regenerate(day) for day in days])
