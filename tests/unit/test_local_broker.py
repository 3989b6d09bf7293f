"""Pub/Sub in memory: at least once, with backoff and dead letters, and nobody starves."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regen.adapters.memory.broker import MemoryBroker
from regen.domain.errors import Unavailable
from regen.ports import Message
from regen.topology import PullSubscription, PushSubscription, Topology

TOPOLOGY = Topology(
    topics=("work", "other", "dead", "parked"),
    push_subscriptions=(
        PushSubscription("work-sub", "work", "s", "/", 10, 60, 3, "dead"),
        PushSubscription("other-sub", "other", "s", "/", 10, 60, 3, "parked"),
        PushSubscription("dead-sub", "dead", "s", "/", 10, 60, 3, "parked"),
    ),
    pull_subscriptions=(PullSubscription("work-pull", "work"), PullSubscription("parked-pull", "parked")),
    firestore_triggers=(),
    schedules=(),
)

Make = Callable[..., MemoryBroker]


@pytest.fixture
def broker() -> Iterator[Make]:
    made: list[MemoryBroker] = []

    def make(deliver: Callable[[str, bytes], int], **options: Any) -> MemoryBroker:
        made.append(MemoryBroker(TOPOLOGY, deliver, project="p", min_backoff=0.01, max_backoff=0.02, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Receiver:
    """Notes what it gets; answers from a list by subscription, then 204."""

    def __init__(self, **answers: list[int | Exception]) -> None:
        self.answers = {name.replace("_", "-"): statuses for name, statuses in answers.items()}
        self.got: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, subscription: str, body: bytes) -> int:
        self.got.append((subscription, json.loads(body)))
        waiting = self.answers.get(subscription)
        answer = waiting.pop(0) if waiting else 204
        if isinstance(answer, Exception):
            raise answer
        return answer

    def at(self, subscription: str) -> list[dict[str, Any]]:
        return [body for name, body in self.got if name == subscription]


def test_a_message_reaches_every_subscription_of_its_topic(broker: Make) -> None:
    receiver = Receiver()
    one = broker(receiver)
    one.publish("work", [Message({"n": 1}, {"k": "v"}), Message({"n": 2})])
    assert one.idle(5)
    bodies = receiver.at("work-sub")
    assert sorted(json.loads(base64.b64decode(b["message"]["data"]))["n"] for b in bodies) == [1, 2]
    first = next(b for b in bodies if b["message"]["attributes"])
    assert first["message"]["attributes"] == {"k": "v"}
    assert first["subscription"] == "projects/p/subscriptions/work-sub"
    assert first["message"]["messageId"] == first["message"]["message_id"]
    assert first["message"]["publishTime"].endswith("Z")
    assert first["deliveryAttempt"] == 1
    assert len({b["message"]["messageId"] for b in bodies}) == 2
    assert len(one.pull("work-pull")) == 2
    assert one.pull("work-pull") == []
    assert (one.messages, one.bytes) == (2, 16)


@pytest.mark.parametrize("failure", [503, 400, RuntimeError("broken")])
def test_unacknowledged_message_is_delivered_again(broker: Make, failure: int | Exception) -> None:
    receiver = Receiver(work_sub=[failure, failure])
    one = broker(receiver)
    one.publish("work", [Message({})])
    assert one.idle(5)
    assert [b["deliveryAttempt"] for b in receiver.at("work-sub")] == [1, 2, 3]
    assert not receiver.at("dead-sub")


def test_message_becomes_a_dead_letter_after_the_last_attempt(broker: Make) -> None:
    receiver = Receiver(work_sub=[500] * 3, dead_sub=[500] * 3)
    one = broker(receiver)
    one.publish("work", [Message({"poison": True}, {"own": "attribute"})])
    assert one.idle(5)
    dead = receiver.at("dead-sub")[0]["message"]
    assert json.loads(base64.b64decode(dead["data"])) == {"poison": True}
    assert dead["attributes"]["own"] == "attribute"
    assert dead["attributes"]["CloudPubSubDeadLetterSourceSubscription"] == "work-sub"
    assert dead["attributes"]["CloudPubSubDeadLetterSourceDeliveryCount"] == "3"
    assert len(receiver.at("dead-sub")) == 3
    assert len(one.pull("parked-pull")) == 1


def test_late_acknowledgement_is_ignored(broker: Make) -> None:
    release, calls = threading.Event(), []

    def deliver(_subscription: str, body: bytes) -> int:
        calls.append(json.loads(body)["deliveryAttempt"])
        if calls == [1]:
            release.wait(10)
            return 500
        return 204

    one = broker(deliver, ack_deadline=0.05)
    one.publish("work", [Message({})])
    assert one.idle(5)
    release.set()
    assert calls == [1, 2]


def test_hanging_subscription_does_not_delay_others(broker: Make) -> None:
    release, seen = threading.Event(), threading.Event()

    def deliver(subscription: str, _body: bytes) -> int:
        if subscription == "work-sub":
            release.wait(10)
        else:
            seen.set()
        return 204

    one = broker(deliver)
    one.publish("work", [Message({})] * 10)
    one.publish("other", [Message({})])
    assert seen.wait(5)
    assert not one.idle(0)
    release.set()
    assert one.idle(5)


def test_publishing_to_a_missing_topic_is_an_error(broker: Make) -> None:
    with pytest.raises(Unavailable, match="no topic nowhere"):
        broker(Receiver()).publish("nowhere", [Message({})])
