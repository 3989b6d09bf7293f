"""A few seeds with the shipped SQL in Google's reference evaluator; `tools/simulate.py --sql` runs more."""

import pytest

from simulation.run import simulate
from simulation.sql import MOST, SqlWarehouse


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 5])
def test_the_shipped_sql_keeps_every_promise_under_faults(seed: int) -> None:
    result = simulate(seed, warehouse=SqlWarehouse, most=MOST)
    assert not result.violations, result.describe()
    assert result.batches
