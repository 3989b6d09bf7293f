"""Under faults, no row comes about whose inputs are not kept; a promotion that keeps them afterwards is caught."""

from typing import Any
from unittest.mock import patch

import pytest

from regen.services.batch import keeping, promoting, verifying
from simulation.run import one_batch, simulate

RUNS = 8


def test_no_row_comes_without_its_inputs_being_kept() -> None:
    for seed in range(RUNS):
        if simulate(seed, keeps=True).violations:
            pytest.fail(simulate(seed, keeps=True, traced=True).describe())


def test_inputs_that_are_kept_after_the_promotion_are_missed() -> None:
    promote = promoting.promote_round

    def afterwards(deps: Any, batch: Any, *rest: Any) -> str:
        status = promote(deps, batch, *rest)
        keeping.keep_inputs(deps, batch)
        return status

    with patch.object(verifying, "keep_inputs", lambda *_: None), patch.object(verifying, "promote_round", afterwards):
        found = one_batch({}).violations
    assert any("whose inputs are not kept" in text for text in found)
