"""A backfill goes on by itself: bounded, in order, past dates that fail, and past every death on the way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regen.domain.backfill import SLATE_PATIENCE, Only
from regen.domain.batch import Status
from regen.domain.errors import InvalidInput, KeyReused, TableMissing, Unavailable, Unreadable
from regen.domain.slate_reading import SlateReading
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import orders
from regen.services.healing import sweeping
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.views.backfill_view import backfill_view
from support.backfill_bench import DAYS, BackfillBench, Crash, lose_the_next_opening
from support.league import players

DONE = ["promoted", "promoted", "no_slate", "promoted", "promoted"]


def test_backfill_opens_one_batch_for_each_date_with_a_slate() -> None:
    bench = BackfillBench()
    made = bench.create()
    assert bench.states(made.backfill_id)[2] == "no_slate"
    bench.drain()
    after = bench.backfill(made.backfill_id)
    assert after.status == "done"
    assert bench.states(made.backfill_id) == DONE
    first = backfill_view(after).dates[0]
    assert str(first.batch_id).startswith(f"regen_{DAYS[0]}_backfill_")
    assert (first.requests, first.requested_players, first.produced) == (2, 6, 6)
    assert (first.coverage_pct, first.superseded) == (100.0, 0)
    assert backfill_view(after).counts == {"promoted": 4, "no_slate": 1}
    assert bench.batch(str(first.batch_id)).backfill_id == made.backfill_id


def test_backfill_never_runs_more_dates_than_allowed() -> None:
    bench = BackfillBench()
    bench.create(max_concurrent=2)
    most = 0
    while bench.queue.waiting or bench.events:
        bench.step()
        most = max(most, bench.under_way())
    assert most == 2


@pytest.mark.parametrize("backwards", [False, True])
def test_dates_run_forwards_or_backwards_as_asked(*, backwards: bool) -> None:
    bench = BackfillBench()
    made = bench.create(max_concurrent=1, backwards=backwards)
    order = []
    while bench.queue.waiting or bench.events:
        bench.step()
        order += [
            d.game_date for d in bench.backfill(made.backfill_id).dates if d.batch_id and d.game_date not in order
        ]
    expected = [DAYS[0], DAYS[1], DAYS[3], DAYS[4]]
    assert order == (expected[::-1] if backwards else expected)


def test_failed_date_does_not_stop_the_others() -> None:
    bench = BackfillBench()
    bench.slate(players(6, day=DAYS[1], quality=20.0), DAYS[1])
    made = bench.create(max_concurrent=1)
    bench.drain()
    assert bench.states(made.backfill_id) == ["promoted", "rejected", "no_slate", "promoted", "promoted"]
    day = bench.backfill(made.backfill_id).dates[1]
    assert day.why is not None
    assert "coverage" in day.why
    assert bench.backfill(made.backfill_id).status == "done"


def test_redrive_of_a_failed_date_updates_the_backfill() -> None:
    bench = BackfillBench()
    bench.slate(players(6, day=DAYS[1], quality=20.0), DAYS[1])
    made = bench.create()
    bench.drain()
    batch_id = bench.backfill(made.backfill_id).dates[1].batch_id
    bench.slate(players(6, day=DAYS[1]), DAYS[1])
    assert batch_id is not None
    orders.redrive(bench.deps, orders.Order(batch_id, "api_key:one", "mended"))
    bench.drain()
    assert bench.states(made.backfill_id) == DONE


def test_backfill_can_be_limited_to_missing_or_failed_dates() -> None:
    bench = BackfillBench()
    bench.run(day=DAYS[0])
    bench.slate(players(6, day=DAYS[1], quality=20.0), DAYS[1])
    bench.run("t2", day=DAYS[1])
    missing = bench.plan(Only.MISSING)
    assert [missing[d] for d in DAYS] == ["skipped", "waiting", "no_slate", "waiting", "waiting"]
    failed = bench.plan(Only.FAILED)
    assert [failed[d] for d in DAYS] == ["skipped", "waiting", "no_slate", "skipped", "skipped"]


def test_reused_key_returns_the_backfill_or_refuses_another_body() -> None:
    bench = BackfillBench()
    first = bench.create("k", "body")
    assert bench.create("k", "body").backfill_id == first.backfill_id
    with pytest.raises(KeyReused):
        bench.create("k", "other")
    with pytest.raises(KeyReused):
        bench.create("k", "a longer range", last=DAYS[-1] + timedelta(days=1))
    assert len(bench.store.find("backfills")) == 1
    bench.drain()
    assert len(bench.store.find("prediction_batches")) == 4


def test_date_with_a_live_batch_waits_for_its_end() -> None:
    bench = BackfillBench()
    live = bench.regenerate(day=DAYS[0])
    waiting = list(bench.queue.waiting)
    bench.queue.waiting.clear()
    made = bench.create()
    bench.drain()
    day = bench.backfill(made.backfill_id).dates[0]
    assert (day.status, day.why is not None and live.batch_id in day.why) == ("waiting", True)
    assert bench.states(made.backfill_id)[1:] == DONE[1:]
    bench.queue.waiting.extend(waiting)
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == DONE


def test_backfill_follows_a_batch_lost_during_opening() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    lose_the_next_opening(bench)
    for _ in range(3):
        bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted"]
    batch_id = bench.backfill(made.backfill_id).dates[0].batch_id
    assert batch_id is not None
    assert bench.batch(batch_id).status is Status.PROMOTED


def test_date_follows_the_batch_that_took_over_its_trigger() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    lose_the_next_opening(bench)
    sweeping.sweep(bench.deps)
    bench.queue.waiting.clear()
    other = bench.create(last=DAYS[0])
    bench.drain()
    bench.clock.advance(600)
    for _ in range(3):
        bench.sweep()
    assert [bench.states(b.backfill_id) for b in (made, other)] == [["promoted"], ["promoted"]]
    assert len({bench.backfill(b.backfill_id).dates[0].batch_id for b in (made, other)}) == 1
    assert len(bench.audited("promoted")) == 1


def test_late_follow_up_of_a_lost_batch_opens_no_second_one() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    lose_the_next_opening(bench)
    sweeping.sweep(bench.deps)
    (late,) = [m for _, m in bench.queue.waiting if "follow_up" in m.attributes]
    bench.queue.waiting.clear()
    bench.clock.advance(3600)
    bench.sweep()
    assert bench.states(made.backfill_id) == ["running"]
    bench.queue.publish(TRIGGER_TOPIC, [late])
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted"]
    assert len(bench.audited("promoted")) == 1


def test_invalid_date_range_is_refused() -> None:
    bench = BackfillBench()
    with pytest.raises(InvalidInput, match="to"):
        bench.create(last=DAYS[0] - timedelta(days=1))
    with pytest.raises(InvalidInput, match="to"):
        bench.create(last=DAYS[0] + timedelta(days=500))
    with pytest.raises(InvalidInput, match="max_concurrent_dates"):
        bench.create(max_concurrent=0)


def test_sweep_wakes_live_backfills_only() -> None:
    bench = BackfillBench()
    made = bench.create()
    bench.drain()
    before = len(bench.queue.of(TRIGGER_TOPIC))
    bench.sweep()
    assert len(bench.queue.of(TRIGGER_TOPIC)) == before
    assert bench.backfill(made.backfill_id).live is False


def run_with_a_death(call: int, *, after: bool) -> bool:
    """A backfill with one death at that call; False if there were fewer calls. Sweeps bring it to its end."""
    bench = BackfillBench(days=DAYS[1:4], players_per_request=10)
    made = bench.create(first=DAYS[1], last=DAYS[3], max_concurrent=2)
    bench.dying_at(call, after=after)
    died = _drained(bench)
    if not died:
        return False
    for _ in range(4):
        bench.clock.advance(200)
        sweeping.sweep(bench.deps)
        _drained(bench)
    assert bench.states(made.backfill_id) == ["promoted", "no_slate", "promoted"], (call, after)
    assert bench.backfill(made.backfill_id).status == "done"
    promotions = [e.game_date for e in bench.audited("promoted")]
    assert set(promotions) == {DAYS[1], DAYS[3]}
    return True


def _drained(bench: BackfillBench) -> bool:
    """Deliver until nothing is left; what was not acknowledged comes again. Whether somebody died on the way."""
    died = False
    while bench.queue.waiting or bench.events:
        first = None if bench.events else bench.queue.waiting[0]
        try:
            bench.step()
        except (Crash, Unavailable) as error:
            died = died or isinstance(error, Crash)
            bench.clock.advance(30)
            if first:
                bench.queue.waiting.append(first)
    return died


@pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("after", [False, True])
def test_backfill_continues_after_a_crash_at_any_call(*, after: bool, step: int) -> None:
    """Every tenth call in `make test`, before it one time and after another; all of them in the long suite."""
    call = 6 if after and step > 1 else 1
    while run_with_a_death(call, after=after):
        call += step
    assert call > 80


def test_dates_wait_while_upstream_replaces_a_table() -> None:
    """Dropped, remade, still empty, then loaded: the dates wait, and are made in the end."""
    bench = BackfillBench()
    made = bench.create()
    read, told = bench.warehouse.read_slate, iter([TableMissing("dropped"), None, None, None])

    def remaking(game_date: date) -> SlateReading:
        error = next(told, None)
        if error:
            raise error
        return replace(read(game_date), entries=())

    bench.warehouse.read_slate = remaking  # type: ignore[method-assign]
    bench.drain()
    assert "dropped" in str(bench.backfill(made.backfill_id).dates[0].why)
    assert "no_slate" not in [d.status for d in bench.backfill(made.backfill_id).dates if d.expected]
    bench.sweep()
    bench.drain()
    assert bench.states(made.backfill_id) == ["waiting", "waiting", "no_slate", "waiting", "waiting"]
    assert "it had 6 players" in str(bench.backfill(made.backfill_id).dates[0].why)
    bench.warehouse.read_slate = read  # type: ignore[method-assign]
    bench.sweep()
    bench.drain()
    assert bench.states(made.backfill_id) == DONE
    assert bench.backfill(made.backfill_id).status == "done"


def test_date_whose_slate_disappears_ends_as_failed() -> None:
    """It ends as failed, which is exit code 1; `no_slate` is for dates that never had one."""
    bench = BackfillBench()
    made = bench.create()
    bench.slate([], DAYS[1])
    bench.drain()
    bench.clock.advance(SLATE_PATIENCE.total_seconds() - 1)
    bench.sweep()
    bench.drain()
    assert bench.states(made.backfill_id)[1] == "waiting"
    bench.clock.advance(2)
    bench.sweep()
    bench.drain()
    assert bench.states(made.backfill_id) == ["promoted", "failed", "no_slate", "promoted", "promoted"]
    assert bench.backfill(made.backfill_id).status == "done"


class _Defect(RuntimeError):
    """What no rule foresaw."""


@pytest.mark.parametrize("error", [Unavailable("BigQuery is down"), _Defect("a row nobody foresaw"), Unreadable("odd")])
def test_unreadable_date_does_not_stop_its_neighbours(error: Exception) -> None:
    """Its neighbours are promoted; it waits with the reason on record, is tried again, and ends if that never helps."""
    bench = BackfillBench()
    made = bench.create()
    read = bench.warehouse.read_slate

    def odd(game_date: date) -> SlateReading:
        if game_date == DAYS[1]:
            raise error
        return read(game_date)

    bench.warehouse.read_slate = odd  # type: ignore[method-assign]
    bench.drain()
    expected = [*DONE]
    expected[1] = "waiting"
    assert bench.states(made.backfill_id) == expected
    assert str(error) in str(bench.backfill(made.backfill_id).dates[1].why)
    bench.clock.advance(3 * 3600)
    bench.sweep()
    bench.drain()
    expected[1] = "failed"
    assert bench.states(made.backfill_id) == expected
    assert bench.backfill(made.backfill_id).status == "done"


def test_backfill_opens_a_manually_deleted_batch_again() -> None:
    bench = BackfillBench()
    made = bench.create()
    while not (running := [d for d in bench.backfill(made.backfill_id).dates if d.batch_id]):
        bench.step()
    bench.store.commit([Write("delete", f"prediction_batches/{running[0].batch_id}")])
    for _ in range(8):
        bench.drain()
        bench.clock.advance(120)
        bench.sweep()
    bench.drain()
    assert bench.states(made.backfill_id) == DONE
