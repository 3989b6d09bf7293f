"""What is known of an alert: that it was raised, whether its cause lasts, and what ended it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from regen.domain.alerts import key_of, lasts
from regen.domain.texts import storable

KEPT_FOR = timedelta(days=90)
OPEN_FOR = timedelta(days=14)
"""An alert whose cause nothing has ended is closed after this time."""
MAX_WHY = 2000
STATES = ("open", "resolved", "noted")


class AlertRecord(Struct, frozen=True):
    """`alerts/{event_id}`.

    Attributes:
        key: what it has in common with other alerts of its cause (`key_of`).
        open: whether its cause lasts; never true of an alert that tells of something that has happened.
        game_date: the date, or the first date, that it is about; `until` the last.
    """

    event_id: str
    type: str
    severity: str
    why: str
    key: str
    raised_at: datetime
    expires_at: datetime
    open: bool
    game_date: str | None = None
    until: str | None = None
    batch_id: str | None = None
    look: str | None = None
    runbook: str | None = None
    resolved_at: datetime | None = None
    resolved_why: str | None = None

    @property
    def state(self) -> str:
        """`open`, `resolved`, or `noted` where there is nothing to end."""
        return "open" if self.open else "resolved" if self.resolved_at else "noted"


def record_of(event_id: str, at: datetime, content: Mapping[str, object]) -> AlertRecord:
    """The record of an alert that is raised."""
    kind = _text(content, "type") or "-"
    return AlertRecord(
        event_id=event_id,
        type=kind,
        severity=_text(content, "severity") or "-",
        why=(_text(content, "why") or "-")[:MAX_WHY],
        key=storable(key_of(content)),
        raised_at=at,
        expires_at=at + KEPT_FOR,
        open=lasts(kind),
        game_date=_text(content, "game_date"),
        until=_text(content, "until"),
        batch_id=_text(content, "batch_id"),
        look=_text(content, "look"),
        runbook=_text(content, "runbook"),
    )


def _text(content: Mapping[str, object], name: str) -> str | None:
    value = content.get(name)
    return storable(value) if isinstance(value, str) else None
