"""Turns the text of one CSV value into what its column promises, or says what was expected. Empty and NaN are None."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache

INJURY_STATUSES = ("out", "doubtful", "questionable", "probable", "available")
MAX_MINUTES = 90.0  # the longest game on record had six overtimes: 78 minutes
_NOTHING = frozenset({"", "nan", "null", "none", "na", "n/a"})
_NOT_LETTERS = re.compile(r"[^a-z]")
_SEASON_STARTS = 8  # August: before it, a date belongs to the season of the year before


class BadValue(ValueError):
    """The text is not what the column promises; the message says what was expected."""


def _absent(value: str) -> bool:
    return value.strip().lower() in _NOTHING


@lru_cache(maxsize=4096)
def day(value: str) -> date:
    """A calendar date."""
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise BadValue("a date as YYYY-MM-DD") from None


@lru_cache(maxsize=4096)
def maybe_moment(value: str) -> datetime | None:
    """A moment with its time zone, in UTC, or nothing."""
    if _absent(value):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise BadValue("a time as YYYY-MM-DDTHH:MMZ") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def maybe_reported(value: str) -> date | None:
    """The day of a report, its moment in UTC, or nothing."""
    if _absent(value):
        return None
    try:
        return day(value)
    except BadValue:
        pass
    try:
        return maybe_moment(value)
    except BadValue:
        raise BadValue("a date as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MMZ") from None


def parsed_text(value: str) -> str:
    """A text that is not empty."""
    stripped = value.strip()
    if not stripped:
        raise BadValue("a text that is not empty")
    return stripped


@lru_cache(maxsize=4096)
def lower(value: str) -> str:
    """A text that is not empty, in lower case."""
    return parsed_text(value).lower()


@lru_cache(maxsize=4096)
def maybe_text(value: str) -> str | None:
    """A text or nothing."""
    return None if _absent(value) else value.strip()


@lru_cache(maxsize=4096)
def lookup(value: str) -> str:
    """A player's key: accents stripped, lower case, letters only, suffix kept (`garypaytonii`)."""
    decomposed = unicodedata.normalize("NFKD", value)
    letters = _NOT_LETTERS.sub("", decomposed.lower())
    if not letters:
        raise BadValue("a player's name or lookup key")
    return letters


@lru_cache(maxsize=4096)
def number(value: str) -> float:
    """A finite number."""
    try:
        result = float(value)
    except ValueError:
        raise BadValue("a number") from None
    if not math.isfinite(result):
        raise BadValue("a finite number")
    return result


@lru_cache(maxsize=4096)
def maybe_int(value: str) -> int | None:
    """A whole number or nothing."""
    if _absent(value):
        return None
    result = number(value)
    if result != int(result):
        raise BadValue("a whole number")
    return int(result)


@lru_cache(maxsize=4096)
def maybe_count(value: str) -> int | None:
    """A whole number of 0 or more, or nothing."""
    result = maybe_int(value)
    if result is not None and result < 0:
        raise BadValue("a whole number of 0 or more")
    return result


@lru_cache(maxsize=4096)
def count(value: str) -> int:
    """A whole number of 0 or more."""
    result = maybe_count(value)
    if result is None:
        raise BadValue("a whole number of 0 or more")
    return result


@lru_cache(maxsize=8192)
def minutes(value: str) -> float:
    """Decimal minutes."""
    result = number(value)
    if not 0 <= result <= MAX_MINUTES:
        raise BadValue(f"minutes from 0 to {MAX_MINUTES:.0f}")
    return result


@lru_cache(maxsize=4096)
def line(value: str) -> float:
    """A points line: more than 0, in steps of a half."""
    result = number(value)
    if not 0 < result < 100 or result * 2 != int(result * 2):
        raise BadValue("a line above 0 and below 100 in steps of a half")
    return result


@lru_cache(maxsize=64)
def maybe_flag(value: str) -> bool | None:
    """Yes, no or nothing."""
    word = value.strip().lower()
    if word in {"1", "1.0", "true", "yes"}:
        return True
    if word in {"0", "0.0", "false", "no"}:
        return False
    if word in _NOTHING:
        return None
    raise BadValue("1 or 0")


@lru_cache(maxsize=64)
def parsed_flag(value: str) -> bool:
    """Yes or no."""
    result = maybe_flag(value)
    if result is None:
        raise BadValue("1 or 0")
    return result


@lru_cache(maxsize=64)
def injury_status(value: str) -> str:
    """A status of an availability report, in lower case."""
    word = value.strip().lower()
    if word not in INJURY_STATUSES:
        raise BadValue(f"one of {', '.join(INJURY_STATUSES)}")
    return word


def season_of(when: object) -> str:
    """The season of a date, as `2025-26`."""
    if not isinstance(when, date):
        raise TypeError("season_of takes a date")
    first = when.year if when.month >= _SEASON_STARTS else when.year - 1
    return f"{first}-{(first + 1) % 100:02d}"
