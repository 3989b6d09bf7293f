"""Which line counts, of the many that bookmakers offer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from regen.domain.inputs import Line

PREFERENCE = ("draftkings", "fanduel", "betmgm", "williamhill_us", "betrivers", "fanatics", "prizepicks", "underdog")
"""DraftKings and FanDuel first, as the predecessor had it; those not named follow, by name."""
MAX_LINE = 80.0


@dataclass(frozen=True, slots=True)
class ChosenLines:
    """The lines to predict against.

    Attributes:
        lines: distinct values of one bookmaker, ascending; empty for a player without a usable line.
        warnings: lines that were not used although they were offered, and why.
    """

    lines: tuple[Line, ...]
    warnings: tuple[str, ...]


def choose(lines: Sequence[Line]) -> ChosenLines:
    """The lines of the most preferred bookmaker that offers a usable one; per value the last seen.

    A line is usable if it is a positive multiple of a half up to 80 points.
    """
    warnings = tuple(f"line_unusable:{line.bookmaker}:{line.value}" for line in lines if not usable(line))
    good = [line for line in lines if usable(line)]
    if not good:
        return ChosenLines((), warnings)
    book = min((line.bookmaker for line in good), key=_preference)
    by_value: dict[float, Line] = {}
    for line in sorted((g for g in good if g.bookmaker == book), key=_seen):
        by_value[line.value] = line
    return ChosenLines(tuple(by_value[v] for v in sorted(by_value)), warnings)


def usable(line: Line) -> bool:
    """Whether the value can be a points line."""
    return math.isfinite(line.value) and 0.0 < line.value <= MAX_LINE and (line.value * 2).is_integer()


def _preference(book: str) -> tuple[int, str]:
    return (PREFERENCE.index(book) if book in PREFERENCE else len(PREFERENCE), book)


def _seen(line: Line) -> float:
    return line.captured_at.timestamp() if line.captured_at else 0.0
