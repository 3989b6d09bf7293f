"""Opening a batch: recorded before anything is published, once for each key, one live batch a date."""

from collections.abc import Sequence

import pytest

from regen.api.openings import OpeningAnswer
from regen.domain.batch import Kind, Status
from regen.domain.errors import InvalidInput, KeyReused, NoSlate, Refused
from regen.domain.scope import Scope
from regen.domain.trigger import Source
from regen.ports import Message, Snapshot, Write
from regen.services.batch import opening, orders
from regen.services.batch.dates import read_date
from regen.services.batch.pinning import NO_PINS
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC
from regen.services.state.idempotency import IdempotencyKey
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, entry, names, players
from support.lists import list_batches


def test_accepted_regeneration_is_stored_with_its_requests() -> None:
    bench = Bench(players(9))
    answer = bench.regenerate()
    assert (answer.status, answer.requested_players, answer.requests) == ("accepted", 9, 3)
    assert bench.batch(answer.batch_id).status is Status.RUNNING
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert view.pending == names(9)
    assert len(bench.queue.of(REQUEST_TOPIC)) == 3


def test_first_run_of_a_date_supersedes_nothing() -> None:
    bench = Bench()
    answer = bench.regenerate(kind=Kind.DAILY, reason="daily")
    assert answer.batch_id.startswith("batch_2026-01-20_")
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.PROMOTED
    assert (batch.counts.superseded, batch.counts.inserted) == (0, 16)


def test_unlikely_players_are_excluded_with_a_reason() -> None:
    slate = [
        *players(4),
        entry("gone", status="OUT"),
        entry("perhaps", status="doubtful"),
        entry("bench", minutes=8.0, lines=()),
        entry("benchwithline", minutes=8.0),
    ]
    bench = Bench(slate)
    answer = bench.regenerate()
    batch = bench.batch(answer.batch_id)
    assert (answer.requested_players, batch.excluded_players) == (5, 3)
    preview = opening.preview(bench.deps, bench.trigger("t2"))
    assert preview.excluded == {"out": 1, "doubtful": 1, "under_minutes": 1}
    assert preview.would == "coalesce"


def test_reused_key_returns_the_batch_or_refuses_another_body() -> None:
    bench = Bench()
    first = bench.regenerate(key="k", body="b")
    again = bench.regenerate("t2", key="k", body="b")
    assert first == again
    bench.drain()
    assert bench.regenerate("t3", key="k", body="b") == first
    with pytest.raises(KeyReused):
        bench.regenerate("t4", key="k", body="other")
    assert len(bench.audited("requested")) == 1


def test_simultaneous_calls_with_one_key_share_a_batch() -> None:
    bench = Bench()
    get, answers = bench.store.get, []

    def start() -> OpeningAnswer:
        return bench.regenerate(key="k", body="b", kind=Kind.DAILY, reason="daily")

    def other_goes_first(path: str) -> Snapshot | None:
        if path.startswith("game_dates/"):
            bench.store.get = get  # type: ignore[method-assign]
            answers.append(start())
        return get(path)

    bench.store.get = other_goes_first  # type: ignore[method-assign]
    answers.append(start())
    assert answers[0] == answers[1]
    assert len(bench.store.find("prediction_batches")) == 1


def test_an_expired_key_opens_a_batch_again() -> None:
    bench = Bench()
    first = bench.regenerate(key="k", body="b")
    bench.drain()
    bench.clock.advance(8 * 86400)
    second = bench.regenerate("t2", key="k", body="b")
    assert second.batch_id != first.batch_id
    assert bench.regenerate("t3", key="k", body="b") == second


def test_triggers_on_a_live_date_share_one_follow_up() -> None:
    bench = Bench(players(8))
    live = bench.regenerate()
    for n in range(2, 5):
        scope = Scope(players=("playera", names(8)[n]))
        answer = bench.regenerate(f"t{n}", reason=f"late_{n}", scope=scope)
        assert (answer.status, answer.batch_id) == ("coalesced", live.batch_id)
    bench.drain()
    bench.sweep()
    batches = list_batches(bench.deps, DAY.isoformat(), None)
    follow_up = next(b for b in batches if b.batch_id != live.batch_id)
    assert len(batches) == 2
    assert follow_up.status == "promoted"
    assert follow_up.trigger_ids == ["t2", "t3", "t4"]
    assert follow_up.reasons == ["late_2", "late_3", "late_4"]
    assert follow_up.requested_players == 4
    assert len(bench.audited("coalesced")) == 3
    assert len(bench.queue.of(TRIGGER_TOPIC)) == 1


def test_coalesced_trigger_is_remembered_once_of_each_caller() -> None:
    bench = Bench()
    live = bench.regenerate()
    for caller in ("pubsub:one", "pubsub:one", "pubsub:two", "pubsub:one"):
        assert bench.regenerate("t2", triggered_by=caller).status == "coalesced"
    found = read_date(bench.deps, DAY).record.coalesced
    assert [(t.trigger_id, t.triggered_by) for t in found] == [("t2", "pubsub:one"), ("t2", "pubsub:two")]
    bench.drain()
    assert [e.batch_id for e in bench.audited("coalesced")] == [live.batch_id] * 2


def test_a_follow_up_delivered_twice_starts_one_batch() -> None:
    bench = Bench()
    bench.regenerate()
    bench.regenerate("t2")
    bench.drain()
    bench.sweep()
    message = next(m for t, m in bench.queue.published if t == TRIGGER_TOPIC)
    bench.queue.publish(TRIGGER_TOPIC, [message])
    bench.queue.publish(TRIGGER_TOPIC, [message])
    bench.drain()
    bench.sweep()
    bench.sweep()
    assert len(list_batches(bench.deps, None, None)) == 2


def test_redelivered_follow_up_opens_no_second_batch() -> None:
    bench = Bench()
    bench.regenerate()
    bench.regenerate("t2", scope=Scope(players=("playera",)))
    message = bench.until(TRIGGER_TOPIC)
    bench.queue.waiting.extendleft([(TRIGGER_TOPIC, message)] * 2)
    said = [bench.step(events=False) for _ in range(3)]
    assert said == ["accepted", "refused", "refused"]
    bench.drain()
    bench.sweep()
    bench.clock.advance(200)
    bench.sweep()
    bench.sweep()
    listed = list_batches(bench.deps, None, None)
    assert sorted(b.requested_players or 0 for b in listed) == [1, 8]
    assert {b.status for b in listed} == {"promoted"}


def test_ending_a_batch_publishes_its_follow_up() -> None:
    bench = Bench()
    bench.regenerate()
    bench.regenerate("t2")
    bench.drain()
    batches = list_batches(bench.deps, None, "promoted")
    assert sorted(b.trigger_ids or [] for b in batches) == [["t1"], ["t2"]], "and no sweep has come"


def test_pushed_trigger_waits_for_the_hold_down() -> None:
    bench = Bench(hold_down_seconds=900.0)
    first = bench.run()
    answer = bench.regenerate("m1", source=Source.PUBSUB)
    assert (answer.status, answer.batch_id) == ("coalesced", first.batch_id)
    bench.sweep()
    assert bench.regenerate("t2").status == "accepted", "a person does not wait"


def test_trigger_pushed_on_a_live_date_waits_for_it_too() -> None:
    bench = Bench(hold_down_seconds=900.0)
    bench.regenerate()
    bench.regenerate("m1", source=Source.PUBSUB)
    bench.drain()
    for wait, batches in ((899, 1), (1, 2)):
        assert bench.queue.of(TRIGGER_TOPIC) == []
        bench.clock.advance(wait)
        bench.sweep()
        assert len(list_batches(bench.deps, None, "promoted")) == batches


def test_the_hold_down_ends_and_the_follow_up_runs() -> None:
    bench = Bench(hold_down_seconds=900.0)
    bench.run()
    bench.regenerate("m1", source=Source.PUBSUB)
    bench.sweep()
    assert len(list_batches(bench.deps, None, None)) == 1
    bench.clock.advance(901)
    bench.sweep()
    newest = list_batches(bench.deps, None, None)[0]
    assert newest.trigger_ids == ["m1"]
    assert newest.status == "promoted"


def test_start_is_refused_on_a_live_or_promoted_date() -> None:
    bench = Bench()
    daily = {"kind": Kind.DAILY, "reason": "daily"}
    first = bench.regenerate(**daily)
    with pytest.raises(Refused) as live:
        bench.regenerate("t2", **daily)
    assert live.value.batch_id == first.batch_id
    bench.drain()
    with pytest.raises(Refused):
        bench.regenerate("t3", **daily)
    assert bench.regenerate("t4", **daily, force=True).status == "accepted"


def test_date_without_slate_is_an_error_or_a_rejected_batch() -> None:
    bench = Bench([])
    with pytest.raises(NoSlate):
        bench.regenerate()
    answer = bench.regenerate("m1", source=Source.PUBSUB)
    assert answer.status == "rejected"
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.error) == (Status.REJECTED, "no_slate")
    bench.sweep()
    assert [e.error for e in bench.audited("rejected")] == ["no_slate"]


def test_batch_without_players_can_never_be_promoted() -> None:
    bench = Bench([])
    answer = bench.regenerate("m1", source=Source.PUBSUB)
    with pytest.raises(Refused):
        orders.promote(bench.deps, bench.order(answer), [])
    with pytest.raises(Refused):
        orders.redrive(bench.deps, bench.order(answer))


def test_batch_may_be_promoted_before_its_opener_is_done() -> None:
    bench = Bench()
    publish = bench.queue.publish

    def delivered_at_once(topic: str, messages: Sequence[Message]) -> None:
        publish(topic, messages)
        bench.drain()

    bench.queue.publish = delivered_at_once  # type: ignore[method-assign]
    answer = bench.regenerate()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_dead_openers_trigger_returns_to_the_date() -> None:
    bench = Bench()
    key = IdempotencyKey("s", "k", "b")
    trigger = bench.trigger("t1", reason="late_data")
    date = read_date(bench.deps, DAY)
    lost = opening._take_date(bench.deps, trigger, date, (bench.warehouse.read_slate(DAY), NO_PINS), key)
    bench.sweep()
    assert bench.batch(lost.batch.batch_id).status is Status.CREATED, "its lease has not run out"
    bench.clock.advance(91)
    bench.sweep()
    assert bench.batch(lost.batch.batch_id).status is Status.FAILED
    newest = list_batches(bench.deps, None, "promoted")
    assert [(b.trigger_ids, b.reason) for b in newest] == [(["t1"], "late_data")]
    assert [e.error for e in bench.audited("failed")] == ["opening_lost"]


def test_unstorable_requests_reject_the_batch() -> None:
    bench = Bench()
    commit = bench.store.commit

    def picky(writes: Sequence[Write]) -> None:
        if any("/requests/" in w.path for w in writes):
            raise InvalidInput("document", "at most 1 MiB")
        commit(writes)

    bench.store.commit = picky  # type: ignore[method-assign]
    answer = bench.regenerate()
    for _ in range(4):
        bench.clock.advance(1000)
        bench.sweep()
    (batch,) = [bench.batch(s.data["batch_id"]) for s in bench.store.find("prediction_batches")]
    assert (answer.status, batch.status, batch.error) == (
        "rejected",
        "rejected",
        "unstorable: document: expected at most 1 MiB",
    )
    assert [e.status for e in bench.audited("rejected")] == ["rejected"]
    assert bench.regenerate("t2").status == "rejected", "the date is free for the next trigger"
