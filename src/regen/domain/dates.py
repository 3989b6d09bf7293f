"""Game dates: US Eastern dates, passed explicitly."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regen.domain.errors import InvalidInput

EASTERN = ZoneInfo("America/New_York")


def eastern_today(now: datetime) -> date:
    """The US Eastern date of a moment (I-63: never the container's date)."""
    return now.astimezone(EASTERN).date()


def evening_of(game_date: date) -> datetime:
    """When a game begins whose tip-off upstream does not know: seven in the evening of its date, US Eastern winter time."""
    return datetime.combine(game_date + timedelta(days=1), time(0), UTC)


def parse_game_date(value: object, now: datetime | None = None, field: str = "game_date") -> date:
    """A game date from outside.

    Args:
        value: `YYYY-MM-DD`; with `now` also `TODAY` and `TOMORROW` (US Eastern).

    Raises:
        InvalidInput: anything else.
    """
    expected = "a date as YYYY-MM-DD" + (", TODAY or TOMORROW" if now else "")
    if now and value == "TODAY":
        return eastern_today(now)
    if now and value == "TOMORROW":
        return eastern_today(now) + timedelta(days=1)
    if not isinstance(value, str) or not re.fullmatch(r"[12]\d{3}-\d{2}-\d{2}", value):
        raise InvalidInput(field, expected)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidInput(field, expected) from None
