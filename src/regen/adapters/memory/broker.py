"""The port `Queue` in memory: topics with push and pull subscriptions, redelivery with backoff, and dead letters."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from regen import clock
from regen.adapters.memory.deliveries import Deliveries
from regen.domain.errors import Unavailable
from regen.ports import Message
from regen.topology import PushSubscription, Topology

Deliver = Callable[[str, bytes], int]
log = logging.getLogger(__name__)


class _Delivery(Struct):
    """One message on its way to one subscription: the number of attempts, and the last one whose result is known."""

    subscription: PushSubscription
    message: Mapping[str, Any]
    begun: int = 0
    settled: int = 0
    finished: bool = False


class MemoryBroker:
    """Pushes each message to `deliver(subscription, body)` until the answer is 2xx and in time.

    Messages are delivered at least once, in no guaranteed order. Each subscription has a few deliveries at a time, so
    that one that hangs does not block the others.

    Attributes:
        messages: number of messages published, for the bill.
        bytes: size of their data and attributes.
    """

    def __init__(
        self,
        topology: Topology,
        deliver: Deliver,
        *,
        project: str = "local",
        ack_deadline: float = 20.0,
        min_backoff: float = 1.0,
        max_backoff: float = 4.0,
        concurrency: int = 2,
    ) -> None:
        self._deliver, self._project = deliver, project
        self._ack_deadline, self._min_backoff, self._max_backoff = ack_deadline, min_backoff, max_backoff
        self._topics = frozenset(topology.topics)
        self._push = [(s, Deliveries(self._attempt, threads=concurrency)) for s in topology.push_subscriptions]
        self._deliveries = {subscription.name: deliveries for subscription, deliveries in self._push}
        self._deadlines: Deliveries[tuple[_Delivery, int]] = Deliveries(self._late, threads=1)
        self._pull: dict[str, tuple[str, deque[Mapping[str, Any]]]] = {
            s.name: (s.topic, deque()) for s in topology.pull_subscriptions
        }
        self._changed = threading.Condition()
        self._unfinished = 0
        self.messages = 0
        self.bytes = 0

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Hand the messages to every subscription of the topic."""
        for message in messages:
            data = json.dumps(message.data, separators=(",", ":")).encode()
            self._publish(topic, data, dict(message.attributes))

    def pull(self, subscription: str, limit: int = 100) -> list[Mapping[str, Any]]:
        """Take messages from a pull subscription, and acknowledge them."""
        waiting = self._pull[subscription][1]
        taken: list[Mapping[str, Any]] = []
        while waiting and len(taken) < limit:
            taken.append(waiting.popleft())
        return taken

    def idle(self, timeout: float) -> bool:
        """Wait until every message is taken or dead-lettered; False if this takes more than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, timeout)

    def close(self) -> None:
        """Stop all deliveries."""
        for deliveries in self._deliveries.values():
            deliveries.close()
        self._deadlines.close()

    def _publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        if topic not in self._topics:
            raise Unavailable(f"no topic {topic}")
        receivers = [pushed for pushed in self._push if pushed[0].topic == topic]
        with self._changed:
            self.messages += 1
            self.bytes += len(data) + sum(len(k) + len(v) for k, v in attributes.items())
            self._unfinished += len(receivers)
            message = _message(str(self.messages), data, attributes)
        for subscription, deliveries in receivers:
            deliveries.put(_Delivery(subscription, message))
        for pulled, waiting in self._pull.values():
            if pulled == topic:
                waiting.append(message)

    def _attempt(self, delivery: _Delivery) -> None:
        with self._changed:
            delivery.begun += 1
            attempt = delivery.begun
        self._deadlines.put((delivery, attempt), self._ack_deadline)
        envelope = {
            "message": delivery.message,
            "subscription": f"projects/{self._project}/subscriptions/{delivery.subscription.name}",
            "deliveryAttempt": attempt,
        }
        try:
            status = self._deliver(delivery.subscription.name, json.dumps(envelope).encode())
        except Exception:
            log.exception("%s: the delivery ended with an error", delivery.subscription.name)
            status = 500
        self._settle(delivery, attempt, taken=200 <= status < 300)

    def _late(self, overdue: tuple[_Delivery, int]) -> None:
        self._settle(*overdue, taken=False)

    def _settle(self, delivery: _Delivery, attempt: int, *, taken: bool) -> None:
        with self._changed:
            if delivery.finished or delivery.settled >= attempt:
                return
            delivery.settled = attempt
            exhausted = attempt >= delivery.subscription.max_delivery_attempts
            delivery.finished = taken or exhausted
        if not delivery.finished:
            backoff = min(self._max_backoff, self._min_backoff * 2.0 ** min(attempt - 1, 30))
            self._deliveries[delivery.subscription.name].put(delivery, backoff)
            return
        if not taken:
            self._dead_letter(delivery)
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _dead_letter(self, delivery: _Delivery) -> None:
        attributes = {
            **delivery.message["attributes"],
            "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.begun),
            "CloudPubSubDeadLetterSourceSubscription": delivery.subscription.name,
            "CloudPubSubDeadLetterSourceSubscriptionProject": self._project,
            "CloudPubSubDeadLetterSourceTopicPublishTime": delivery.message["publishTime"],
        }
        self._publish(delivery.subscription.dead_letter_topic, base64.b64decode(delivery.message["data"]), attributes)


def _message(number: str, data: bytes, attributes: Mapping[str, str]) -> dict[str, Any]:
    now = clock.now().isoformat().replace("+00:00", "Z")
    return {
        "data": base64.b64encode(data).decode(),
        "attributes": dict(attributes),
        "messageId": number,
        "message_id": number,
        "publishTime": now,
        "publish_time": now,
    }
