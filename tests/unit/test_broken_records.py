"""A record of any kind that is broken, as opposed to newer: what waits for it goes on, and one alert names it."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regen.domain.alerts import AlertKind
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import Status
from regen.domain.errors import Unavailable, Unreadable
from regen.domain.trigger import Source
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import gathering, verifying
from regen.services.healing import malformed, sweeping
from regen.services.state import leases, outbox, recording
from regen.services.state.deps import COMPLETE_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC
from regen.services.state.paths import lease_path, requests_path
from regen.services.views import batch_view
from support.bench import Bench, Mailbox
from support.hands import NEWER, alerts, hand, tick, tick_out, without
from support.league import DAY, players
from support.lists import list_batches
from support.web_bench import Web, envelope


def outbox_item(bench: Bench, kind: str, payload: Any, name: str = "odd", **more: Any) -> None:
    """An item of the outbox as a hand, or another version, leaves it: older than all others."""
    due = bench.clock.now() - timedelta(days=1)
    data = {"event_id": name, "kind": kind, "due_at": due, "payload": json.dumps(payload), "schema": 1, **more}
    bench.store.commit([Write("put", f"outbox/{name}", data)])


GOOD_MESSAGE = {"topic": COMPLETE_TOPIC, "data": {}, "attributes": {}}
ATTRIBUTES: list[Any] = [None, [7], {"a": 7}, {"a": None}, {"": "x"}, {"a": "x" * 1025}, {"googx": "x"}]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("message", {}),
        *(("message", {k: v for k, v in GOOD_MESSAGE.items() if k != name}) for name in GOOD_MESSAGE),
        *(("message", {**GOOD_MESSAGE, "topic": topic}) for topic in (7, None, ["x"], "", "no-such-topic")),
        *(("message", {**GOOD_MESSAGE, "data": data}) for data in ("x", None, [7])),
        *(("message", {**GOOD_MESSAGE, "attributes": attributes}) for attributes in ATTRIBUTES),
        ("message", {**GOOD_MESSAGE, "attributes": {"a": "\ud800"}}),
        ("alert", {}),
        ("alert", {"type": 7, "why": "x"}),
        ("audit", {}),
        ("audit", {"entry": 7}),
        ("audit", {"entry": {}, "staging": 7}),
    ],
    ids=str,
)
def test_outbox_item_not_carried_out_holds_up_no_other(kind: str, payload: dict[str, Any]) -> None:
    bench = Bench(players(2), hold_down_seconds=900.0)
    bench.run("t0")
    bench.sweep()
    outbox_item(bench, kind, payload)
    assert bench.regenerate("late", source=Source.PUBSUB).status == "coalesced"
    malformed.record(bench.deps, b"{7", "message 7 is odd", "pubsub:one", "m7")
    named = []
    for _ in range(30):
        named += tick(bench).trouble
        bench.clock.advance(240)
    assert [b.status for b in list_batches(bench.deps, None, None)] == ["promoted", "promoted"]
    assert len(bench.audited("malformed")) == 1
    assert [told for told in named if "odd" in told]
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1
    assert not alerts(bench, AlertKind.OUTBOX_DEAD)
    bench.clock.advance(86_400)
    for _ in range(2):
        tick(bench)
    assert bench.store.get("outbox/odd") is None
    assert bench.store.get("outbox_dead/odd") is not None
    assert len(alerts(bench, AlertKind.OUTBOX_DEAD)) == 1


class Choking(Mailbox):
    """A queue that a message makes raise what no rule foresaw."""

    def publish(self, topic: str, messages: Any) -> None:
        if any(message.data.get("n") == 13 for message in messages):
            raise RecursionError("no rule foresaw this")
        super().publish(topic, messages)


def test_an_error_that_no_rule_foresaw_is_a_refusal_of_its_item() -> None:
    bench = Bench(players(2))
    for number in range(20):
        outbox_item(bench, "message", {**GOOD_MESSAGE, "data": {"n": number}}, f"m{number:02}")
    queue = Choking()
    malformed.record(bench.deps, b"{7", "message 7 is odd", "pubsub:one", "m7")
    report = sweeping.sweep(replace(bench.deps, queue=queue))
    assert {m["n"] for m in queue.of(COMPLETE_TOPIC)} == set(range(20)) - {13}
    assert [told for told in report.trouble if "m13" in told and "RecursionError" in told]
    assert len(bench.audited("malformed")) == 1
    left = bench.store.get("outbox/m13")
    assert left is not None
    assert "no rule foresaw" in left.data["error"]


def test_thousand_items_of_unknown_kind_hold_up_no_other() -> None:
    """A newer version added a kind without another schema, and its deployment was rolled back."""
    bench = Bench(players(2))
    for number in range(outbox.LIMIT):
        outbox_item(bench, "page", {}, f"newer{number}")
    malformed.record(bench.deps, b"{7", "message 7 is odd", "pubsub:one", "m7")
    report = tick(bench)
    assert len(bench.audited("malformed")) == 1
    assert len(report.unreadable) == sweeping.NAMED
    assert report.trouble[-1] == f"{outbox.LIMIT - sweeping.NAMED} more records cannot be read"
    tick(bench)
    assert len({a["path"] for a in alerts(bench, AlertKind.RECORD_UNREADABLE)}) == sweeping.NAMED
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == sweeping.NAMED


@pytest.mark.parametrize("kind", ["message", "alert", "audit"])
def test_a_flood_of_one_kind_hides_no_other(kind: str) -> None:
    bench = Bench(players(2))
    for number in range(outbox.LIMIT):
        outbox_item(bench, "message" if kind == "audit" else "audit", {}, f"first{number:04}")
    payloads = {
        "message": {**GOOD_MESSAGE, "data": {"n": 1}},
        "alert": {"type": "batch_stuck", "why": "one"},
        "audit": json.loads(json.dumps(outbox.audit_item(entry(bench)).payload, default=str)),
    }
    outbox_item(bench, kind, payloads[kind], "z", due_at=bench.clock.now())
    due = outbox.due_items(bench.deps, None)
    assert "z" in {item.item.event_id for item in due}


def entry(bench: Bench) -> AuditEntry:
    """An audit entry of no batch."""
    return AuditEntry(
        "z", AuditEvent.HEALED, bench.clock.now(), None, None, 0, "healed", "healed", "sweep", metadata={}
    )


YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("due_at", ["missing", None, 7, "2026-01-01T00:00:00Z", [], YEAR_1], ids=str)
def test_an_outbox_item_that_is_never_due_is_named(due_at: Any) -> None:
    bench = Bench(players(2))
    outbox_item(bench, "message", GOOD_MESSAGE, due_at=due_at)
    if due_at == "missing":
        without(bench, "outbox/odd", "due_at")
    named = []
    for _ in range(11):
        named += tick(bench).unreadable
        bench.clock.advance(60)
    assert [told for told in named if "outbox/odd" in told]
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1


BROKEN_LEASES: dict[str, Any] = {
    "empty": {},
    "without an owner": {"token": 3, "expires_at": 0},
    "without an end": {"owner": "x", "token": 3},
    "a token that is a text": {"owner": "", "token": "seven", "expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "a token below nothing": {"owner": "x", "token": -1, "expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "a huge token": {"owner": "x", "token": 2**63 - 1, "expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "an end that is a text": {"owner": "x", "token": 3, "expires_at": "2026-01-01T00:00:00"},
    "an end in year 1": {"owner": "x", "token": 3, "expires_at": datetime(1, 1, 1, tzinfo=UTC)},
    "an end that no lease has": {"owner": "x", "token": 3, "expires_at": datetime(2199, 1, 1, tzinfo=UTC)},
    "a schema that is no number": {"owner": "", "token": 3, "schema": "two"},
}


@pytest.mark.parametrize("name", [leases.PROMOTION, recording.AUDIT])
@pytest.mark.parametrize("fields", BROKEN_LEASES.values(), ids=BROKEN_LEASES)
def test_a_broken_lease_is_taken_over(name: str, fields: dict[str, Any]) -> None:
    bench = Bench(players(2))
    bench.run("t0")
    bench.sweep()
    bench.store.commit([Write("put", lease_path(name), fields)])
    answer = bench.run("t1")
    bench.clock.advance(60)
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(bench.audited("requested")) == 2
    told = alerts(bench, AlertKind.RECORD_UNREADABLE)
    assert len(told) == (fields is not BROKEN_LEASES["an end that no lease has"])


def test_broken_lease_not_taken_is_replaced_by_the_sweep() -> None:
    bench = Bench(players(2))
    bench.store.commit([Write("put", lease_path(leases.PROMOTION), {"owner": "x", "token": 7})])
    first, second = bench.sweep(), bench.sweep()
    assert [what for what in first.healed if lease_path(leases.PROMOTION) in what]
    assert (first.trouble, second.trouble, second.healed) == ([], [], [])
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1
    assert leases.take(bench.deps, leases.PROMOTION).token == 8


@pytest.mark.parametrize("name", [leases.PROMOTION, recording.AUDIT])
def test_a_lease_of_a_newer_version_is_left_alone_and_named(name: str) -> None:
    bench = Bench(players(2))
    bench.store.commit([Write("put", lease_path(name), NEWER)])
    before = bench.store.get(lease_path(name))
    bench.regenerate()
    named = []
    for _ in range(3):
        named += tick_out(bench).unreadable
    assert bench.store.get(lease_path(name)) == before
    assert [told for told in named if lease_path(name) in told]
    assert len([a for a in alerts(bench, AlertKind.RECORD_UNREADABLE) if lease_path(name) in a["why"]]) == 1


@pytest.mark.parametrize("fields", [{}, {"owner": "x", "token": None}])
def test_broken_lease_takes_a_token_above_that_of_the_batch(fields: dict[str, Any]) -> None:
    """Its owner died after he had written `promoting`: the next one must not take himself for an older."""
    bench = Bench(players(2))
    answer = bench.regenerate()
    bench.until(VERIFY_TOPIC)
    silent = replace(bench.deps, warehouse=Silent(bench))
    bench.store.commit(
        [Write("put", lease_path(leases.PROMOTION), {"owner": "", "token": 500, "expires_at": bench.clock.now()})]
    )
    with suppress(Unavailable):
        verifying.verify(silent, answer.batch_id, 1)
    assert (bench.batch(answer.batch_id).status, bench.batch(answer.batch_id).token) == (Status.PROMOTING, 501)
    bench.store.commit([Write("put", lease_path(leases.PROMOTION), fields)])
    bench.clock.advance(3600)
    for _ in range(2):
        tick_out(bench)
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


class Silent:
    """A warehouse that does not answer once it is to raise a fence."""

    def __init__(self, bench: Bench) -> None:
        self._warehouse = bench.warehouse

    def raise_fence(self, fence: Any) -> None:
        raise Unavailable("no answer")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)


BROKEN_REQUESTS: dict[str, dict[str, Any]] = {
    "attempts": {"attempts": None},
    "inputs": {"inputs": 7},
    "round": {"round": "first"},
    "systems": {"systems": None},
    "created_at": {"created_at": "0001-01-01T00:00:00"},
    "request_id": {"request_id": "another"},
    "a name among the players": {"players": ["player_0", 7, None, {}]},
    "players": {"players": 7},
    "schema": {"schema": "two"},
}


@pytest.mark.parametrize("fields", BROKEN_REQUESTS.values(), ids=BROKEN_REQUESTS)
def test_an_unreadable_request_ends_with_its_batch(fields: dict[str, Any]) -> None:
    bench = Bench(players(8))
    bench.run("t0")
    before = bench.current()
    answer = bench.regenerate("t1")
    request, *_ = bench.store.find(requests_path(answer.batch_id))
    names = set(request.data["players"])
    hand(bench, request.path, **fields)
    tick(bench)
    bench.clock.advance(bench.deps.config.deadline_seconds)
    named = tick(bench).unreadable
    bench.clock.advance(60)
    tick(bench)
    assert bench.batch(answer.batch_id).status is Status.REJECTED, "coverage is too low, or players are not named"
    assert [told for told in named if request.path in told]
    assert len([a for a in alerts(bench, AlertKind.RECORD_UNREADABLE) if request.path in a["why"]]) == 1
    assert bench.current() == before
    seen = batch_view.view_batch(bench.deps, answer.batch_id)
    assert not seen.pending
    if "players" not in fields:
        assert {o.player_lookup for o in seen.outcomes if o.reason == "unreadable"} == names
    assert bench.regenerate("t2").status == "accepted"


def test_newer_request_is_left_alone_and_its_batch_alerted_to() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate("t1")
    request, *_ = bench.store.find(requests_path(answer.batch_id))
    hand(bench, request.path, **NEWER)
    left = bench.store.get(request.path)
    bench.clock.advance(bench.deps.config.deadline_seconds)
    for _ in range(8):
        tick_out(bench)
    assert bench.store.get(request.path) == left
    assert bench.batch(answer.batch_id).live
    assert len(alerts(bench, AlertKind.BATCH_STUCK)) == 1
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1


@pytest.mark.parametrize("fields", [{"state": 7}, {"state": "done"}])
def test_request_neither_pending_nor_done_counts_as_failed(fields: dict[str, Any]) -> None:
    bench = Bench(players(8))
    answer = bench.regenerate("t1")
    request, *_ = bench.store.find(requests_path(answer.batch_id))
    hand(bench, request.path, **fields)
    for _ in range(3):
        tick_out(bench)
    assert bench.batch(answer.batch_id).status is Status.REJECTED
    (seen,) = bench.audited("rejected")
    assert (seen.produced, seen.failed) == (8 - len(request.data["players"]), len(request.data["players"]))
    gathered = gathering.gather(bench.deps, bench.batch(answer.batch_id)).outcomes
    assert {o.player_lookup for o in gathered if o.reason == "lost_outcomes"} == set(request.data["players"])


BROKEN_ONCE: dict[str, dict[str, Any]] = {
    "empty": {},
    "without an answer": {"key": "k", "fingerprint": "", "expires_at": datetime(2199, 1, 1, tzinfo=UTC)},
    "without an end": {"key": "k", "fingerprint": "", "answer": "{", "expires_at": None},
    "an end that is a text": {"key": "k", "fingerprint": "", "answer": "{}", "expires_at": "0001-01-01T00:00:00"},
    "an answer that is none": {
        "key": "k", "fingerprint": "", "answer": "[7]", "expires_at": datetime(2199, 1, 1, tzinfo=UTC)
    },
}  # fmt: skip


@pytest.mark.parametrize("fields", BROKEN_ONCE.values(), ids=BROKEN_ONCE)
def test_key_with_a_broken_record_is_named_and_opens_nothing(fields: dict[str, Any]) -> None:
    bench = Bench(players(2))
    bench.regenerate("t1", key="k")
    (path,) = (s.path for s in bench.store.find("idempotency") if s.data["key"] == "k")
    bench.store.commit([Write("put", path, fields)])
    for _ in range(2):
        with pytest.raises(Unreadable, match=path):
            bench.regenerate("t1", key="k")
    bench.sweep()
    assert len(list_batches(bench.deps, None, None)) == 1
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1


@pytest.mark.parametrize("fields", BROKEN_ONCE.values(), ids=BROKEN_ONCE)
def test_redelivered_message_with_a_broken_key_is_acknowledged(fields: dict[str, Any]) -> None:
    """Its key was written in the commit that carried it out."""
    web = Web()
    body = envelope({"game_date": DAY.isoformat(), "reason": "feature_upgrade"}, "m1")
    assert web.push("coordinator", "/regenerate-pubsub", body) == 204
    (known,) = (s for s in web.bench.store.find("idempotency") if s.data["key"] == "m1")
    said = {"fingerprint": known.data["fingerprint"]} if "fingerprint" in fields else {}
    web.bench.store.commit([Write("put", known.path, {**fields, **said})])
    for _ in range(2):
        assert web.push("coordinator", "/regenerate-pubsub", body) == 204
    assert len(list_batches(web.bench.deps, None, None)) == 1
    assert not web.bench.audited("malformed")


@pytest.mark.parametrize("fields", [{}, {"key": 7}, {"fingerprint": None}, {"expires_at": "0001-01-01T00:00:00"}])
def test_a_follow_up_whose_note_is_broken_carries_what_waits(fields: dict[str, Any]) -> None:
    bench = Bench(players(2))
    bench.regenerate("t1")
    bench.regenerate("t2")
    while not bench.queue.of(TRIGGER_TOPIC):
        bench.step()
    (note,) = (s for s in bench.store.find("idempotency") if "/sent_" in s.path)
    bench.store.commit([Write("put", note.path, {**note.data, **fields} if fields else {})])
    bench.drain()
    bench.sweep()
    (last, _) = list_batches(bench.deps, None, None)
    assert (last.status, "t2" in (last.trigger_ids or [])) == ("promoted", True)
    assert len(alerts(bench, AlertKind.RECORD_UNREADABLE)) == 1


ODD_MINUTES = [10**400, -(10**400), float("nan"), float("inf"), 1e300, -1, True, "30"]


@pytest.mark.parametrize("minutes", ODD_MINUTES, ids=lambda minutes: str(minutes)[:9])
def test_a_players_odd_minutes_are_his_alone(minutes: Any) -> None:
    first, *others = players(8)
    bench = Bench([replace(first, avg_minutes=minutes), *others])
    answer = bench.regenerate()
    assert (answer.status, answer.requested_players) == ("accepted", 8)
    bench.drain()
    (problem,) = batch_view.view_batch(bench.deps, answer.batch_id).outcomes
    assert (problem.player_lookup, problem.outcome) == (first.player_lookup, "failed")
    assert "avg_minutes" in str(problem.error)
