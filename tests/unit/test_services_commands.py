"""What an operator does to a batch, and what he may not."""

from collections.abc import Sequence
from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.errors import Conflict, Gone, InvalidInput, Refused
from regen.domain.slate import Exclusion
from regen.ports import Write
from regen.services.batch import orders
from regen.services.batch.dispatching import dispatch
from regen.services.batch.gathering import gather
from regen.services.batch.requests import build_requests, reread_writes, write_requests
from regen.services.healing import sweeping
from regen.services.state.deps import REQUEST_TOPIC, VERIFY_TOPIC
from regen.services.state.documents import decode_date
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, entry, names, old_row, players


def flawed(number: int = 10) -> list[Any]:
    """A roster of which a fifth cannot be predicted."""
    return [entry(n, form=12.0 + i, lines=(11.5,), broken=i >= number - 2) for i, n in enumerate(names(number))]


def test_cancel_ends_a_batch_and_leaves_everything_current() -> None:
    bench = Bench(players(8))
    bench.warehouse.seed_predictions([old_row("playera", "steady", 11.5)])
    answer = bench.regenerate()
    orders.cancel(bench.deps, bench.order(answer, "mistake"))
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.CANCELLED
    assert bench.current() == {("playera", "steady", 11.5)}
    (audit,) = bench.audited("cancelled")
    assert (audit.triggered_by, audit.error) == ("api_key:one", "cancelled: mistake")
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert {(o.outcome, o.reason) for o in view.outcomes} == {("failed", "cancelled")}
    assert view.counts.failed == 8
    assert bench.regenerate("t2").status == "accepted", "the date is free"


def test_order_is_not_refused_for_its_own_retried_commit() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    commit = bench.store.commit

    def sent_twice(writes: Sequence[Write]) -> None:
        bench.store.commit = commit  # type: ignore[method-assign]
        commit(writes)
        raise Conflict("it was done, sent again, and is done already")

    bench.store.commit = sent_twice  # type: ignore[method-assign]
    orders.cancel(bench.deps, bench.order(answer))
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.CANCELLED
    assert len(bench.audited("cancelled")) == 1


def test_cancel_is_refused_during_promotion_and_after_the_end() -> None:
    bench = Bench()
    batch = bench.run()
    with pytest.raises(Refused):
        orders.cancel(bench.deps, bench.order(batch))
    orders.rollback(bench.deps, bench.order(batch))
    assert bench.batch(batch.batch_id).status is Status.PROMOTING
    with pytest.raises(Refused):
        orders.cancel(bench.deps, bench.order(batch))


def test_redrive_takes_only_players_without_a_result() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    assert batch.status is Status.REJECTED
    bench.slate(players(10))
    before = len(bench.queue.of(REQUEST_TOPIC))
    orders.redrive(bench.deps, bench.order(batch))
    assert len(bench.queue.of(REQUEST_TOPIC)) == before + 1
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.round) == (Status.PROMOTED, 2)
    assert (again.counts.produced, again.counts.inserted) == (10, 20)
    assert [e.round for e in bench.audited("redrive_requested")] == [2]
    first_errors = [r for r in bench.warehouse.runs() if r["round"] == 1 and not r["success"]]
    assert len(first_errors) == 2


@pytest.mark.parametrize("before", ["out", "postponed", "not on the slate"])
def test_redrive_keeps_a_player_who_is_available_again(before: str) -> None:
    """The slate is read anew for the players who lack a result; it counts for those who were left out, too."""
    late = [entry("playerx", status="out")] if before == "out" else []
    if before == "postponed":
        late = [entry("playerx", called_off=True)]
    bench = Bench([*flawed(), *late])
    bench.warehouse.seed_predictions([old_row("playerx", "steady", 11.5)])
    batch = bench.run()
    assert batch.status is Status.REJECTED
    bench.slate([*players(10), entry("playerx")])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.counts.withdrawn) == (Status.PROMOTED, 0), again.verdict
    assert ("playerx", "steady", 11.5) in bench.current()


def test_redrive_keeps_a_player_downgraded_to_doubtful() -> None:
    bench = Bench([*flawed(), entry("playerx", injury="out")])
    bench.warehouse.seed_predictions([old_row("playerx", "steady", 11.5)])
    batch = bench.run()
    assert batch.status is Status.REJECTED
    bench.slate([*players(10), entry("playerx", status="doubtful")])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.counts.withdrawn) == (Status.PROMOTED, 0), again.verdict
    assert ("playerx", "steady", 11.5) in bench.current()


def test_redrive_withdraws_a_player_who_is_out_now() -> None:
    bench = Bench([*flawed(), entry("playerx", status="doubtful")])
    bench.warehouse.seed_predictions([old_row("playerx", "steady", 11.5)])
    batch = bench.run()
    bench.slate([*players(10), entry("playerx", status="out")])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.counts.withdrawn) == (Status.PROMOTED, 1), again.verdict


def test_unopened_redrive_changes_no_exclusion() -> None:
    bench = Bench([*flawed(), entry("playerx", status="out")])
    bench.warehouse.seed_predictions([old_row("playerx", "steady", 11.5)])
    batch = bench.run()
    bench.slate([*players(10), entry("playerx")])
    known = bench.batch(batch.batch_id)
    changed = [Exclusion("playerx", "available_again")]
    bench.store.commit(list(reread_writes(known, "an-opening", "a-snapshot", changed)))
    (left,) = gather(bench.deps, known).excluded
    assert (left.player_lookup, left.reason) == ("playerx", "out")


def test_a_redrive_of_a_promoted_batch_adds_what_was_missing() -> None:
    bench = Bench([*players(19), entry("playert", broken=True)])
    batch = bench.run()
    assert batch.status is Status.PROMOTED
    bench.slate(players(20))
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.promoted_rounds) == (Status.PROMOTED, (1, 2))
    assert len(bench.current()) == 40
    assert [e.regenerated_count for e in bench.audited("promoted")] == [38, 2]


def test_redrive_is_refused_when_all_players_have_results() -> None:
    bench = Bench()
    batch = bench.run()
    with pytest.raises(Refused):
        orders.redrive(bench.deps, bench.order(batch))


def test_a_cancelled_batch_is_redriven_whole() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    orders.cancel(bench.deps, bench.order(answer))
    bench.drain()
    orders.redrive(bench.deps, bench.order(answer))
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, 8)


def test_stalled_opener_does_not_touch_a_later_round() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    first = [m["request_id"] for m in bench.queue.of(REQUEST_TOPIC)]
    orders.cancel(bench.deps, bench.order(answer))
    orders.redrive(bench.deps, bench.order(answer))
    bench.store.commit([Write("update", f"prediction_batches/{answer.batch_id}", {"status": "dispatching"})])
    before = len(bench.queue.of(REQUEST_TOPIC))
    dispatch(bench.deps, answer.batch_id, first)
    assert len(bench.queue.of(REQUEST_TOPIC)) == before
    assert bench.batch(answer.batch_id).status is Status.DISPATCHING


def test_requests_of_an_unopened_round_are_ignored() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    slate = bench.warehouse.read_slate(DAY).entries
    left = build_requests(bench.deps, batch, slate[:3], 2, "dead")
    write_requests(bench.deps, batch, left)
    orders.promote(bench.deps, bench.order(batch), ["coverage"])
    bench.drain()
    view = batch_view.view_batch(bench.deps, batch.batch_id)
    assert (view.status, view.counts.produced, view.pending) == ("promoted", 8, [])
    assert {o.reason for o in view.outcomes} == {"system_error"}


def test_batch_without_requests_cannot_be_redriven() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    orders.cancel(bench.deps, bench.order(answer))
    request, *_ = bench.store.find(f"prediction_batches/{answer.batch_id}/requests")
    bench.store.commit([Write("delete", request.path)])
    with pytest.raises(Refused):
        orders.redrive(bench.deps, bench.order(answer))


def test_rejected_batch_can_be_promoted_by_its_failed_checks() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    with pytest.raises(InvalidInput):
        orders.promote(bench.deps, bench.order(batch), ["mean_shift"])
    with pytest.raises(InvalidInput):
        orders.promote(bench.deps, bench.order(batch), ["coverage", "unique_keys"])
    orders.promote(bench.deps, bench.order(batch, "good enough"), ["coverage"])
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.round, again.counts.inserted) == (Status.PROMOTED, 2, 16)
    (audit,) = bench.audited("promote_requested")
    assert audit.metadata["order_reason"] == "good enough"


def test_rollback_copies_superseded_and_withdrawn_rows() -> None:
    bench = Bench(players(5))
    first = bench.run()
    before = bench.current()
    bench.slate([entry(n, form=30.0, lines=(11.5 + i,)) for i, n in enumerate(names(4))])
    second = bench.run("t2")
    assert second.status is Status.REJECTED
    orders.promote(bench.deps, bench.order(second), ["mean_shift"])
    bench.drain()
    second = bench.batch(second.batch_id)
    assert (second.status, second.counts.withdrawn) == (Status.PROMOTED, 2)
    orders.rollback(bench.deps, bench.order(second, "wrong features"))
    bench.drain()
    assert bench.batch(second.batch_id).status is Status.ROLLED_BACK
    assert bench.current() == before
    assert {m for made in bench.makers().values() for m in made} == {first.batch_id}
    rows = bench.warehouse.predictions(DAY)
    assert sum(r.get("restored_from_prediction_id") is not None for r in rows) == 10
    (audit,) = bench.audited("rolled_back")
    assert (audit.superseded_count, audit.regenerated_count) == (8, 10)


def test_rollback_is_refused_if_a_later_batch_replaced_it() -> None:
    bench = Bench()
    first = bench.run()
    second = bench.run("t2")
    with pytest.raises(Refused) as refused:
        orders.rollback(bench.deps, bench.order(first))
    assert refused.value.batch_id == second.batch_id
    orders.rollback(bench.deps, bench.order(second))
    bench.drain()
    orders.rollback(bench.deps, bench.order(first))
    bench.drain()
    assert bench.batch(first.batch_id).status is Status.ROLLED_BACK
    assert bench.current() == set()


def test_refused_rollback_over_a_later_batch_is_recorded() -> None:
    bench = Bench(players(4))
    first = bench.run()
    second = bench.run("t2")
    seen = bench.store.get(f"game_dates/{DAY}")
    assert seen is not None
    assert decode_date(seen, DAY).promoted[-1].batch_id == second.batch_id
    bench.store.commit([Write("update", seen.path, {"promoted": []})])
    orders.rollback(bench.deps, bench.order(first))
    bench.drain()
    batch = bench.batch(first.batch_id)
    assert batch.status is Status.PROMOTED
    assert "has replaced rows of" in (batch.error or "")
    bench.sweep()
    assert len(bench.audited("rollback_refused")) == 1


def test_orders_are_refused_on_live_dates_and_expired_batches() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    live = bench.regenerate("t2")
    for order in (orders.redrive, orders.rollback, lambda d, o: orders.promote(d, o, ["coverage"])):
        with pytest.raises(Refused):
            order(bench.deps, bench.order(batch))
    orders.cancel(bench.deps, bench.order(live))
    bench.clock.advance(91 * 86400)
    with pytest.raises(Gone):
        orders.redrive(bench.deps, bench.order(batch))


def test_sweep_resumes_a_lost_redrive() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    bench.slate(players(10))
    orders.redrive(bench.deps, bench.order(batch))
    bench.queue.waiting.clear()
    bench.clock.advance(300)
    bench.sweep()
    bench.sweep()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED


def test_sweep_resumes_an_unpublished_promote() -> None:
    bench = Bench(flawed())
    batch = bench.run()
    orders.promote(bench.deps, bench.order(batch), ["coverage"])
    bench.queue.waiting.clear()
    bench.events.clear()
    assert sweeping.sweep(bench.deps).healed
    assert [m["round"] for t, m in ((t, m.data) for t, m in bench.queue.waiting) if t == VERIFY_TOPIC] == [2]
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED
