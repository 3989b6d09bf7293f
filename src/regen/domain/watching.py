"""The watches over upstream's tables (late data, news): how often a watch asks for the same thing, and with what pauses."""

from __future__ import annotations

from datetime import timedelta

MAX_ATTEMPTS = 4


def pause_after(attempt: int, first: timedelta) -> timedelta:
    """How long to wait for the promotion of an attempt before the next one: `first`, then twice, four times as long."""
    # A row of upstream's table may hold any number, and a pause beyond the last attempt is never waited out.
    return first * int(2 ** min(max(0, attempt - 1), MAX_ATTEMPTS))
