"""Long lists in pages of a size that a browser and a reader can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar
from urllib.parse import urlencode

from msgspec import Struct

from regen.console.site import Asked

T = TypeVar("T")
ROWS = 100


class Paged(Struct, Generic[T], frozen=True):
    """One page of a list.

    Attributes:
        previous: the address of the page before this one, or None.
        next: of the one after.
    """

    rows: Sequence[T]
    total: int
    first: int
    previous: str | None
    next: str | None

    @property
    def last(self) -> int:
        """The number of the last row that is shown."""
        return self.first + len(self.rows) - 1


def paged(rows: Sequence[T], asked: Asked, size: int = ROWS) -> Paged[T]:
    """The page that the address asks for; other options of the address are kept."""
    pages = max(1, -(-len(rows) // size))
    page = asked.number("page", 1, pages)

    def at(number: int) -> str | None:
        return f"?{urlencode({**asked.query, 'page': str(number)})}" if 1 <= number <= pages else None

    begin = (page - 1) * size
    return Paged(rows[begin : begin + size], len(rows), begin + 1, at(page - 1), at(page + 1))
