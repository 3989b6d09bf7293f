"""A small batch and an operator's orders on it, with a crash at every single call to a port.

Only the sweep repairs what a crash leaves.
"""

from collections.abc import Iterator

import pytest

from simulation.faults import Fault
from simulation.run import SCENES, one_batch

EACH = [5, pytest.param(1, marks=pytest.mark.long)]
"""`make test` looks at every fifth call, beginning with another one in each scene; the long suite at all of them."""
CRASHES = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
OTHERS = (Fault.REFUSED, Fault.UNANSWERED, Fault.LATE, Fault.STALL, Fault.DONE_REFUSED, Fault.AMBIGUOUS)


@pytest.mark.parametrize("scene", SCENES)
def test_scene_without_faults_ends_as_expected(scene: str) -> None:
    result = one_batch({}, scene)
    assert not result.violations
    ends = {"cancel": "cancelled r1", "promote": "promoted r2", "redrive": "promoted r2", "rollback": "rolled_back r2"}
    assert {end.partition(" ")[2] for end in result.batches} == {ends.get(scene, "promoted r1")}
    assert len(result.batches) == {"follow_up": 2, "backfill": 2}.get(scene, 1)


@pytest.mark.parametrize("step", EACH)
@pytest.mark.parametrize("scene", SCENES)
def test_process_may_die_after_any_call(scene: str, step: int) -> None:
    """A crash before the next call leaves the same state; `make test-long` covers that, too."""
    for call in range(SCENES.index(scene) % step, one_batch({}, scene).calls, step):
        _check({call: Fault.CRASH_AFTER}, scene)


@pytest.mark.long
@pytest.mark.parametrize("scene", SCENES[1:])
def test_process_may_die_before_any_call(scene: str) -> None:
    for call in range(one_batch({}, scene).calls):
        _check({call: Fault.CRASH_BEFORE}, scene)


@pytest.mark.parametrize("step", EACH)
def test_process_may_die_before_any_call_of_a_batch(step: int) -> None:
    for call in range(0, one_batch({}).calls, step):
        _check({call: Fault.CRASH_BEFORE}, "batch")


@pytest.mark.parametrize("step", EACH)
@pytest.mark.parametrize("fault", OTHERS)
def test_any_call_may_go_unanswered_or_be_slow(fault: Fault, step: int) -> None:
    for call in range(OTHERS.index(fault) % step, one_batch({}).calls, step):
        _check({call: fault}, "batch")


def test_concurrent_change_of_a_record_needs_no_sweep() -> None:
    """After a failed precondition the process reads and decides again."""
    for call in range(one_batch({}, ticks=False).calls):
        if (result := one_batch({call: Fault.TOUCHED}, ticks=False)).violations:
            pytest.fail(f"touched at {call}\n" + "\n".join(result.violations))


@pytest.mark.long
@pytest.mark.parametrize("fault", OTHERS)
@pytest.mark.parametrize("scene", SCENES[1:])
def test_any_call_of_any_scene_may_go_unanswered_or_be_slow(scene: str, fault: Fault) -> None:
    for call in range(one_batch({}, scene).calls):
        _check({call: fault}, scene)


def _pairs(first: int) -> Iterator[dict[int, Fault]]:
    for crash in CRASHES:
        for second in range(first + 1, one_batch({first: crash}).calls):
            for again in CRASHES:
                yield {first: crash, second: again}


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tenth", range(10))
def test_two_processes_may_die_at_any_two_calls(tenth: int) -> None:
    for first in range(tenth, one_batch({}).calls, 10):
        for planned in _pairs(first):
            _check(planned, "batch")


def _check(planned: dict[int, Fault], scene: str) -> None:
    if one_batch(planned, scene).violations:
        pytest.fail(f"{scene} with {planned}\n" + one_batch(planned, scene, traced=True).describe())
