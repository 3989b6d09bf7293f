"""The present moment: the machine's; or, on a local stack, that of its data: from a moment on, one second a second.

All processes of a stack have the same moment and the same anchor, whenever each of them was started.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

VARIABLE = "REGEN_CLOCK_START"
_FORM = "a moment with its zone, such as 2026-01-26T17:00:00Z"


class _Clock:
    ahead = timedelta()


def now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC) + _Clock.ahead


def live_from(text: str) -> None:
    """Live from a moment on, in this process; the machine's own time if the text is empty.

    Args:
        text: a moment, which is now; or, after an `@`, the machine's time at that moment.

    Raises:
        ValueError: a part is no moment with a zone.
    """
    _Clock.ahead = ahead_of(text)


def ahead_of(text: str) -> timedelta:
    """How far the moment is ahead of the machine's time.

    Raises:
        ValueError: a part is no moment with a zone.
    """
    if not text:
        return timedelta()
    moment, _, anchor = text.partition("@")
    return _moment(moment) - (_moment(anchor) if anchor else datetime.now(UTC))


def anchored(text: str) -> str:
    """The moment as it is given to all processes of a stack that starts now.

    Raises:
        ValueError: it is no moment with a zone.
    """
    moment = text.partition("@")[0]
    return f"{_moment(moment).isoformat()}@{datetime.now(UTC).isoformat()}" if moment else ""


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected {_FORM}, found {text[:60]!r}") from None
    if found.tzinfo is None:
        raise ValueError(f"expected {_FORM}, found {text[:60]!r}")
    return found.astimezone(UTC)
