"""A date's fence, on Google's semantics: what another owner does between two statements of a script."""

from __future__ import annotations

from typing import Any

import pytest

from googlesql.warehouse import EvaluatorHarness
from support.warehouse_rows import fence


@pytest.mark.parametrize(("mine", "theirs"), [(2, 1), (1, 2)])
def test_fence_that_was_made_meanwhile_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, mine: int, theirs: int
) -> None:
    """Both found no row; the transaction begins after the other's commit, so that BigQuery cancels neither."""
    harness = EvaluatorHarness()
    transaction = harness.engine._transaction

    def after_the_other(act: str, run: Any) -> None:
        monkeypatch.undo()
        harness.warehouse.raise_fence(fence("theirs", theirs))
        transaction(act, run)

    monkeypatch.setattr(harness.engine, "_transaction", after_the_other)
    holders = harness.warehouse._take(fence("mine", mine))
    assert holders == [(2, "mine" if mine > theirs else "theirs", 1)]
    assert len(harness.table("promotion_fence")) == len(harness.table("statement_locks")) == 1
