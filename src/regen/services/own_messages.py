"""Which messages of `nba-prediction-trigger` are regen's own.

Whoever may publish there can write any attribute. A message is regen's own only if its event was noted in Firestore, with what
it says, in the commit that made it due; any other is a trigger, whatever its attributes. The wake of a backfill and a grade do
only what the records say is due, whoever sends them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from regen.domain import ids
from regen.ports import Write
from regen.services.deps import TRIGGER_TOPIC, Deps
from regen.services.records import IDEMPOTENCY, OutboxItem

CARRIED = "carried"
REMEMBERED = timedelta(days=14)
"""Longer than Pub/Sub keeps a message; one that comes later still is a trigger, which loses nothing."""


def note(item: OutboxItem) -> list[Write]:
    """The note on a message to the coordinator, for the commit that it follows; nothing for any other item."""
    if item.kind != "message" or item.payload["topic"] != TRIGGER_TOPIC:
        return []
    event, said = item.event_id, _said(item.payload["data"])
    data = {"key": event, "fingerprint": said, "answer": "", "expires_at": item.due_at + REMEMBERED}
    return [Write("put", _path(event), data)]


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """What a message of regen's own tells of: however often it is published, it is one event.

    Attributes:
        carried: it has been carried out; a copy has nothing to do.
    """

    event_id: str
    carried: bool
    note: Mapping[str, Any]


def own_event(deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str]) -> OwnEvent | None:
    """The event of a message of regen's own; None for any other message. One read, or none."""
    event = attributes.get("event_id")
    if not event:
        return None
    noted = deps.store.get(_path(event))
    if noted is None or noted.data["fingerprint"] != _said(data):
        return None
    return OwnEvent(event, noted.data["answer"] == CARRIED, noted.data)


def carried(deps: Deps, event: OwnEvent | None) -> None:
    """Note that an event has been carried out, so that a copy of its message costs one read."""
    if event is not None:
        deps.store.commit([Write("put", _path(event.event_id), {**event.note, "answer": CARRIED})])


def follow_up_of(deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str]) -> str | None:
    """What a message follows, if it is a follow-up of regen's own."""
    after = attributes.get("follow_up")
    return after if after and own_event(deps, data, attributes) else None


def _path(event: str) -> str:
    return f"{IDEMPOTENCY}/sent_{ids.digest(event)}"


def _said(data: Mapping[str, Any]) -> str:
    return ids.digest(json.dumps(dict(data), sort_keys=True))
