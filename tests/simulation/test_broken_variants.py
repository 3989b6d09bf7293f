"""The simulator proves itself: each mistake that regen could have is caught within a few hundred runs."""

import pytest

from simulation.broken import VARIANTS, Variant
from simulation.run import Result, simulate

MOST = 300


def caught(variant: Variant, *, late: bool) -> tuple[int, Result]:
    """After how many runs the variant is caught: as it happens, or by what can be seen when all is quiet."""
    with variant.patched():
        for seed in range(MOST):
            result = simulate(seed, warehouse=variant.warehouse)
            if result.late if late else result.violations:
                return seed + 1, result
    pytest.fail(f"{variant.name} was not caught in {MOST} runs")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_broken_variant_is_caught(variant: Variant, capsys: pytest.CaptureFixture[str]) -> None:
    runs, result = caught(variant, late=False)
    with capsys.disabled():
        print(f"\n{variant.name}: caught after {runs} runs: {result.violations[0]}", end=" ")  # noqa: T201


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_broken_variant_shows_even_to_who_looks_only_at_the_end(variant: Variant) -> None:
    caught(variant, late=True)
