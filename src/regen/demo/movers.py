"""Who moved, and what changed in the inputs: the predictions of the main system, the largest moves first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from regen.client.moves import LEAST_MOVE, MAIN_SYSTEM, Move, changed_text
from regen.domain.values import asdict

MOST_NAMES = 3


class Mover(Struct, frozen=True):
    """One player's prediction before and after.

    Attributes:
        changed: the inputs that changed, the first few by name.
    """

    game_date: str
    player_lookup: str
    old: float
    new: float
    changed: str

    @property
    def move(self) -> float:
        """From the old to the new points."""
        return round(self.new - self.old, 2)

    @property
    def has_moved(self) -> bool:
        """Whether it is a move that counts."""
        return abs(self.move) >= LEAST_MOVE

    def as_record(self) -> dict[str, object]:
        """As JSON has it."""
        return {**asdict(self), "move": self.move}

    @property
    def cells(self) -> dict[str, object]:
        """A line of the table."""
        return {**asdict(self), "old": f"{self.old:.1f}", "new": f"{self.new:.1f}", "move": f"{self.move:+.2f}"}


def movers(day: date, rows: Sequence[Move]) -> list[Mover]:
    """The replaced predictions of the main system, one a player."""
    first: dict[str, Move] = {}
    for row in rows:
        if row.system_id == MAIN_SYSTEM and row.new_points is not None:
            first.setdefault(row.player_lookup, row)
    found = [
        Mover(str(day), name, row.old_points, row.new_points, changed_text(row.changed_inputs, MOST_NAMES) or "-")
        for name, row in first.items()
        if row.new_points is not None
    ]
    return sorted(found, key=lambda one: (-abs(one.move), one.player_lookup))
