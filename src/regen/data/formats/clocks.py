"""Starts of games as a moment, or as an hour in US Eastern."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache

from regen.data import parse
from regen.domain.dates import EASTERN

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\s*([ap])?\.?(?:m\.?)?\s*(?:\(?E[SD]?T\)?)?", re.IGNORECASE)
_NOON = 12


@lru_cache(maxsize=4096)
def start_or_clock(value: str) -> datetime | time | None:
    """A start as a moment, or as an hour in US Eastern: `2025-10-21T23:30Z`, `7:30 PM`, `07:30 (ET)`; nothing if not known."""
    text = value.strip()
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        if not text or text.upper() in {"TBD", "TBA"}:
            return None
        return parse.maybe_moment(text)
    hour, half = int(clock[1]), (clock[3] or "").lower()
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    return time(hour, int(clock[2]))


def moment(day: date, start: datetime | time | None) -> datetime | None:
    """The moment of a start that may be an hour of the game's date in US Eastern."""
    if start is None or isinstance(start, datetime):
        return start
    return datetime.combine(day, start, EASTERN).astimezone(UTC)
