"""A waiver belongs to what was seen: it names what failed, and ends when something else is found."""

from __future__ import annotations

import pytest

from regen.domain.batch import Batch, Status
from regen.domain.errors import InvalidInput
from regen.domain.slate_reading import SlateEntry
from regen.services.batch import orders
from support.bench import Bench
from support.league import entry, old_row, players
from support.lists import list_batches


def flawed(good: int, bad: int) -> list[SlateEntry]:
    return [*players(good), *(entry(f"broken{n}", broken=True) for n in range(bad))]


def _rejected(bench: Bench) -> Batch:
    batch = bench.run()
    assert batch.status is Status.REJECTED
    assert (batch.verdict or {})["failed"] == ["coverage"]
    return batch


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["coverge"], "no check 'coverge' (nearest: coverage"),
        (["coverage", "nosuch"], "no check 'nosuch' (failed: coverage)"),
        (["coverage", "direction"], "direction did not fail (failed: coverage)"),
        (["coverage", "gold_share"], "gold_share did not fail (failed: coverage)"),
        (["coverage", "in_range"], "in_range cannot"),
        ([], "missing: coverage"),
    ],
)
def test_a_name_that_accepts_nothing_is_refused(names: list[str], said: str) -> None:
    bench = Bench(flawed(8, 2))
    batch = _rejected(bench)
    with pytest.raises(InvalidInput) as refused:
        orders.promote(bench.deps, bench.order(batch), names)
    assert said in str(refused.value)
    assert bench.batch(batch.batch_id) == batch


def test_a_redrive_forgets_what_was_accepted_before() -> None:
    bench = Bench(flawed(15, 5))
    batch = _rejected(bench)
    orders.promote(bench.deps, bench.order(batch), ["coverage"])
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED
    bench.slate([*flawed(15, 3), entry("broken3"), entry("broken4", broken=True)])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.accepted_checks) == (Status.REJECTED, ()), "80 % was never accepted"
    orders.promote(bench.deps, bench.order(again), ["coverage"])
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED


def test_a_redrive_after_a_promote_stages_no_row_again() -> None:
    bench = Bench(flawed(8, 2))
    orders.promote(bench.deps, bench.order(_rejected(bench)), ["coverage"])
    bench.drain()
    (batch,) = [bench.batch(b.batch_id) for b in list_batches(bench.deps, None, None)]
    bench.slate([*flawed(8, 0), entry("broken0"), entry("broken1")])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.promoted_rounds, again.error) == (Status.PROMOTED, (2, 3), None)
    assert [e.regenerated_count for e in bench.audited("promoted")] == [16, 4]


def test_a_waiver_ends_where_the_check_says_something_else() -> None:
    bench = Bench([entry(f"player{n}", form=30.0, lines=(11.5,)) for n in "abcd"])
    bench.warehouse.seed_predictions([old_row(f"player{n}", "steady", 11.5, points=10.0) for n in "abcd"])
    batch = bench.run()
    assert (batch.verdict or {})["failed"] == ["mean_shift"]
    orders.promote(bench.deps, bench.order(batch), ["mean_shift"])
    bench.warehouse.seed_predictions([old_row(f"player{n}", "bold", 11.5, points=90.0) for n in "abcd"])
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert again.status is Status.REJECTED
    assert "not what was seen when it was accepted: mean_shift" in (again.error or "")
    orders.promote(bench.deps, bench.order(again), ["mean_shift"])
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED
