"""Claims: a marker that can be created only once, in the commit of the act that it guards."""

from __future__ import annotations

from datetime import datetime, timedelta

from regen.ports import Snapshot, Write
from regen.services.state.documents import OnceRecord, decode_once, encode_once
from regen.services.state.paths import claim_path

CLAIMED_FOR = timedelta(days=7)


def claim(event_id: str, now: datetime) -> Write:
    """The write of an event's marker; its commit fails with AlreadyExists if the marker exists."""
    return Write("create", claim_path(event_id), encode_once(OnceRecord(event_id, "alert", "", now + CLAIMED_FOR)))


def claimed_at(snapshot: Snapshot) -> datetime:
    """When an event was claimed.

    Raises:
        Unreadable: the marker is no marker.
    """
    return decode_once(snapshot).expires_at - CLAIMED_FOR
