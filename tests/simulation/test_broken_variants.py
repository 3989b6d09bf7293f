"""The simulator catches each mistake made on purpose within a few hundred runs."""

import pytest

from simulation.broken import LEFT_TO_ANOTHER, VARIANTS, Variant
from simulation.faults import Fault
from simulation.run import one_batch, simulate

MOST = 500


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_every_broken_variant_is_caught(variant: Variant, capsys: pytest.CaptureFixture[str]) -> None:
    """The checks catch it as it happens, and also those that run only at the end."""
    at_once = at_the_end = None
    with variant.patched():
        for seed in (*variant.known, *range(MOST)):
            result = simulate(seed, warehouse=variant.warehouse)
            at_once = at_once or (result.violations and (seed, result.violations[0]))
            at_the_end = at_the_end or (result.late and (seed, result.late[0]))
            if at_once and at_the_end:
                break
    with capsys.disabled():
        print(f"\n{variant.name}: caught by (seed, why) {at_once}; looking only at the end {at_the_end}", end=" ")  # noqa: T201
    assert at_once
    assert at_the_end


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.known], ids=lambda v: v.name)
def test_the_sound_code_is_clean_where_its_variant_is_not(variant: Variant) -> None:
    for seed in variant.known:
        result = simulate(seed)
        assert not result.violations, result.describe()


def test_completion_left_to_another_process_is_caught() -> None:
    """After a failed precondition a process must read and decide again, never assume that another did the work."""
    with LEFT_TO_ANOTHER.patched():
        calls = range(one_batch({}, ticks=False).calls)
        assert any(one_batch({call: Fault.TOUCHED}, ticks=False).violations for call in calls)
