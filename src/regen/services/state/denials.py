"""Lasting denials of access. Rights that were just granted take minutes to propagate; after that an operator must act."""

from __future__ import annotations

from datetime import datetime, timedelta

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.errors import AccessDenied, Unreadable
from regen.domain.soundness import is_moment
from regen.ports import Snapshot, Write
from regen.services.state.alerting import raise_once
from regen.services.state.deps import Deps
from regen.services.state.documents import OnceRecord, decode_once, encode_once
from regen.services.state.paths import denial_path

ALERT_AFTER = timedelta(minutes=15)
QUIET = timedelta(minutes=10)
"""If a service denies nothing for this long, its next denial starts a new period."""


def note_denied(deps: Deps, error: Exception | None) -> None:
    """Record that a service denied access; alert once when it has done so for a quarter of an hour.

    Args:
        error: the error raised; all but AccessDenied are ignored.
    """
    if not isinstance(error, AccessDenied):
        return
    now, service = deps.clock.now(), error.dependency or "a service"
    path = denial_path(service)
    found = deps.store.get(path)
    since = _since(found, now) if found else now
    spell = OnceRecord(service, "denied", since.isoformat(), now + QUIET)
    deps.store.commit([Write("put", path, encode_once(spell))])
    if now - since >= ALERT_AFTER:
        why = f"{service} has denied access since {since.isoformat()}: {error}"
        event = ids.digest("access_denied", service, since, length=24)
        raise_once(deps, event, alert(AlertKind.ACCESS_DENIED, why[:1500], service=service))


def _since(found: Snapshot, now: datetime) -> datetime:
    """When the spell began that was noted; one whose note cannot be read begins anew."""
    try:
        seen = decode_once(found)
        began = datetime.fromisoformat(seen.answer)
    except (Unreadable, ValueError):
        return now
    return began if seen.expires_at > now and is_moment(began) else now
