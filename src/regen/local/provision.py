"""Creation of the topology's topics, subscriptions and triggers in the emulators."""

from __future__ import annotations

import http.client
import json
from typing import Any

from msgspec import Struct

from regen.topology import PullSubscription, PushSubscription, Topology


class ProvisioningFailed(Exception):
    """An emulator refused; the text is its answer."""


class Redelivery(Struct, frozen=True):
    """Backoff of redeliveries in seconds, shorter than in production."""

    ack_deadline: int = 20
    min_backoff: float = 1
    max_backoff: float = 4


def create_pubsub(host: str, project: str, topology: Topology, relay: str, redelivery: Redelivery) -> None:
    """Create topics and subscriptions; the push ones deliver to `relay` (a base URL)."""
    base = f"/v1/projects/{project}"
    for topic in topology.topics:
        _call(host, "PUT", f"{base}/topics/{topic}", {})
    for push in topology.push_subscriptions:
        _call(host, "PUT", f"{base}/subscriptions/{push.name}", _push(project, push, relay, redelivery))
    for pull in topology.pull_subscriptions:
        _call(host, "PUT", f"{base}/subscriptions/{pull.name}", _pull(project, pull, redelivery))


def create_triggers(host: str, project: str, topology: Topology) -> None:
    """Make the Firestore emulator send document changes."""
    for trigger in topology.firestore_triggers:
        body = {
            "eventType": trigger.event,
            "database": "(default)",
            "namespace": "(default)",
            "document": {"value": trigger.document, "matchType": "PATH_PATTERN"},
        }
        _call(host, "POST", f"/emulator/v1/projects/{project}/eventarcTrigger?eventarcTriggerId={trigger.name}", body)


def _push(project: str, push: PushSubscription, relay: str, redelivery: Redelivery) -> dict[str, Any]:
    return {
        "topic": f"projects/{project}/topics/{push.topic}",
        "ackDeadlineSeconds": redelivery.ack_deadline,
        "pushConfig": {"pushEndpoint": f"{relay}/push/{push.name}"},
        "retryPolicy": {
            "minimumBackoff": f"{min(redelivery.min_backoff, push.min_backoff_seconds):g}s",
            "maximumBackoff": f"{min(redelivery.max_backoff, push.max_backoff_seconds):g}s",
        },
        "deadLetterPolicy": {
            "deadLetterTopic": f"projects/{project}/topics/{push.dead_letter_topic}",
            "maxDeliveryAttempts": push.max_delivery_attempts,
        },
    }


def _pull(project: str, pull: PullSubscription, redelivery: Redelivery) -> dict[str, Any]:
    return {"topic": f"projects/{project}/topics/{pull.topic}", "ackDeadlineSeconds": redelivery.ack_deadline}


def _call(host: str, method: str, path: str, body: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    finally:
        connection.close()
    # 409: it exists already.
    if answer.status not in {200, 409}:
        raise ProvisioningFailed(f"{method} {path}: {answer.status} {text.strip()}")
