"""Who moved, and what changed in the inputs: the predictions of the main system, the largest moves first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def movers(dated: Iterable[tuple[date, Sequence[Move]]]) -> list[Mover]:
    """The replaced predictions of the main system, one a player and date, the largest moves first."""
    found: dict[tuple[str, str], Mover] = {}
    for day, rows in dated:
        for row in rows:
            key = (str(day), row.player_lookup)
            if row.system_id == MAIN_SYSTEM and row.new_points is not None and key not in found:
                changed = changed_text(row.changed_inputs, MOST_NAMES) or "-"
                found[key] = Mover(*key, row.old_points, row.new_points, changed)
    return sorted(found.values(), key=lambda one: (-abs(one.move), one.game_date, one.player_lookup))
