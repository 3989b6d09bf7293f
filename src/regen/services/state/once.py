"""One way to do a thing once: a marker that can be created once, in the commit of what it stands for."""

from __future__ import annotations

from datetime import datetime, timedelta

from regen.ports import Write
from regen.services.state.documents import OnceRecord, encode_once
from regen.services.state.paths import claim_path

CLAIMED_FOR = timedelta(days=7)


def claim(event_id: str, now: datetime) -> Write:
    """Create the marker of an event; the commit fails with AlreadyExists if there is one."""
    return Write("create", claim_path(event_id), encode_once(OnceRecord(event_id, "alert", "", now + CLAIMED_FOR)))
