"""E: callers, messages, topology, and what follows from one part to the next."""

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.scenes import FailingStore, Http, with_store
from regen.domain.alerts import SPECS, AlertKind
from regen.domain.audit import AuditEvent
from regen.domain.bdb import BdbGame
from regen.domain.values import replace
from regen.services.batch import orders
from regen.services.state import deps
from regen.services.state.deps import (
    ALERT_TOPIC,
    COMPLETE_TOPIC,
    PHASE_TOPIC,
    REQUEST_TOPIC,
    TRIGGER_TOPIC,
    VERIFY_TOPIC,
)
from regen.services.tables import bdb_scanning
from regen.services.views import batch_view
from regen.topology import topology
from regen.web.bootstrap import App
from regen.web.callers import REMOVED, Gatekeeper
from regen.web.http import Route
from support.backfill_bench import BackfillBench
from support.bench import Bench
from support.league import DAY, TIP_OFF, entry, names, players
from support.lists import list_batches
from support.wire import KEY, ROUTERS, SETTINGS


def _routes() -> list[tuple[str, Route]]:
    app = App(SETTINGS, Bench().deps, Gatekeeper(SETTINGS))
    return [(service, route) for service, router in ROUTERS.items() for route in router(app).routes]


def _bearer(**claims: Any) -> str:
    good = {
        "iss": "https://accounts.google.com", "aud": "regen", "exp": 4102444800, "email": "pusher@simulated",
        "email_verified": True, **claims,
    }  # fmt: skip
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in ({"alg": "none"}, good)]
    return f"Bearer {'.'.join(parts)}.{REMOVED}"


STRANGERS: list[dict[str, str]] = [
    {},
    {"HTTP_AUTHORIZATION": "Bearer x"},
    {"HTTP_AUTHORIZATION": "Bearer a.b.c"},
    {"HTTP_AUTHORIZATION": f"Basic {KEY}"},
    {"HTTP_X_API_KEY": KEY[:-1]},
    {"HTTP_X_API_KEY": ""},
    {"HTTP_AUTHORIZATION": _bearer(iss="https://example.com")},
    {"HTTP_AUTHORIZATION": _bearer(aud="somebody-else")},
    {"HTTP_AUTHORIZATION": _bearer(email="stranger@simulated")},
    {"HTTP_AUTHORIZATION": _bearer(email_verified=False)},
    {"HTTP_AUTHORIZATION": _bearer(exp=1)},
]


@pytest.mark.parametrize("headers", STRANGERS, ids=range(len(STRANGERS)))
def test_i53_forged_tokens_are_refused_on_every_route(headers: dict[str, str]) -> None:
    """Issuer, audience, account and expiry are checked on every route but `/health`, before the body is read.

    Prevented in: src/regen/web/callers.py, src/regen/web/http.py
    Turns red when: a route has no check of its caller, or any Bearer is taken for good.
    """
    bench = Bench()
    http = Http(bench.deps)
    asked = 0
    for service, route in _routes():
        path = re.sub(r"\{\w+\}", "some_id", route.path)
        reply = http.raw(service, route.method, path, headers, b"{")
        if route.path == "/health":
            assert reply.status == 200
            continue
        assert reply.status in {401, 403}, (service, route.path)
        asked += 1
    assert asked >= 20
    assert (bench.store.reads, bench.store.writes, list(bench.queue.waiting)) == (0, 0, [])


TRIGGER = b'{"game_date": "2026-01-20", "reason": "late_data", "mode": "regenerate_with_supersede"}'


def test_i54_a_failed_trigger_is_retried_or_recorded() -> None:
    """What may succeed later is a 503; what cannot is a rejected batch in the audit, with an alert. Never a mere 200.

    Prevented in: src/regen/web/coordinator.py, src/regen/services/batch/opening.py
    Turns red when: `pushed` answers 204 whatever `open_batch` raises, or `_nobody` leaves no record.
    """
    bench = Bench()
    store = with_store(bench, FailingStore())
    store.fails, store.times = lambda writes: True, 1
    http = Http(bench.deps)
    assert http.push("coordinator", "/regenerate-pubsub", TRIGGER, message_id="m").status == 503
    assert list_batches(bench.deps, None, None) == []
    assert http.push("coordinator", "/regenerate-pubsub", TRIGGER, message_id="m").status == 204
    (opened,) = list_batches(bench.deps, None, None)
    assert opened.trigger_ids == ["m"]
    empty = Bench([])
    assert Http(empty.deps).push("coordinator", "/regenerate-pubsub", TRIGGER, message_id="m").status == 204
    empty.sweep()
    assert [b.status for b in list_batches(empty.deps, None, None)] == ["rejected"]
    assert [(e.error, e.trigger_id) for e in empty.audited("rejected")] == [("no_slate", "m")]
    assert [a["type"] for a in empty.queue.of(ALERT_TOPIC)] == ["batch_rejected"]


def test_i55_a_game_completes_when_predictions_use_its_data() -> None:
    """Late data is `completed` when the current predictions rest on it, never when a message was sent; no hop is deaf.

    Prevented in: src/regen/domain/bdb.py, src/regen/services/tables/bdb_scanning.py, src/regen/topology.json
    Turns red when: a scan marks a game completed as soon as its regeneration is asked for, or a topic has no subscriber.
    """
    bench = BackfillBench()
    bench.run()
    bench.clock.advance(timedelta(days=2).total_seconds())
    key = (DAY, "0022500601")
    game = BdbGame(*key, "bdb_available", tip_off=TIP_OFF, features=8, stale=8)
    bench.ledger.games[key] = game
    bdb_scanning.scan(bench.deps)
    assert bench.ledger.games[key].status == "regenerating"
    bench.queue.waiting.clear()
    for _ in range(3):
        bdb_scanning.scan(bench.deps)
        assert bench.ledger.games[key].status == "regenerating", "asked for, and nothing came of it"
    now = bench.clock.now()
    bench.ledger.games[key] = replace(bench.ledger.games[key], fresh=8, stale=0, promoted_at=now)
    bdb_scanning.scan(bench.deps)
    assert bench.ledger.games[key].status == "completed"
    known = topology()
    heard = {s.topic for s in known.push_subscriptions} | {s.topic for s in known.pull_subscriptions}
    assert set(known.topics) == heard


def test_i56_a_partial_promotion_is_reported_as_partial() -> None:
    """A promotion that lacks players says so in its view and by an alert of its own; a failed one is not promoted.

    Prevented in: src/regen/services/batch/ending.py, src/regen/services/views/batch_view.py
    Turns red when: `_alert_kind` has no kind for a promotion with less than all players.
    """
    whole, partial, none = (
        Bench(players(10)),
        Bench([*players(19), entry("x", broken=True)]),
        Bench([entry("x", broken=True)]),
    )
    told = []
    for bench in (whole, partial, none):
        batch = bench.run()
        bench.sweep()
        view = batch_view.view_batch(bench.deps, batch.batch_id)
        told.append((view.status, view.coverage_pct, [a["type"] for a in bench.queue.of(ALERT_TOPIC)]))
    assert told == [
        ("promoted", 100.0, []),
        ("promoted", 95.0, ["batch_partial"]),
        ("rejected", 0.0, ["batch_rejected"]),
    ]
    view = batch_view.view_batch(partial.deps, list_batches(partial.deps, None, None)[0].batch_id)
    assert [(o.player_lookup, o.outcome) for o in view.outcomes] == [("x", "failed")]


def test_i57_every_topic_has_a_subscription_and_a_route() -> None:
    """One file names them all: each topic that the code publishes to has a reader, each push a route, each a dead letter.

    Prevented in: src/regen/topology.json
    Turns red when: a subscription is taken out of topology.json, or a route that one calls is renamed.
    """
    known = topology()
    published = {TRIGGER_TOPIC, REQUEST_TOPIC, VERIFY_TOPIC, COMPLETE_TOPIC, PHASE_TOPIC, ALERT_TOPIC}
    named = {value for name, value in vars(deps).items() if name.endswith("_TOPIC")}
    assert named == published <= set(known.topics)
    pushed = {s.topic for s in known.push_subscriptions}
    assert published - pushed == {COMPLETE_TOPIC, PHASE_TOPIC, ALERT_TOPIC}, "those are for others to read"
    assert {s.topic for s in known.pull_subscriptions} >= {COMPLETE_TOPIC, PHASE_TOPIC, ALERT_TOPIC}
    routes = {(service, route.path) for service, route in _routes() if route.method == "POST"}
    callers = [(s.service, s.path) for s in known.push_subscriptions]
    callers += [(s.service, s.path) for s in known.schedules]
    callers += [(t.service, t.path) for t in known.firestore_triggers]
    assert [caller for caller in callers if caller not in routes] == []
    for subscription in known.push_subscriptions:
        assert subscription.dead_letter_topic in known.topics
        assert subscription.dead_letter_topic != subscription.topic
        patience = subscription.max_delivery_attempts * subscription.max_backoff_seconds
        assert patience > 1800, "attempts outlast the deadline of a batch"
    assert len(known.firestore_triggers) == 1


CONSUMERS = {s.topic: (s.service, s.path) for s in topology().push_subscriptions}
COMPLETED = {
    "batch_id", "game_date", "status", "round", "reason", "requested", "produced", "skipped", "failed", "superseded",
    "inserted", "withdrawn", "kept",
}  # fmt: skip


def test_i58_subscribers_understand_every_published_message() -> None:
    """Every message of a regeneration goes, as bytes, through the entry point that subscribes to it, and is understood.

    Prevented in: src/regen/services/batch/dispatching.py, src/regen/web/worker.py, src/regen/web/verifier.py
    Turns red when: publisher or reader renames a field of `prediction-request`, `prediction-verify` or the trigger.
    """
    bench = Bench(players(9))
    http = Http(bench.deps)
    bench.regenerate()
    bench.regenerate("t2")
    passed: set[str] = set()
    for _ in range(3):
        while bench.queue.waiting or bench.events:
            if bench.events:
                bench.step()
                continue
            topic, message = bench.queue.waiting.popleft()
            if topic in CONSUMERS:
                body = json.dumps({"message": {
                    "messageId": f"m{len(bench.queue.published)}", "attributes": dict(message.attributes),
                    "data": base64.b64encode(json.dumps(message.data).encode()).decode(),
                }}).encode()  # fmt: skip
                service, path = CONSUMERS[topic]
                headers = {"HTTP_AUTHORIZATION": _bearer()}
                assert http.raw(service, "POST", path, headers, body).status == 204, topic
                passed.add(topic)
        http.tick("verifier", "/sweep")
    assert passed == {TRIGGER_TOPIC, REQUEST_TOPIC, VERIFY_TOPIC}
    assert [b.status for b in list_batches(bench.deps, None, None)] == ["promoted", "promoted"]
    assert bench.audited(AuditEvent.MALFORMED) == []
    assert all(set(m) == COMPLETED for m in bench.queue.of(COMPLETE_TOPIC))


def test_i65_alerts_come_once_and_probes_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Each kind of alert has a severity, a command to look further and a place in the runbook, and comes once.

    Prevented in: src/regen/domain/alerts.py, src/regen/services/state/alerting.py, src/regen/web/http.py
    Turns red when: `raise_once` puts an alert again, a kind of alert has no place in the runbook, or health checks are logged.
    """
    assert set(SPECS) == set(AlertKind)
    for sort in SPECS.values():
        assert sort.severity in {"WARNING", "ERROR"}
        assert sort.look.startswith("regen ")
    runbook = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    assert [kind for kind in AlertKind if f"\n### {kind}\n" not in runbook] == []
    bench = Bench([entry(n, broken=True) for n in names(4)])
    bench.run()
    for _ in range(3):
        bench.sweep()
    (alert,) = bench.queue.of(ALERT_TOPIC)
    assert {"severity", "why", "look", "runbook", "batch_id"} <= set(alert)
    http = Http(bench.deps)
    dead = json.dumps({"game_date": "2026-01-20"}).encode()
    for _ in range(3):
        http.push("verifier", "/dead-letters", dead, message_id="same")
        bench.sweep()
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)] == ["batch_rejected", "dead_letter", "message_malformed"]
    with caplog.at_level("DEBUG"):
        caplog.clear()
        for service in ROUTERS:
            assert http.raw(service, "GET", "/health", {}).status == 200
    assert caplog.records == []


def test_i69_a_message_names_the_replaced_predictions() -> None:
    """A promotion and a rollback each leave one message with batch, date and counts; rows lead from old to new.

    Prevented in: src/regen/services/batch/ending.py
    Turns red when: the end of a round puts no `prediction-batch-complete` into its outbox.
    """
    bench = Bench()
    bench.run()
    batch = bench.run("t2")
    orders.rollback(bench.deps, bench.order(batch))
    bench.drain()
    bench.sweep()
    messages = [m for topic, m in bench.queue.published if topic == COMPLETE_TOPIC]
    assert [(m.data["status"], m.data["superseded"], m.data["inserted"]) for m in messages] == [
        ("promoted", 0, 16),
        ("promoted", 16, 16),
        ("rolled_back", 16, 16),
    ]
    assert {m.data["game_date"] for m in messages} == {"2026-01-20"}
    assert len({m.attributes["event_id"] for m in messages}) == 3
    current = {
        row["prediction_id"]: row for row in bench.warehouse.predictions(DAY) if row.get("superseded") is not True
    }
    for row in bench.warehouse.predictions(DAY):
        if row.get("superseded_by_batch_id") == batch.batch_id and row["superseded_reason"] == "rollback":
            assert row["superseded_by_prediction_id"] in current
