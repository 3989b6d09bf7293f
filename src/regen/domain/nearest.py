"""The names that are most like one that does not exist: the one rule for checks, batches, dates, players and all others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

LIKENESS = 0.6
"""From 0 to 1, as `difflib` measures it: from here on a name is worth naming."""
MOST = 3
FAR = 30
"""Days beyond which another date is no near miss."""


def nearest(given: str, known: Iterable[str], most: int = MOST, likeness: float = LIKENESS) -> list[str]:
    """The known names that are most like a given one, the likeliest first; letter case and signs do not count."""
    from difflib import get_close_matches  # noqa: PLC0415 - of refusals alone: no cold start waits for it

    by_key: dict[str, str] = {}
    for name in sorted(known):
        by_key.setdefault(_key(name), name)
    return [by_key[key] for key in get_close_matches(_key(given), by_key, most, likeness)]


def nearest_days(given: date, known: Iterable[date], most: int = 2) -> list[date]:
    """The known dates that are nearest to a given one, the nearest first; the later of two that are as near."""
    near = {day for day in known if day != given and abs((day - given).days) <= FAR}
    return sorted(near, key=lambda day: (abs((day - given).days), given > day))[:most]


def the_nearest(found: Iterable[object], begin: str = "; the nearest: ") -> str:
    """Near misses at the end of a sentence; nothing if there are none."""
    named = ", ".join(map(str, found))
    return f"{begin}{named}" if named else ""


def _key(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum() or c in "_-@.") or name
