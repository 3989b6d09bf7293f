"""Makes players fail or vanish through their feature rows, to show what a batch does then. Decided by hash, not chance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from regen.data.input_rows import Row
from regen.domain.errors import InvalidInput


class Damage(Struct, frozen=True):
    """What is to be broken when feature rows are made.

    Attributes:
        fail_share: share of a date's requested players whose rows are broken: fewer values than names.
        coverage: share of them who have a row at all; the broken ones are among these as far as possible.
        dates: only these dates; None means all.
    """

    fail_share: float = 0.0
    coverage: float = 1.0
    dates: frozenset[date] | None = None

    def __post_init__(self) -> None:
        for name, value in (("fail_share", self.fail_share), ("coverage", self.coverage)):
            if not 0.0 <= value <= 1.0:
                raise InvalidInput(name, "a share from 0 to 1")

    @property
    def is_any(self) -> bool:
        """Whether anything is to be broken at all."""
        return self.fail_share > 0 or self.coverage < 1

    def victims(self, game_date: date, requested: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Players of a date who fail, and those who vanish."""
        if not self.is_any or (self.dates is not None and game_date not in self.dates):
            return frozenset(), frozenset()
        ranked = sorted(requested, key=lambda player: _rank(game_date, player))
        kept = round(self.coverage * len(ranked))
        return frozenset(ranked[:kept][: round(self.fail_share * len(ranked))]), frozenset(ranked[kept:])


def broken(row: Row) -> Row:
    """A feature row that cannot be understood: its last value is lost, the name remains."""
    return {**row, "features": row["features"][:-1]}


def _rank(game_date: date, player: str) -> str:
    return hashlib.sha256(f"{game_date.isoformat()}/{player}".encode()).hexdigest()
