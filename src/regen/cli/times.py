"""Moments as people read them: short, in UTC, with US Eastern beside it where the date matters."""

from __future__ import annotations

from datetime import UTC, datetime

from regen.clock import now as present
from regen.domain.dates import EASTERN


def parsed(value: object) -> datetime | None:
    """A moment as JSON or a row has it; None if it is none."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def moment(value: object, now: datetime | None = None) -> str:
    """`2026-01-20 20:06:52 UTC (15:06 US Eastern, 3 min ago)`; the age only of what is less than a day old."""
    at = parsed(value)
    if at is None:
        return "-" if value is None else str(value)
    eastern = at.astimezone(EASTERN)
    there = f"{eastern:%H:%M}" if eastern.date() == at.date() else f"{eastern:%m-%d %H:%M}"
    age = _age(at, now or present())
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({there} US Eastern{f', {age}' if age else ''})"


def short(value: object, now: datetime | None = None) -> str:
    """A moment in a table: `3 min ago`, then `20:06:52` within the day, then `01-20 20:06`."""
    at, today = parsed(value), now or present()
    if at is None:
        return "-" if value is None else str(value)
    seconds = (today - at).total_seconds()
    if 0 <= seconds < 3600:
        return _age(at, today)
    if at.date() == today.date():
        return f"{at:%H:%M:%S}"
    return f"{at:%m-%d %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d %H:%M}"


def clock(value: object) -> str:
    """The second of a moment, with its date: `2026-01-20 20:06:52`."""
    at = parsed(value)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ("-" if value is None else str(value))


def _age(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if not 0 <= seconds < 86400:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.0f} h ago"
