"""Pause, resume and cancel; a backfill that was given up knows what it has opened."""

from __future__ import annotations

from datetime import date

import pytest

from regen.domain.backfill import DateStatus
from regen.domain.batch import Status
from regen.domain.errors import Refused, Unavailable
from regen.domain.slate_reading import SlateReading
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.backfill import backfilling
from regen.services.backfill.changes import change_backfill
from regen.services.state.deps import TRIGGER_TOPIC
from support.backfill_bench import DAYS, BackfillBench, lose_the_next_opening


def test_pause_lets_running_dates_end_and_resume_continues() -> None:
    bench = BackfillBench()
    made = bench.create(max_concurrent=1)
    bench.step()
    backfilling.order(bench.deps, made.backfill_id, "pause", "api_key:one")
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted", "waiting", "no_slate", "waiting", "waiting"]
    backfilling.order(bench.deps, made.backfill_id, "pause", "api_key:one")
    backfilling.order(bench.deps, made.backfill_id, "resume", "api_key:one")
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted", "promoted", "no_slate", "promoted", "promoted"]
    assert [e.status for e in bench.audited("backfill")] == ["created", "paused", "running"]


def test_cancel_drops_waiting_dates_for_good() -> None:
    bench = BackfillBench()
    made = bench.create(max_concurrent=1)
    bench.step()
    backfilling.order(bench.deps, made.backfill_id, "cancel", "api_key:one")
    bench.drain()
    assert bench.states(made.backfill_id) == ["promoted", "cancelled", "no_slate", "cancelled", "cancelled"]
    assert bench.backfill(made.backfill_id).status == "cancelled"
    backfilling.order(bench.deps, made.backfill_id, "cancel", "api_key:one")
    with pytest.raises(Refused):
        backfilling.order(bench.deps, made.backfill_id, "resume", "api_key:one")


def test_cancelled_backfill_waits_for_its_open_batches() -> None:
    bench = BackfillBench(days=DAYS[:2])
    made = bench.create(last=DAYS[1], max_concurrent=1)
    lose_the_next_opening(bench)
    backfilling.order(bench.deps, made.backfill_id, "cancel", "api_key:one")
    bench.queue.waiting.clear()
    for _ in range(4):
        bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted", "cancelled"]
    assert len(bench.store.find("prediction_batches")) == 2, "the lost one and its successor"
    before = len(bench.queue.of(TRIGGER_TOPIC))
    bench.sweep()
    assert len(bench.queue.of(TRIGGER_TOPIC)) == before, "now it is settled"


def test_unopened_date_of_a_cancelled_backfill_is_cancelled() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    live = bench.regenerate(day=DAYS[0])
    cancelled = False
    get = bench.store.get

    def cancel_meanwhile(path: str) -> Snapshot | None:
        nonlocal cancelled
        if path.startswith("game_dates/") and not cancelled:
            cancelled = True
            backfilling.order(bench.deps, made.backfill_id, "cancel", "api_key:one")
        return get(path)

    bench.store.get = cancel_meanwhile  # type: ignore[method-assign]
    bench.drain()
    assert bench.batch(live.batch_id).status is Status.PROMOTED
    assert bench.states(made.backfill_id) == ["cancelled"]
    assert bench.backfill(made.backfill_id).unsettled is False


def _drop(bench: BackfillBench, backfill_id: str, which: int) -> None:
    """Another instance finds a claimed date blocked, and the backfill is cancelled."""
    known = bench.backfill(backfill_id)
    blocked = replace(known.dates[which], status=DateStatus.WAITING, started_at=None)
    change_backfill(bench.deps, backfill_id, lambda b: (b.changed(b.updated_at, [blocked]), ()))
    backfilling.order(bench.deps, backfill_id, "cancel", "api_key:one")


def test_batch_opened_after_its_date_was_cancelled_is_recorded() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    read = bench.warehouse.read_slate

    def dropped_meanwhile(game_date: date) -> SlateReading:
        bench.warehouse.read_slate = read  # type: ignore[method-assign]
        _drop(bench, made.backfill_id, 0)
        return read(game_date)

    bench.warehouse.read_slate = dropped_meanwhile  # type: ignore[method-assign]
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted"]
    assert bench.backfill(made.backfill_id).status == "cancelled"


def test_date_claim_settled_by_another_opens_nothing() -> None:
    bench = BackfillBench(days=DAYS[:2])
    made = bench.create(last=DAYS[1], max_concurrent=2)
    read = bench.warehouse.read_slate
    seen: list[date] = []

    def other_goes_first(game_date: date) -> SlateReading:
        if not seen:
            seen.append(game_date)
            _drop(bench, made.backfill_id, 1)
        return read(game_date)

    bench.warehouse.read_slate = other_goes_first  # type: ignore[method-assign]
    bench.drain()
    bench.sweep()
    assert bench.states(made.backfill_id) == ["promoted", "cancelled"]
    assert len(bench.store.find("prediction_batches")) == 1


def test_paused_backfill_with_all_dates_ended_is_done() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    bench.step()
    backfilling.order(bench.deps, made.backfill_id, "pause", "api_key:one")
    bench.drain()
    assert bench.backfill(made.backfill_id).status == "done"


def _answer_with_an_error(bench: BackfillBench) -> None:
    """The next opening is committed, and its answer is lost."""
    commit = bench.store.commit

    def unanswered(writes: list[Write]) -> None:
        commit(writes)
        if any(w.path.startswith("prediction_batches/") for w in writes):
            bench.store.commit = commit  # type: ignore[method-assign]
            raise Unavailable("the answer was lost")

    bench.store.commit = unanswered  # type: ignore[assignment,method-assign]


def test_cancelled_date_records_the_end_of_its_unanswered_batch() -> None:
    bench = BackfillBench(days=[DAYS[0]])
    made = bench.create(last=DAYS[0])
    _answer_with_an_error(bench)
    bench.drain()
    assert bench.states(made.backfill_id) == ["waiting"]
    backfilling.order(bench.deps, made.backfill_id, "cancel", "api_key:one")
    assert bench.states(made.backfill_id) == ["cancelled"]
    bench.clock.advance(100)
    for _ in range(3):
        bench.sweep()
    (day,) = bench.backfill(made.backfill_id).dates
    assert (day.status, day.batch_id is not None) == ("promoted", True)
