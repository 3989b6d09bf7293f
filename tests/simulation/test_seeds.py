"""Some hundreds of simulated runs, one for each seed; `make simulate` runs thousands."""

import pytest

from simulation.faults import Mix
from simulation.run import simulate

RUNS = 120
GROUP = 30


@pytest.mark.parametrize("first", range(0, RUNS, GROUP))
def test_every_promise_is_kept_under_faults(first: int) -> None:
    for seed in range(first, first + GROUP):
        if simulate(seed).violations:
            pytest.fail(simulate(seed, traced=True).describe())


def test_without_faults_no_batch_waits_for_a_sweep() -> None:
    for seed in range(40):
        result = simulate(seed, mix=Mix(switch=0.3), ticks=False)
        assert not result.violations, result.describe()
        assert not result.counted


def test_a_seed_always_gives_the_same_run() -> None:
    for seed in (3, 17):
        one, two = simulate(seed, traced=True), simulate(seed, traced=True)
        assert one.trace == two.trace
        assert one.calls > 0


def test_seeds_inject_different_faults() -> None:
    kinds = [frozenset(simulate(seed).counted) for seed in range(20)]
    assert len(set(kinds)) > 10
