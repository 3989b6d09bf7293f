"""The moments at which a function is killed or stopped: each is a call that is held on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from acceptance.faults.answers import Fault
from acceptance.faults.holding import Held
from acceptance.faults.judge import Before, before
from acceptance.faults.rig import Rig

Arm = Callable[[Rig, str], Held]


@dataclass(frozen=True)
class Moment:
    """A named moment of a regeneration.

    Attributes:
        arm: has the front hold that call about a day.
        ends: how the day's new batches end if the function dies there.
    """

    name: str
    arm: Arm
    ends: Sequence[str] = ("promoted",)


def _stored(*words: str, answer: bool = False) -> Arm:
    return lambda rig, day: rig.firestore.gate(f"prediction_batches/regen_{day}_", *words, answer=answer)


def _published(word: str, *, answer: bool = False) -> Arm:
    return lambda rig, day: rig.pubsub.gate(f"regen_{day}_", word, answer=answer)


def _asked(statement: str, fault: Fault) -> Arm:
    return lambda rig, day: rig.bigquery.rule(statement, day, fault)


#: The trigger of a batch that is lost in `created` goes back to the date, and a follow-up carries it.
LOST = ("failed", "promoted")

COORDINATOR = (
    Moment("created_unanswered", _stored("/leases/opening-", "/game_dates/", answer=True), LOST),
    Moment("before_the_requests", _stored("/requests/", "inputs"), LOST),
    Moment("requests_unanswered", _stored("/requests/", "inputs", answer=True), LOST),
    Moment("before_dispatching", _stored("all requests written"), LOST),
    Moment("dispatching_before_publishing", _published("request_id")),
    Moment("dispatching_published_unanswered", _published("request_id", answer=True)),
)
WORKER = (
    Moment("before_the_outcomes", _stored("/requests/", "\x04done")),
    Moment("outcomes_unanswered", _stored("/requests/", "\x04done", answer=True)),
    Moment("before_complete", _stored("no request is pending")),
    Moment("complete_unanswered", _stored("no request is pending", answer=True)),
)
VERIFIER = (
    Moment("before_verifying", _stored("verification begins")),
    Moment("before_staging", _asked("stage", Fault.HOLD)),
    Moment("staged_unanswered", _asked("stage", Fault.HOLD_ANSWER)),
    Moment("before_the_checks", _asked("current_predictions", Fault.HOLD)),
    Moment("before_promoting", _stored("fencing token")),
    Moment("before_the_fence", _asked("raise_fence", Fault.HOLD)),
    Moment("fence_unanswered", _asked("raise_fence", Fault.HOLD_ANSWER)),
    Moment("before_the_transaction", _asked("promote", Fault.HOLD)),
    Moment("transaction_unanswered", _asked("promote", Fault.HOLD_ANSWER)),
    Moment("before_promoted", _stored(" superseded, ")),
    Moment("promoted_unanswered", _stored(" superseded, ", answer=True)),
    Moment("before_the_drop", _asked("drop_staging", Fault.HOLD)),
)
ALL = {"coordinator": COORDINATOR, "worker": WORKER, "verifier": VERIFIER}


def moment(function: str, name: str) -> Moment:
    """One of a function's moments."""
    (found,) = (known for known in ALL[function] if known.name == name)
    return found


Scene = tuple[str, Moment]
"""A function, and the moment at which it is to be met."""


@dataclass(frozen=True)
class Staged:
    """Dates that are being made again, one for each scene, in its order.

    Attributes:
        known: each as it was before.
        held: the call at which each is to stop.
        asked: what whoever ordered it will be answered.
    """

    days: Sequence[str]
    known: Sequence[Before]
    held: Sequence[Held]
    asked: Sequence[Future[Any]]


def staged(rig: Rig, scenes: Sequence[Scene]) -> Staged:
    """Order a regeneration for each scene, which will stop at its moment."""
    days = rig.days(len(scenes))
    known = [before(rig, day) for day in days]
    held = [at.arm(rig, day) for (_, at), day in zip(scenes, days, strict=True)]
    return Staged(days, known, held, [rig.regenerate(day) for day in days])
