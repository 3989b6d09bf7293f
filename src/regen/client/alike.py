"""Whether a value of a table and one of the code are the same, in whatever way each writes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

EVEN = 1e-9
"""Numbers that differ by no more are the same: a table keeps nine decimals, the code has binary fractions."""


class Pair(Struct, frozen=True):
    """Something as it was then, and as it is now."""

    then: object
    now: object

    @property
    def same(self) -> bool:
        """Whether both are the same."""
        return alike(self.then, self.now)


def alike(one: object, other: object) -> bool:
    """Whether two values are the same. Moments may be written in any zone."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=EVEN, abs_tol=EVEN)  # type: ignore[arg-type]
    if isinstance(one, str) and isinstance(other, str) and one != other:
        return _moment(one) is not None and _moment(one) == _moment(other)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
