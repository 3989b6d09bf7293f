"""One suite, every Queue: what is published arrives, at least once, and what is refused comes again."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.cloud import pubsub_v1

from regen.adapters.memory.broker import MemoryBroker
from regen.adapters.pubsub import PubSubQueue, publisher
from regen.domain.errors import RegenError
from regen.ports import Message, Queue
from regen.topology import PullSubscription, PushSubscription, Topology
from support.polling import wait_until

PUSH = PushSubscription(
    name="orders-worker", topic="orders", service="worker", path="/", min_backoff_seconds=1, max_backoff_seconds=2,
    max_delivery_attempts=5, dead_letter_topic="orders-dead",
)  # fmt: skip
TOPOLOGY = Topology(
    topics=("orders", "orders-dead", "news"),
    push_subscriptions=(PUSH,),
    pull_subscriptions=(PullSubscription("news-sub", "news"), PullSubscription("dead-sub", "orders-dead")),
    firestore_triggers=(),
    schedules=(),
)


@dataclass
class Inbox:
    """What was pushed, and what to answer."""

    answer: Callable[[dict[str, Any], int], int] = field(default=lambda _data, _time: 204)
    got: list[dict[str, Any]] = field(default_factory=list)
    envelopes: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, _subscription: str, body: bytes) -> int:
        envelope = json.loads(body)
        data = json.loads(base64.b64decode(envelope["message"]["data"]))
        with self.lock:
            self.got.append(data)
            self.envelopes.append(envelope)
            times = sum(1 for seen in self.got if seen == data)
        return self.answer(data, times)


@dataclass
class Wired:
    """A queue, the inbox that its push subscription fills, and a way to pull."""

    queue: Queue
    inbox: Inbox
    pull: Callable[[str], list[dict[str, Any]]]


@pytest.fixture(params=["memory", "pubsub"])
def wired(request: pytest.FixtureRequest, project: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    inbox = Inbox()
    if request.param == "memory":
        broker = MemoryBroker(TOPOLOGY, inbox.deliver, ack_deadline=10, min_backoff=0.05, max_backoff=0.2)
        yield Wired(broker, inbox, lambda name: [_content(m) for m in broker.pull(name)])
        broker.close()
        return
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", request.getfixturevalue("pubsub_host"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(inbox))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield from _pubsub(project, inbox, f"http://127.0.0.1:{server.server_port}/push")
    server.shutdown()


def _pubsub(project: str, inbox: Inbox, endpoint: str) -> Iterator[Wired]:
    topics, subscriptions = publisher(), pubsub_v1.SubscriberClient()
    topic = {name: f"projects/{project}/topics/{name}" for name in TOPOLOGY.topics}
    for name in topic.values():
        topics.create_topic(name=name)
    wanted = {
        "name": f"projects/{project}/subscriptions/{PUSH.name}",
        "topic": topic[PUSH.topic],
        "push_config": {"push_endpoint": endpoint},
        "ack_deadline_seconds": 10,
        "dead_letter_policy": {"dead_letter_topic": topic["orders-dead"], "max_delivery_attempts": 5},
    }
    subscriptions.create_subscription(request=wanted)
    for pulled in TOPOLOGY.pull_subscriptions:
        subscriptions.create_subscription(
            name=f"projects/{project}/subscriptions/{pulled.name}", topic=topic[pulled.topic]
        )

    def pull(name: str) -> list[dict[str, Any]]:
        path = f"projects/{project}/subscriptions/{name}"
        answer = subscriptions.pull(subscription=path, max_messages=100, timeout=20)
        if answer.received_messages:
            subscriptions.acknowledge(subscription=path, ack_ids=[m.ack_id for m in answer.received_messages])
        return [
            {"data": json.loads(m.message.data), "attributes": dict(m.message.attributes)}
            for m in answer.received_messages
        ]

    yield Wired(PubSubQueue(topics, project), inbox, pull)
    subscriptions.close()


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = inbox.deliver("", self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    return Handler


def _content(message: Any) -> dict[str, Any]:
    return {"data": json.loads(base64.b64decode(message["data"])), "attributes": dict(message["attributes"])}


def pulled(wired: Wired, subscription: str, number: int) -> list[dict[str, Any]]:
    """Pull until so many have come."""
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        found.extend(wired.pull(subscription))
        return len(found) >= number

    wait_until(enough, 30, f"{number} messages of {subscription}")
    return found


def test_every_message_is_pushed_with_its_data_and_attributes(wired: Wired) -> None:
    messages = [Message({"n": n, "name": "Dončić's"}, {"event_id": f"e{n}"}) for n in range(25)]
    wired.queue.publish("orders", messages)
    wait_until(lambda: {m["n"] for m in wired.inbox.got} == set(range(25)), 30, "25 messages")
    envelope = next(e for e in wired.inbox.envelopes if e["message"]["attributes"]["event_id"] == "e3")
    assert envelope["message"]["messageId"]
    assert envelope["subscription"].endswith(PUSH.name)


def test_refused_message_is_redelivered_until_acknowledged(wired: Wired) -> None:
    wired.inbox.answer = lambda _data, times: 204 if times >= 3 else 503
    wired.queue.publish("orders", [Message({"n": 1})])
    wait_until(lambda: len(wired.inbox.got) >= 3, 30, "three deliveries")


def test_poison_message_is_dead_lettered_and_delays_no_other(wired: Wired) -> None:
    wired.inbox.answer = lambda data, _times: 500 if data["n"] == 0 else 204
    wired.queue.publish("orders", [Message({"n": 0}, {"event_id": "poison"})])
    wired.queue.publish("orders", [Message({"n": n}) for n in range(1, 6)])
    wait_until(lambda: {m["n"] for m in wired.inbox.got} >= {1, 2, 3, 4, 5}, 30, "the others")
    dead = pulled(wired, "dead-sub", 1)
    assert dead[0]["data"] == {"n": 0}
    assert dead[0]["attributes"]["event_id"] == "poison"
    assert dead[0]["attributes"]["CloudPubSubDeadLetterSourceSubscription"] == PUSH.name


def test_a_pull_subscription_keeps_what_was_published(wired: Wired) -> None:
    wired.queue.publish("news", [Message({"n": 1}, {"game_date": "2026-01-20"})])
    assert pulled(wired, "news-sub", 1) == [{"data": {"n": 1}, "attributes": {"game_date": "2026-01-20"}}]


def test_publishing_nothing_is_fine(wired: Wired) -> None:
    wired.queue.publish("news", [])


def test_publishing_to_an_unknown_topic_fails(wired: Wired) -> None:
    with pytest.raises(RegenError):
        wired.queue.publish("no-such-topic", [Message({"n": 1})])
