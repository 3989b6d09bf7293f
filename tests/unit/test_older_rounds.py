"""A caller that stood still while the batch was redriven changes nothing of the round that it is in now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from regen.domain.batch import CANCELLABLE, Batch, Status
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import orders, processing, promoting, verifying
from regen.services.batch.completion import check_completion
from regen.services.batch.ending import end_round
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.leases import take
from regen.services.state.paths import batch_path
from support.bench import Bench
from support.league import entry, players


@dataclass(frozen=True, slots=True)
class Redriven:
    """A batch in its second round, for one player, and the batch as somebody read it in the first."""

    bench: Bench
    old: Batch
    first_request: str

    def path(self) -> str:
        return batch_path(self.old.batch_id)


def redriven() -> Redriven:
    bench = Bench([*players(3), entry("defect", broken=True)])
    answer = bench.regenerate()
    old = bench.batch(answer.batch_id)
    (first,) = bench.queue.of(REQUEST_TOPIC)
    bench.drain()
    bench.slate([*players(3), entry("defect")])
    orders.redrive(bench.deps, bench.order(answer))
    assert (old.round, bench.batch(answer.batch_id).round) == (1, 2)
    return Redriven(bench, old, first["request_id"])


def completes(then: Redriven) -> object:
    return check_completion(then.bench.deps, then.old)


def processes(then: Redriven) -> object:
    return processing.process_request(then.bench.deps, then.old.batch_id, then.first_request, 1)


def cancels(then: Redriven) -> object:
    """What `cancel` does after it has read the batch."""
    return end_round(then.bench.deps, then.old.batch_id, 1, Status.CANCELLED, "cancelled: x", allowed=CANCELLABLE)


def verifies(then: Redriven) -> object:
    return verifying.verify(then.bench.deps, then.old.batch_id, 1)


def begins(then: Redriven) -> object:
    """What `verify` does after it has read the batch."""
    return verifying._begin(then.bench.deps, then.old.batch_id, 1)


def promotes(then: Redriven) -> object:
    verified = replace(then.old, status=Status.VERIFYING, staging="staged_in_round_1")
    return promoting.promote_round(then.bench.deps, verified, take(then.bench.deps, then.old.batch_id), 6)


@pytest.mark.parametrize("status", ["dispatching", "running", "complete", "verifying"])
@pytest.mark.parametrize("act", [completes, processes, cancels, verifies, begins, promotes])
def test_who_comes_from_an_older_round_changes_no_batch(act: Callable[[Redriven], object], status: str) -> None:
    then = redriven()
    then.bench.store.commit([Write("update", then.path(), {"status": status})])
    before = then.bench.store.get(then.path())
    act(then)
    assert then.bench.store.get(then.path()) == before


def test_a_message_of_an_older_round_costs_one_read() -> None:
    then = redriven()
    before = then.bench.store.reads
    assert processes(then) == "over"
    assert then.bench.store.reads - before == 1


def test_the_newer_round_ends_in_spite_of_older_callers() -> None:
    then = redriven()
    for act in (completes, processes, cancels, verifies, begins):
        act(then)
    then.bench.drain()
    batch = then.bench.batch(then.old.batch_id)
    assert (batch.status, batch.round, batch.counts.produced) == (Status.PROMOTED, 2, 4)
