"""SIGSTOP of an instance for longer than its lease or its message's deadline: another does its work, and it comes too late."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

import pytest

from acceptance.faults.front import Rule
from acceptance.faults.judge import before, invariants
from acceptance.faults.moments import Scene, moment, staged
from acceptance.faults.rig import ACK_SECONDS, HEALED_SECONDS, Rig
from regen.client.errors import OperatorError
from support.polling import wait_until

pytestmark = pytest.mark.timeout(900)
SECONDS = HEALED_SECONDS + ACK_SECONDS


def stopped_at(rig: Rig, *scenes: Scene) -> None:
    """One instance of each function stands still at a moment of its own date until others have ended that, and goes on."""
    dates, pids = staged(rig, scenes), []
    for one, (function, _) in zip(dates.held, scenes, strict=True):
        one.wait()
        pids.append(rig.caller(function, one.port))
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for (function, at), day, state, one, pid in zip(scenes, dates.days, dates.known, dates.held, pids, strict=True):
            state.ended(*at.ends, seconds=SECONDS)
            written, answers = requests_of(rig, day), rig.served(function, pid)
            one.let_go()
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda f=function, p=pid, n=answers: rig.served(f, p) > n, 40, f"{function} to go on")  # type: ignore[misc]
            assert requests_of(rig, day).items() >= written.items(), "the late write changes nothing"
            if isinstance(one, Rule) and one.statement == "promote":
                assert "FENCE_LOST" in failure_of(rig, one), "BigQuery itself turned the late transaction away"
    finally:
        for one, pid in zip(dates.held, pids, strict=True):
            one.let_go()
            os.kill(pid, signal.SIGCONT)
    for answer in dates.asked:
        with suppress(OperatorError):
            answer.result()
    for (_, at), state in zip(scenes, dates.known, strict=True):
        state.ended(*at.ends)
    invariants(rig, dates.days)


def failure_of(rig: Rig, late: Rule) -> str:
    """Why the job of a late call has failed, as BigQuery has it on record."""
    assert late.call
    job = rig.reader.client.get_job(late.call.job)
    wait_until(job.done, 20, "the late transaction's end")
    return str(job.error_result)


def requests_of(rig: Rig, day: str) -> dict[str, Any]:
    """When each request of a date's batches was last written."""
    batches = [rig.store.collection("prediction_batches").document(name) for name in rig.batches(day)]
    return {r.reference.path: r.update_time for batch in batches for r in batch.collection("requests").stream()}


@pytest.mark.long
def test_late_writes_of_stopped_instances_change_nothing(rig: Rig) -> None:
    """I-21, I-22: the fence and the preconditions turn the late ones away; the one that opened has lost its batch."""
    stopped_at(
        rig,
        ("worker", moment("worker", "before_the_outcomes")),
        ("verifier", moment("verifier", "before_the_transaction")),
        ("coordinator", moment("coordinator", "before_the_requests")),
    )


def whole_function_stopped(rig: Rig, function: str) -> None:
    days = rig.days(2)
    known = [before(rig, day) for day in days]
    rig.stack.kill(function, signal.SIGSTOP)
    try:
        asked = [rig.regenerate(day) for day in days]
        late = rig.said("relay", "answered 504")
        wait_until(lambda: rig.said("relay", "answered 504") > late, 30, "the relay to give up")
    finally:
        rig.stack.kill(function, signal.SIGCONT)
    for answer in asked:
        answer.result(timeout=60)
    for state in known:
        state.ended("promoted", seconds=SECONDS)
    invariants(rig, days)


@pytest.mark.long
@pytest.mark.parametrize("function", ["worker", "verifier"])
def test_messages_survive_a_completely_stopped_function(rig: Rig, function: str) -> None:
    """The relay gives up on each call, the messages come again, and when it goes on all is done once."""
    whole_function_stopped(rig, function)


LATE = {
    "worker": ("before_the_outcomes", "before_complete"),
    "verifier": (
        "before_staging",
        "before_the_checks",
        "before_promoting",
        "before_the_fence",
        "before_the_transaction",
    ),
    "coordinator": ("before_the_requests", "before_dispatching", "dispatching_before_publishing"),
}


@pytest.mark.long
@pytest.mark.parametrize("number", range(max(map(len, LATE.values()))))
def test_late_writes_change_nothing_at_any_moment(rig: Rig, number: int) -> None:
    """The moments at which a late write could do harm take turns."""
    stopped_at(rig, *((f, moment(f, names[number % len(names)])) for f, names in LATE.items()))
