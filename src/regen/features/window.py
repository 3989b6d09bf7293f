"""How far back a history reaches: this season and the last, in training, in the import and in what is served."""

from __future__ import annotations

from datetime import date

SEASON_STARTS = 8
"""August: before it, a date belongs to the season of the year before."""


def season_of(day: date) -> str:
    """The season of a date, as `2025-26`."""
    first = _first_year(day)
    return f"{first}-{(first + 1) % 100:02d}"


def window_from(day: date) -> date:
    """The first date of the season before that of a date: what is known of a game of that date begins there."""
    return date(_first_year(day) - 1, SEASON_STARTS, 1)


def _first_year(day: date) -> int:
    return day.year if day.month >= SEASON_STARTS else day.year - 1
