"""Each BigQuery call fails: not reached, done but unanswered, refused, aborted. The batch is promoted all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from acceptance.faults.answers import Fault
from acceptance.faults.front import Rule
from acceptance.faults.judge import check_invariants, state_before
from acceptance.faults.rig import Rig

pytestmark = pytest.mark.timeout(900)

STATEMENTS = (
    "read_slate", "record", "create_staging", "stage", "current_predictions", "raise_fence", "promote", "drop_staging",
)  # fmt: skip
ROWS = tuple(f"{name} rows" for name in STATEMENTS if name not in {"create_staging", "stage", "drop_staging"})
CALLS = STATEMENTS + ROWS
CHANGING = ("record", "raise_fence", "promote")
"""Statements that BigQuery aborts if another transaction changes the same table."""
JOBS = ("read_slate", "record", "stage", "current_predictions", "raise_fence", "promote")
ANY_CALL = (Fault.RESET, Fault.LOST, Fault.RATE, Fault.QUOTA, Fault.BUSY)
MATRIX = (
    *((name, fault) for name in CALLS for fault in ANY_CALL),
    *((name, fault) for name in JOBS if name != "stage" for fault in (Fault.JOB_RATE, Fault.JOB_BUSY)),
    *((name, fault) for name in CHANGING for fault in (Fault.CONFLICT, Fault.JOB_CONFLICT)),
)
AT_ONCE = 4
"""Dates of one test; only one promotion runs at a time."""
Faults = Mapping[str, Sequence[Fault]]


def in_turn(names: Iterable[str], *faults: Fault) -> Faults:
    """Plan one fault for each of these calls, taking the faults in turn."""
    return {name: [faults[number % len(faults)]] for number, name in enumerate(names)}


def regenerate_with(rig: Rig, *plans: Faults) -> None:
    """Regenerate a date for each plan, all at once, with the plan's faults."""
    days = rig.days(len(plans))
    known = [state_before(rig, day) for day in days]
    rules: list[Rule] = []
    for day, plan in zip(days, plans, strict=True):
        rules += [rig.bigquery.rule(name, day, fault) for name, faults in plan.items() for fault in faults]
    # The slate may be unreadable at first: the client retries under the same key.
    for answer in [rig.regenerate(day, patient=True) for day in days]:
        answer.result()
    for state in known:
        state.check_ended("promoted")
    check_invariants(rig, days)
    for rule in rules:
        assert rule.reached.is_set(), f"{rule.statement} of {rule.day} was never called"


@pytest.mark.long
def test_every_bigquery_call_may_fail_once_in_any_way(rig: Rig) -> None:
    """I-29, I-31, I-32: a date for each kind of fault, which every call of its batch meets."""
    regenerate_with(
        rig,
        in_turn(CALLS, Fault.RESET),
        in_turn(STATEMENTS, Fault.LOST),
        in_turn(CALLS, Fault.RATE, Fault.BUSY, Fault.QUOTA),
        {name: [Fault.CONFLICT, Fault.JOB_CONFLICT] for name in CHANGING},
    )


def groups() -> list[tuple[str, Sequence[Fault]]]:
    """Split the matrix into tests: one statement with a few of its faults, each on a separate date."""
    faults = {name: [fault for known, fault in MATRIX if known == name] for name in CALLS}
    return [(name, of[n : n + AT_ONCE]) for name, of in faults.items() for n in range(0, len(of), AT_ONCE)]


@pytest.mark.long
@pytest.mark.parametrize(("statement", "faults"), groups(), ids=lambda value: str(value).replace(" ", "_"))
def test_any_single_bigquery_call_may_fail(rig: Rig, statement: str, faults: Sequence[Fault]) -> None:
    regenerate_with(rig, *({statement: [fault]} for fault in faults))
