"""Means over clusters, and how sure they are (Cameron and Miller, "A practitioner's guide to cluster-robust inference", 2015)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

_NORMAL = 1.959964
"""The 97.5th percentile of the normal distribution: intervals are of 95 %."""


class Figure(Struct, frozen=True):
    """A figure and its interval.

    Attributes:
        value: None without rows.
        low: the interval's lower end; None if there are rows of one game only, which says nothing of the spread. `high` likewise.
        rows: what it is the mean of.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0


def mean(clusters: Sequence[tuple[float, int]]) -> Figure:
    """The mean over all rows; its interval allows for rows of one cluster that go together.

    Args:
        clusters: the sum of each, and its rows.
    """
    known = [(total, rows) for total, rows in clusters if rows]
    rows = sum(number for _, number in known)
    if not rows:
        return Figure()
    value = sum(total for total, _ in known) / rows
    if len(known) < 2:
        return Figure(value, rows=rows)
    spread = math.fsum((total - value * number) ** 2 for total, number in known)
    error = math.sqrt(spread * len(known) / (len(known) - 1)) / rows
    half = _student(len(known) - 1) * error
    return Figure(value, value - half, value + half, rows)


def rise(now: Figure, before: Figure) -> Figure:
    """By how many percent a mean has risen above an earlier one; the interval is that of a ratio of independent means (delta method)."""
    if now.value is None or not before.value:
        return Figure()
    ratio = now.value / before.value
    rows = min(now.rows, before.rows)
    if now.high is None or before.high is None:
        return Figure(100.0 * (ratio - 1.0), rows=rows)
    half = math.hypot(now.high - now.value, ratio * (before.high - before.value)) / before.value
    return Figure(100.0 * (ratio - 1.0), 100.0 * (ratio - half - 1.0), 100.0 * (ratio + half - 1.0), rows)


def _student(freedom: int) -> float:
    """The 97.5th percentile of Student's distribution (Abramowitz and Stegun 26.7.5), within 1 % from four clusters on."""
    z, n = _NORMAL, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
