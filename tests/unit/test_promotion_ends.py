"""What an error answered to a transaction may end, and what only a later owner may: P1, P3 and P7 when answers lie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from regen.adapters.bigquery.refusals import BrokenStatement
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import Batch, Status
from regen.domain.errors import (
    AccessDenied,
    Conflict,
    FenceLost,
    InvalidInput,
    NotFound,
    PromotionAborted,
    RegenError,
    StatementRefused,
    TableMissing,
    Unavailable,
)
from regen.domain.promotion import FenceToken, Promotion, PromotionCounts, Rollback
from regen.domain.values import replace
from regen.services.batch import orders, promoting
from regen.services.state.leases import PROMOTION, take
from support.bench import Bench
from support.league import DAY, players


def refused(*, final: bool) -> StatementRefused:
    error = StatementRefused("invalid")
    error.final = final
    return error


ANSWERS: dict[str, Callable[[], Exception]] = {
    "404": lambda: TableMissing("Not found: Table p:nba_predictions.t"),
    "404 of another kind": lambda: NotFound("gone"),
    "403": lambda: AccessDenied("Access Denied: Job p:US.regen-promote"),
    "400 of the call": lambda: refused(final=False),
    "400 of the job": lambda: refused(final=True),
    "no reason": lambda: BrokenStatement("BadRequest: "),
    "an error of the client's own": lambda: BrokenStatement("ValueError: x"),
    "broken JSON": lambda: Unavailable("BigQuery does not answer: Expecting value"),
    "a connection that broke": lambda: Unavailable("BigQuery does not answer: reset"),
    "an assertion": lambda: PromotionAborted("PROMOTION_ABORTED: x"),
    "a conflict": lambda: Conflict("aborted due to concurrent update"),
    "the fence": lambda: FenceLost("FENCE_LOST: the round is promoted already"),
    "our own check": lambda: InvalidInput("metadata", "JSON"),
}
FINAL = {"400 of the job", "an assertion", "our own check"}


class Died(BaseException):
    """The process is dead."""


class Answering(MemoryWarehouse):
    """Answers acts with an error, after they were committed or in their place."""

    answer: Callable[[], BaseException] | None = None
    commits = True
    times = 99
    acts = 0

    def _answered(self, act: Callable[[], PromotionCounts]) -> PromotionCounts:
        self.acts += 1
        if self.answer is None or self.times < 1:
            return act()
        self.times -= 1
        if self.commits:
            act()
        raise self.answer()

    def promote(self, promotion: Promotion) -> PromotionCounts:
        return self._answered(lambda: super(Answering, self).promote(promotion))

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        return self._answered(lambda: super(Answering, self).rollback(rollback))


def bench_of(answer: Callable[[], BaseException], *, commits: bool, times: int = 99) -> tuple[Bench, Answering]:
    bench = Bench(players(4))
    warehouse = Answering(bench.clock.now)
    warehouse.__dict__.update(bench.warehouse.__dict__)
    warehouse.answer, warehouse.commits, warehouse.times = answer, commits, times
    bench.warehouse = warehouse
    bench.deps = replace(bench.deps, warehouse=warehouse)
    return bench, warehouse


def swept(bench: Bench, batch: Batch, times: int = 1) -> Batch:
    for _ in range(times):
        bench.clock.advance(120)
        _delivered(bench, bench.sweep)
    return bench.batch(batch.batch_id)


def ran(bench: Bench) -> Batch:
    answer = bench.regenerate()
    _delivered(bench, bench.drain)
    return bench.batch(answer.batch_id)


def _delivered(bench: Bench, act: Callable[[], object]) -> None:
    """Whose message was answered with an error, has it again from the sweep."""
    while True:
        try:
            act()
        except RegenError:
            act = bench.drain
        else:
            return


@pytest.mark.parametrize("name", ANSWERS)
def test_a_committed_promotion_never_ends_rejected(name: str) -> None:
    bench, warehouse = bench_of(ANSWERS[name], commits=True)
    batch = swept(bench, ran(bench), 2)
    assert batch.status is Status.PROMOTED
    assert len(bench.current()) == 8
    assert [row.entry.event.value for row in warehouse.audit()].count("promoted") == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_a_committed_rollback_never_reads_as_refused(name: str) -> None:
    bench, warehouse = bench_of(ANSWERS[name], commits=True, times=0)
    batch = ran(bench)
    warehouse.times = 99
    orders.rollback(bench.deps, bench.order(batch))
    _delivered(bench, bench.drain)
    assert swept(bench, batch, 2).status is Status.ROLLED_BACK
    assert bench.current() == set()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_only_a_definite_refusal_ends_a_batch_at_once(name: str) -> None:
    bench, warehouse = bench_of(ANSWERS[name], commits=False)
    warehouse.times = 1 if name != "a conflict" else promoting.CONFLICT_RETRIES + 1
    batch = ran(bench)
    assert (batch.status is Status.REJECTED) is (name in FINAL)
    if name not in FINAL:
        assert batch.status is Status.PROMOTING
        assert swept(bench, batch).status is Status.PROMOTED
        assert len(bench.current()) == 8
        assert bench.batch(batch.batch_id).error is None


def test_failed_lookup_of_a_promotion_decides_nothing() -> None:
    """The transaction was committed, its answer lost, and what was committed cannot be read now."""
    bench, warehouse = bench_of(ANSWERS["an assertion"], commits=True, times=1)
    asked: list[int] = []
    original = warehouse.promotion_of

    def mute(*given: object, **named: object) -> PromotionCounts | None:
        asked.append(1)
        if len(asked) == 1:
            raise Unavailable("the look is not answered")
        return original(*given, **named)  # type: ignore[arg-type]

    warehouse.promotion_of = mute  # type: ignore[method-assign]
    batch = ran(bench)
    assert batch.status is Status.PROMOTING
    assert swept(bench, batch).status is Status.PROMOTED


@pytest.mark.parametrize("name", ["403", "no reason", "a connection that broke", "400 of the call"])
def test_repeated_unknown_ends_reject_after_the_deadline(name: str) -> None:
    bench, _ = bench_of(ANSWERS[name], commits=False)
    batch = swept(bench, ran(bench), 10)
    assert batch.status is Status.PROMOTING, "before the deadline nobody gives up"
    assert batch.deadline > bench.clock.now()
    bench.clock.advance((batch.deadline - bench.clock.now()).total_seconds() + 1)
    batch = swept(bench, batch, 2)
    assert batch.status is Status.REJECTED
    assert "the result of the transaction is unknown" in (batch.error or "")
    assert str(ANSWERS[name]()) in (batch.error or "")
    assert batch.doubts == 0
    assert bench.current() == set()


@pytest.mark.parametrize("act", ["promotion", "rollback"])
def test_healer_reads_what_was_committed_before_it_gives_up(act: str) -> None:
    """The last owner before the deadline died after its commit; those before it had changed nothing."""
    bench, warehouse = bench_of(ANSWERS["a connection that broke"], commits=False, times=99 * (act == "promotion"))
    batch = ran(bench)
    if act == "rollback":
        warehouse.times = 99
        orders.rollback(bench.deps, bench.order(batch))
        _delivered(bench, bench.drain)
    swept(bench, batch, promoting.DOUBTS - 1)
    warehouse.answer, warehouse.commits = Died, True
    with pytest.raises(Died):
        swept(bench, batch)
    batch = bench.batch(batch.batch_id)
    assert (batch.status, batch.doubts) == (Status.PROMOTING, promoting.DOUBTS)
    bench.clock.advance((batch.deadline - bench.clock.now()).total_seconds() + 1)
    acts = warehouse.acts
    assert swept(bench, batch).status is (Status.PROMOTED if act == "promotion" else Status.ROLLED_BACK)
    assert len(bench.current()) == (8 if act == "promotion" else 0)
    assert warehouse.acts == acts, "nothing is submitted again"


def test_stalled_owner_leaves_the_token_of_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has all leases, and stands still for longer than they last; the later owner dies in its transaction."""
    bench, warehouse = bench_of(Died, commits=False, times=1)
    answer, left = bench.regenerate(), []
    take_fence = promoting._take_fence

    def after_a_stall(*given: Any) -> Any:
        monkeypatch.undo()
        bench.clock.advance(200)
        with pytest.raises(Died):
            bench.sweep()
        left.append(bench.batch(answer.batch_id))
        return take_fence(*given)

    monkeypatch.setattr(promoting, "_take_fence", after_a_stall)
    with suppress(RegenError):
        bench.drain()
    assert [(b.status, b.token) for b in left] == [(Status.PROMOTING, 2)]
    assert bench.batch(answer.batch_id) == left[0]
    assert warehouse.acts == 1, "the stalled owner submits nothing"
    assert swept(bench, left[0]).status is Status.PROMOTED


def test_late_batch_still_gets_all_its_attempts() -> None:
    """Past the deadline is no reason to give up: the first transactions may have been killed."""
    bench, _ = bench_of(ANSWERS["a connection that broke"], commits=False, times=promoting.DOUBTS)
    batch = ran(bench)
    bench.clock.advance(timedelta(hours=1).total_seconds())
    assert swept(bench, batch, promoting.DOUBTS + 1).status is Status.PROMOTED


def test_fence_ahead_of_the_lease_is_caught_up_in_one_step() -> None:
    """Firestore restored from a backup beside kept tables: it was one token a sweep, 499 sweeps."""
    bench = Bench(players(4))
    bench.warehouse.raise_fence(FenceToken(DAY, 500, "of another life", 1))
    batch = ran(bench)
    assert batch.status is Status.PROMOTED
    assert batch.token == 501
    assert take(bench.deps, PROMOTION).token == 502


def test_lost_lease_cannot_raise_its_token() -> None:
    bench = Bench(players(4))
    stale = take(bench.deps, PROMOTION)
    bench.clock.advance(91)
    owner = take(bench.deps, PROMOTION)
    with pytest.raises(RegenError, match="taken by another owner"):
        stale.lift(500)
    owner.lift(0)
    assert owner.token == stale.token + 2
    owner.renew()
