"""Topics, subscriptions, triggers and schedules: one definition, read by the local stack and by Terraform."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from msgspec import Struct


class PushSubscription(Struct, frozen=True):
    """A push subscription; its ack deadline is also the request's timeout (a variable of the deployment)."""

    name: str
    topic: str
    service: str
    path: str
    min_backoff_seconds: int
    max_backoff_seconds: int
    max_delivery_attempts: int
    dead_letter_topic: str


class PullSubscription(Struct, frozen=True):
    """A pull subscription, which keeps messages until a subscriber pulls them."""

    name: str
    topic: str


class FirestoreTrigger(Struct, frozen=True):
    """An Eventarc trigger on document changes."""

    name: str
    document: str
    event: str
    service: str
    path: str


class Schedule(Struct, frozen=True):
    """A Cloud Scheduler job that posts `body` as JSON."""

    name: str
    cron: str
    time_zone: str
    service: str
    path: str
    body: dict[str, Any]


class Topology(Struct, frozen=True):
    """All connections of the three functions."""

    topics: tuple[str, ...]
    push_subscriptions: tuple[PushSubscription, ...]
    pull_subscriptions: tuple[PullSubscription, ...]
    firestore_triggers: tuple[FirestoreTrigger, ...]
    schedules: tuple[Schedule, ...]


@cache
def topology() -> Topology:
    """Read `topology.json`."""
    raw = json.loads(resources.files("regen").joinpath("topology.json").read_text())
    return Topology(
        topics=tuple(raw["topics"]),
        push_subscriptions=tuple(PushSubscription(**s) for s in raw["push_subscriptions"]),
        pull_subscriptions=tuple(PullSubscription(**s) for s in raw["pull_subscriptions"]),
        firestore_triggers=tuple(FirestoreTrigger(**t) for t in raw["firestore_triggers"]),
        schedules=tuple(Schedule(**s) for s in raw["schedules"]),
    )
