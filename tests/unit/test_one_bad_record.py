"""One record that cannot be read, or that a hand has deleted, stops nothing else; what a newer version wrote is kept."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.alerts import AlertKind
from regen.domain.batch import Status
from regen.domain.errors import Refused, Unreadable
from regen.domain.trigger import Source, Trigger
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import completion, opening, processing, verifying
from regen.services.batch.dates import read_date
from regen.services.healing import dead_letters, malformed, sweeping
from regen.services.state import messages, outbox
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC, REQUEST_TOPIC
from regen.services.state.messages_read import check_message
from regen.services.state.paths import BACKFILLS, DATES, LEASES, batch_path, date_path, lease_path, requests_path
from regen.services.state.unknown_fields import keep_unknown
from regen.services.views import batch_view
from support.bench import Bench, Mailbox
from support.hands import NEWER, alerts, delete, hand, tick, without
from support.league import DAY, players
from support.lists import list_batches

OTHER = DAY + timedelta(days=1)
BROKEN: dict[str, dict[str, Any]] = {
    "a status of a newer version": {"status": "archived"},
    "a higher schema": NEWER,
    "a schema that is no number": {"schema": "two"},
    "a wrong type": {"round": "first"},
    "text that is no JSON": {"metadata": "{"},
    "an id that is not its own": {"batch_id": "another"},
    "a history of something else": {"history": [7]},
    "a date that is none": {"game_date": "yesterday"},
}


def two_dates() -> Bench:
    """A bench with a slate on two dates."""
    bench = Bench(players(8))
    bench.slate(players(8, day=OTHER), OTHER)
    return bench


@pytest.mark.parametrize("fields", BROKEN.values(), ids=BROKEN)
def test_one_unreadable_batch_stops_no_sweep_of_the_others(fields: dict[str, Any]) -> None:
    bench = two_dates()
    broken, good = bench.regenerate(), bench.regenerate("t2", day=OTHER)
    bench.queue.waiting.clear()
    bench.events.clear()
    hand(bench, batch_path(broken.batch_id), **fields)
    before = bench.store.get(batch_path(broken.batch_id))
    bench.clock.advance(600)
    for _ in range(4):
        report = tick(bench)
        assert [told for told in report.unreadable if broken.batch_id in told]
        assert [told for told in report.trouble if broken.batch_id in told]
        bench.clock.advance(60)
    assert bench.batch(good.batch_id).status is Status.PROMOTED
    assert bench.store.get(batch_path(broken.batch_id)) == before, "it is left alone"
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1, "it is told of once"
    assert read_date(bench.deps, DAY).record.live == broken.batch_id, "what holds the date may know what it is about"
    listed = list_batches(bench.deps, None, None)
    assert {b.batch_id: b.status for b in listed} == {broken.batch_id: "unreadable", good.batch_id: "promoted"}
    for call in (
        lambda: processing.process_request(bench.deps, broken.batch_id, "r"),
        lambda: verifying.verify(bench.deps, broken.batch_id, 1),
        lambda: batch_view.view_batch(bench.deps, broken.batch_id),
        lambda: completion.batch_changed(bench.deps, broken.batch_id),
    ):
        with pytest.raises(Unreadable):
            call()


def test_a_batch_with_missing_fields_stops_no_sweep() -> None:
    bench = two_dates()
    broken, good = bench.regenerate(), bench.regenerate("t2", day=OTHER)
    without(bench, batch_path(broken.batch_id), "metadata", "deadline", "created_at")
    bench.queue.waiting.popleft()
    bench.clock.advance(600)
    report = sweeping.sweep(bench.deps)
    assert broken.batch_id in report.unreadable[0]
    while bench.queue.waiting:
        try:
            bench.step()
        except Unreadable:
            continue
    bench.sweep()
    assert bench.batch(good.batch_id).status is Status.PROMOTED
    assert [b.status for b in list_batches(bench.deps, DAY.isoformat(), None)] == ["unreadable"]


@pytest.mark.parametrize("collection", [DATES, BACKFILLS, LEASES])
@pytest.mark.parametrize(
    "fields", [{"live": True}, {"live": "x", "coalesced": ["{"]}, {"live": "x", **NEWER}, {"live": 7}]
)
def test_an_unreadable_record_of_any_kind_stops_no_sweep(collection: str, fields: dict[str, Any]) -> None:
    bench = Bench(players(8))
    good = bench.regenerate()
    bench.queue.waiting.clear()
    for name in ("2026-03-01", "odd", "promotion"):
        bench.store.commit([Write("put", f"{collection}/{name}", fields)])
    bench.clock.advance(600)
    sweeping.sweep(bench.deps)
    assert bench.queue.of(REQUEST_TOPIC), "the batch goes on"
    assert bench.batch(good.batch_id).live


def test_one_unreadable_outbox_item_holds_up_no_other() -> None:
    bench = Bench(players(8))
    odd = {"due_at": bench.clock.now() - timedelta(days=1), "payload": "{", "kind": "audit"}
    bench.store.commit([Write("put", "outbox/odd", odd)])
    answer = bench.run()
    bench.sweep()
    assert len(bench.audited("requested")) == 1
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert bench.store.get("outbox/odd") is not None


def test_thousands_of_a_newer_versions_items_hold_up_no_other() -> None:
    """A deployment that was rolled back: what the newer version left is older than all that this one writes."""
    bench = Bench(players(8))
    bench.regenerate()
    bench.run()
    bench.sweep()
    newer = {"due_at": bench.clock.now(), "kind": "message", "schema": 99, "payload": "{}"}
    for first in range(0, 2500, 250):
        bench.store.commit([Write("put", f"outbox/newer{n:04}", newer) for n in range(first, first + 250)])
    message = messages.message_item("z-ours", bench.clock.now(), COMPLETE_TOPIC, {"n": 1})
    bench.store.commit(outbox.put([message]))
    report = tick(bench)
    assert {"n": 1} in bench.queue.of(COMPLETE_TOPIC)
    assert len(report.unreadable) == sweeping.NAMED
    assert report.trouble[-1] == f"{2500 - sweeping.NAMED} more records cannot be read"
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) <= sweeping.NAMED


def test_unreadable_outbox_item_raises_one_alert() -> None:
    bench = Bench(players(8))
    bench.store.commit([Write("put", "outbox/odd", {"due_at": bench.clock.now(), "payload": "{", "kind": "audit"})])
    reports = [bench.sweep() for _ in range(3)]
    assert all(len(report.unreadable) == 1 and "outbox/odd" in report.unreadable[0] for report in reports)
    assert [alert["type"] for alert in bench.queue.of(ALERT_TOPIC)] == ["record_unreadable"]


def test_failure_in_one_part_of_the_sweep_stops_no_other() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    bench.queue.waiting.clear()
    bench.clock.advance(600)

    class Poisoned:
        def staging_tables(self) -> list[Any]:
            raise RuntimeError("no rule foresaw this")

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.warehouse, name)

    class Deaf(Mailbox):
        def publish(self, topic: str, messages: Any) -> None:
            if topic == ALERT_TOPIC:
                raise KeyError("no such topic")
            super().publish(topic, messages)

    deaf = Deaf()
    bench.store.commit([Write("create", f"{BACKFILLS}/odd", {"live": True})])
    report = sweeping.sweep(replace(bench.deps, warehouse=Poisoned(), queue=deaf))
    named = " ".join(report.trouble)
    assert all(part in named for part in ("staging", "outbox", "backfills/odd")), named
    assert [m for t, m in deaf.published if t == REQUEST_TOPIC], "the batch was seen to"
    assert bench.batch(answer.batch_id).live


def test_a_live_batchs_record_deleted_by_hand_frees_its_date() -> None:
    bench = Bench(players(8))
    lost = bench.regenerate("wanted", metadata={"ticket": "1"})
    waiting = bench.regenerate("waits")
    assert waiting.status == "coalesced"
    bench.queue.waiting.clear()
    delete(bench, batch_path(lost.batch_id))
    bench.clock.advance(60)
    report = bench.sweep()
    assert [h for h in report.healed if DAY.isoformat() in h and lost.batch_id in h]
    bench.sweep()
    (after,) = list_batches(bench.deps, None, None)
    assert after.status == "promoted"
    assert set(after.trigger_ids or []) == {"wanted", "waits"}, "what it was asked for goes on, and what waited for it"
    assert (after.metadata or {})["ticket"] == "1"
    (entry,) = bench.audited("healed")
    assert (entry.game_date, entry.batch_id, "no record" in entry.error) == (DAY, lost.batch_id, True)
    assert [a for a in alerts(bench, AlertKind.BATCH_HEALED) if a["batch_id"] == lost.batch_id]
    assert read_date(bench.deps, DAY).record.live is None


def test_a_date_that_names_an_ended_batch_is_released() -> None:
    bench = Bench(players(8))
    done = bench.run()
    hand(bench, date_path(DAY), live=done.batch_id)
    assert bench.regenerate("t2").status == "coalesced"
    bench.sweep()
    bench.sweep()
    assert [b.status for b in list_batches(bench.deps, None, None)] == ["promoted", "promoted"]
    assert len(bench.audited("healed")) == 1


def test_live_batch_restores_its_deleted_date() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    delete(bench, date_path(DAY))
    bench.clock.advance(1)
    sweeping.sweep(bench.deps)
    assert read_date(bench.deps, DAY).record.live == answer.batch_id
    assert bench.regenerate("t2").status == "coalesced", "one live batch a date"
    bench.drain()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_two_live_batches_of_one_date_become_one() -> None:
    """The date's document was deleted, and another batch took the date before the sweep saw it."""
    bench = Bench(players(8))
    first = bench.regenerate("t1")
    delete(bench, date_path(DAY))
    second = bench.regenerate("t2")
    assert second.status == "accepted"
    bench.queue.waiting.clear()
    sweeping.sweep(bench.deps)
    assert bench.batch(first.batch_id).status is Status.CANCELLED
    assert [t.trigger_id for t in read_date(bench.deps, DAY).record.coalesced] == ["t1"]
    bench.clock.advance(600)
    for _ in range(3):
        bench.sweep()
    assert [b.trigger_ids for b in list_batches(bench.deps, None, "promoted")] == [["t1"], ["t2"]]


def test_requests_deleted_by_hand_never_withdraw_their_players() -> None:
    bench = Bench(players(8))
    bench.run()
    before = bench.current()
    answer = bench.regenerate("t2")
    request, *_ = bench.store.find(requests_path(answer.batch_id))
    delete(bench, request.path)
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, "4 requested players" in str(batch.error)) == (Status.REJECTED, True)
    assert bench.current() == before


def test_a_lease_and_a_key_deleted_by_hand_harm_nothing() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate("t1", key="k1")
    delete(bench, lease_path(answer.batch_id), lease_path(f"opening-{answer.batch_id}"), lease_path("promotion"))
    for snapshot in bench.store.find("idempotency"):
        delete(bench, snapshot.path)
    assert bench.regenerate("t1", key="k1").batch_id == answer.batch_id
    bench.drain()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_fields_of_a_newer_version_survive_updates() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    path = batch_path(answer.batch_id)
    found = bench.store.get(path)
    assert found is not None
    data = dict(found.data)
    hand(
        bench, path, novelty={"a": 1}, counts={**data["counts"], "moved": 3}, scope={**data["scope"], "news": ["x"]},
        history=[{**data["history"][0], "by": "someone"}, *data["history"][1:]],
    )  # fmt: skip
    bench.regenerate("t2")
    day = bench.store.get(date_path(DAY))
    assert day is not None
    waiting = [{**json.loads(t), "urgency": 1} for t in day.data["coalesced"]]
    hand(bench, date_path(DAY), coalesced=[json.dumps(t) for t in waiting], mood="calm")
    bench.regenerate("t3")
    kept = bench.store.get(date_path(DAY))
    assert kept is not None
    assert ([json.loads(t).get("urgency") for t in kept.data["coalesced"]], kept.data["mood"]) == ([1, None], "calm")
    bench.drain()
    after = bench.store.get(path)
    assert after is not None
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert (after.data["novelty"], after.data["counts"]["moved"], after.data["scope"]["news"]) == ({"a": 1}, 3, ["x"])
    assert after.data["history"][0]["by"] == "someone"
    assert after.data["counts"]["produced"] == 8


def test_unknown_fields_are_kept_at_every_depth() -> None:
    old = {"a": {"b": 1, "new": 2}, "list": [{"batch_id": "x", "at": 1, "new": 3}], "plain": [1]}
    new = {"a": {"b": 5}, "list": [{"batch_id": "y", "at": 2}, {"batch_id": "x", "at": 1}], "plain": [2]}
    assert keep_unknown(old, new) == {
        "a": {"b": 5, "new": 2},
        "list": [{"batch_id": "y", "at": 2}, {"batch_id": "x", "at": 1, "new": 3}],
        "plain": [2],
    }


def stale(bench: Bench) -> Iterator[tuple[str, Any]]:
    """Messages that have nothing to do, by kind, with what handles them."""
    ended = bench.run()
    bench.sweep()
    bench.clock.advance(3600)
    (request, *_) = bench.queue.of(REQUEST_TOPIC)
    gone = "regen_2025-12-01_feature_upgrade_0123abcd"
    deps, done = bench.deps, ended.batch_id
    yield "request of an ended batch", lambda: processing.process_request(deps, done, request["request_id"], 1)
    yield "request whose records have expired", lambda: processing.process_request(deps, gone, "r", 1)
    yield "verification of an ended batch", lambda: verifying.verify(deps, done, 1)
    yield "verification whose records have expired", lambda: verifying.verify(deps, gone, 1)
    yield "change of an ended batch", lambda: completion.batch_changed(deps, done)
    yield "change of a batch that is gone", lambda: completion.batch_changed(deps, gone)
    for name in (done, gone):
        dead = {"batch_id": name, "request_id": request["request_id"], "round": 1}
        yield f"dead request of {name}", lambda d=dead: dead_letters.handle(deps, "m", d, {}, b"")
        yield (
            f"dead verification of {name}",
            lambda n=name: dead_letters.handle(deps, "m", {"batch_id": n, "round": 1}, {}, b""),
        )
    again = bench.trigger("follow-up", follow_up="done", source=Source.PUBSUB)
    yield "follow-up", lambda: _refused(bench, again)


def _refused(bench: Bench, trigger: Trigger) -> None:
    with pytest.raises(Refused):
        opening.open_batch(bench.deps, trigger)


def test_message_without_work_costs_one_read() -> None:
    bench = Bench(players(8))
    for name, handle in stale(bench):
        reads, writes, sent = bench.store.reads, bench.store.writes, len(bench.queue.published)
        for _ in range(3):
            handle()
        assert bench.store.reads - reads <= 3, name
        assert (bench.store.writes - writes, len(bench.queue.published) - sent) == (0, 0), name


def test_malformed_message_flood_raises_one_small_alert() -> None:
    bench = Bench(players(2))
    for number in range(1_000):
        malformed.record(
            bench.deps, b"{" + str(number).encode(), f"message {number} is odd", "pubsub:one", f"m{number}"
        )
    assert bench.store.reads == 0
    items = bench.store.find("outbox")
    assert [s.data["kind"] for s in items].count("alert") == 1
    assert [s.data["kind"] for s in items].count("audit") == 1_000
    assert bench.store.writes <= 2 * 1_000 + 3, "beside the messages: the alert, its claim, its record"
    writes = bench.store.writes
    malformed.record(bench.deps, b"{7", "message 7 is odd", "pubsub:one", "m7")
    assert bench.store.writes == writes, "a copy of one is nothing new"


def test_message_of_a_newer_version_is_left_alone() -> None:
    bench = Bench(players(2))
    check_message(bench.deps, {"batch_id": "b"})
    check_message(bench.deps, {"schema": 1})
    for _ in range(2):
        with pytest.raises(Unreadable):
            check_message(bench.deps, {"batch_id": "b", "schema": 99})
    bench.sweep()
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1
