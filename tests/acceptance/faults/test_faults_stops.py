"""SIGSTOP of an instance beyond its lease or its message's deadline: another does its work, and its own is too late."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

import pytest

from acceptance.faults.front import Rule
from acceptance.faults.judge import check_invariants, state_before
from acceptance.faults.moments import Scene, moment, start_scenes
from acceptance.faults.rig import ACK_SECONDS, HEALED_SECONDS, Rig
from regen.client.errors import OperatorError
from support.polling import wait_until

pytestmark = pytest.mark.timeout(900)
SECONDS = HEALED_SECONDS + ACK_SECONDS


def stop_at(rig: Rig, *scenes: Scene) -> None:
    """Stop one instance of each function at its scene's moment until others have finished its date, then continue it."""
    dates, pids = start_scenes(rig, scenes), []
    for one, (function, _) in zip(dates.held, scenes, strict=True):
        one.wait()
        pids.append(rig.process_of_connection(function, one.port))
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for (function, at), day, state, one, pid in zip(
            scenes, dates.days, dates.states, dates.held, pids, strict=True
        ):
            state.check_ended(*at.ends, seconds=SECONDS)
            written, answers = requests_of(rig, day), rig.answer_count(function, pid)
            one.resume()
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda f=function, p=pid, n=answers: rig.answer_count(f, p) > n, 40, f"{function} to go on")  # type: ignore[misc]
            assert requests_of(rig, day).items() >= written.items(), "the late write deleted a request"
            if isinstance(one, Rule) and one.statement == "promote":
                assert "FENCE_LOST" in failure_of(rig, one), "BigQuery must refuse the late transaction"
    finally:
        for one, pid in zip(dates.held, pids, strict=True):
            one.resume()
            os.kill(pid, signal.SIGCONT)
    for answer in dates.answers:
        with suppress(OperatorError):
            answer.result()
    for (_, at), state in zip(scenes, dates.states, strict=True):
        state.check_ended(*at.ends)
    check_invariants(rig, dates.days)


def failure_of(rig: Rig, late: Rule) -> str:
    """The error of a late call's job, as BigQuery recorded it."""
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
    """I-21, I-22: the fence and the preconditions refuse late writes; the late opener has lost its batch."""
    stop_at(
        rig,
        ("worker", moment("worker", "before_the_outcomes")),
        ("verifier", moment("verifier", "before_the_transaction")),
        ("coordinator", moment("coordinator", "before_the_requests")),
    )


def stop_function(rig: Rig, function: str) -> None:
    days = rig.days(2)
    known = [state_before(rig, day) for day in days]
    rig.stack.kill(function, signal.SIGSTOP)
    try:
        asked = [rig.regenerate(day) for day in days]
        late = rig.log_count("relay", "answered 504")
        wait_until(lambda: rig.log_count("relay", "answered 504") > late, 30, "the relay to give up")
    finally:
        rig.stack.kill(function, signal.SIGCONT)
    for answer in asked:
        answer.result(timeout=60)
    for state in known:
        state.check_ended("promoted", seconds=SECONDS)
    check_invariants(rig, days)


@pytest.mark.long
@pytest.mark.parametrize("function", ["worker", "verifier"])
def test_messages_survive_a_completely_stopped_function(rig: Rig, function: str) -> None:
    """The relay gives up on each call and redelivers its message; each batch is promoted once."""
    stop_function(rig, function)


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
    """Each moment at which a late write could do harm, in turn."""
    stop_at(rig, *((f, moment(f, names[number % len(names)])) for f, names in LATE.items()))
