"""What an import is asked to do, and where its rows go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct, field

from regen.data.damage import Damage
from regen.data.input_rows import Row

FEATURE_MINUTES = 8.0
"""Players without a line who average less get no feature row: no system would predict them."""
ROWS_PER_LOAD = 50_000


class Part(Struct, frozen=True):
    """What one table gets.

    Attributes:
        table: its name, as in the schema files.
        rows: of these dates only; empty if nothing is to be there.
        dates: whole dates.
    """

    table: str
    rows: Sequence[Row]
    dates: Sequence[date]


class Loader(Protocol):
    """Where the rows go."""

    def replace(self, parts: Sequence[Part]) -> None:
        """Put the rows of whole dates into tables in place of all that these hold of them: all of it, or nothing is changed."""
        ...


class ImportOptions(Struct, frozen=True):
    """What to import.

    Attributes:
        dates: slates, lines and features of these dates only (and history up to the last of them); None means all.
        zones: whether the shot zones of earlier games are already there.
        now: when the rows are made; if not given, when they would have been made at the time.
        damage: players who are to fail or vanish.
        feature_minutes: see `FEATURE_MINUTES`.
        rows_per_load: rows held before they are loaded, of all tables together.
        arrived: dates whose shot zones have come since, as `zones_arrive` brings them.
        unreported: dates whose feature rows are older than the availability report, which the slates have.
    """

    dates: frozenset[date] | None = None
    zones: bool = False
    now: datetime | None = None
    damage: Damage = field(default_factory=Damage)
    feature_minutes: float = FEATURE_MINUTES
    rows_per_load: int = ROWS_PER_LOAD
    arrived: frozenset[date] = frozenset()
    unreported: frozenset[date] = frozenset()
