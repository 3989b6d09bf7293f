"""Heartbeats: `heartbeats/{service}` holds the revision of a function that ran last, and the time; the sweep has its own.

`doctor`, `/ready` and dashboards read them. A heartbeat proves that a function ran. Its absence proves nothing if the
function received no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from regen.api.forms import Form
from regen.api.health import Heartbeat
from regen.domain.errors import Unreadable
from regen.ports import Snapshot, Write
from regen.services.state.decoding import decoding
from regen.services.state.deps import Deps
from regen.services.state.documents import encode_heartbeat
from regen.services.state.paths import HEARTBEATS, heartbeat_path, id_of

_HEARTBEAT = Form(Heartbeat)
SWEEP = "sweep"
SERVICES = ("coordinator", "worker", "verifier", SWEEP)
EVERY = timedelta(seconds=60)
"""Least time between two heartbeats of an instance: Firestore sustains one write per second and document."""


def beat(deps: Deps, service: str, **more: str | int) -> None:
    """Write a heartbeat.

    Args:
        more: further fields, such as the number of live batches that the sweep found.

    Raises:
        Unavailable: Firestore did not accept the write.
    """
    data = encode_heartbeat(deps.config.code_version, deps.clock.now(), more)
    deps.store.commit([Write("put", heartbeat_path(service), data)])


def heartbeats(deps: Deps) -> Mapping[str, Heartbeat | Literal["unreadable"]]:
    """The last heartbeat of each service that has one, with its age in seconds; `unreadable` for a broken record."""
    now = deps.clock.now()
    return {id_of(snapshot): _heartbeat(snapshot, now) for snapshot in deps.store.find(HEARTBEATS)}


def _heartbeat(snapshot: Snapshot, now: datetime) -> Heartbeat | Literal["unreadable"]:
    try:
        with decoding(snapshot) as data:
            age = round((now - data["at"]).total_seconds(), 1)
            return _HEARTBEAT.convert({**data, "age_seconds": age})
    except Unreadable:
        return "unreadable"
