"""How often news is looked for: often in the hours before a tip-off, seldom otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct


class Rhythm(Struct, frozen=True):
    """The settings of the watch.

    Attributes:
        near_hours: how long before a tip-off the watch looks often.
        near_seconds: time between two scans in those hours; `far_seconds` at any other time.
    """

    near_hours: float
    near_seconds: float
    far_seconds: float


def is_due(rhythm: Rhythm, now: datetime, last: datetime | None, tips: Iterable[datetime]) -> bool:
    """Whether a tick of the scheduler is to scan. Time is cut into equal parts, and each part has one scan.

    Args:
        last: when the last scan was; None if there was none.
        tips: the tip-offs that it saw.
    """
    if last is None:
        return True
    near = timedelta(hours=rhythm.near_hours)
    is_near = any(tip - near <= now < tip for tip in tips)
    seconds = rhythm.near_seconds if is_near else rhythm.far_seconds
    return now.timestamp() // seconds > last.timestamp() // seconds
