"""How far predictions were off before and after their batches, once the games are played."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from regen.client.moves import MAIN_SYSTEM
from regen.client.reader import Reader, Record

NORMAL_95 = 1.96
LEAST_GAMES = 2


class SystemErrors(Struct, frozen=True):
    """One system over all dates.

    Attributes:
        pairs: predictions that replaced one, of players who have played.
        before: mean absolute error of what they replaced; `after` their own.
        margin: half of the 95 % interval of the change, as whole games vary; None with fewer than two games.
    """

    system_id: str
    pairs: int
    before: float
    after: float
    margin: float | None = None

    @property
    def change(self) -> float:
        """The error after less that before."""
        return round(self.after - self.before, 3)

    @property
    def interval(self) -> str:
        """The 95 % interval of the change, as text."""
        if self.margin is None:
            return "-"
        return f"{self.change - self.margin:+.3f} to {self.change + self.margin:+.3f}"


def errors(reader: Reader, batch_ids: Sequence[str], first: date, last: date, system: str = "") -> list[Record]:
    """By date and system: how many players, how many of them had a prediction before, and the mean absolute errors."""
    if not batch_ids:
        return []
    return reader.run("diff_accuracy", batches=",".join(batch_ids), first=first, last=last, system=system)


def before_and_after(reader: Reader, batch_ids: Sequence[str], first: date, last: date) -> dict[str, Record]:
    """The errors of the main system, by date."""
    return by_date(errors(reader, batch_ids, first, last, MAIN_SYSTEM))


def by_date(rows: Sequence[Record]) -> dict[str, Record]:
    """The rows of the main system."""
    return {row["game_date"]: row for row in rows if row["system_id"] == MAIN_SYSTEM}


def by_system(rows: Sequence[Record]) -> list[SystemErrors]:
    """Each system that has replaced something, over all dates."""
    found = []
    for system in sorted({str(row["system_id"]) for row in rows}):
        own = [row for row in rows if row["system_id"] == system and row["pairs"]]
        if number := sum(row["pairs"] for row in own):
            before = sum(row["pairs"] * row["mae_before"] for row in own) / number
            after = sum(row["pairs"] * row["mae_after"] for row in own) / number
            found.append(SystemErrors(system, number, round(before, 3), round(after, 3), _margin(own)))
    return found


def _margin(dates: Sequence[Record]) -> float | None:
    """Half of the 95 % interval of a mean change, from sums by game; games are drawn, not players."""
    games, pairs, squares, cross, changes = (
        sum(row.get(name) or 0 for row in dates)
        for name in ("paired_games", "pairs", "pairs_pairs", "pairs_changes", "changes_changes")
    )
    if games < LEAST_GAMES:
        return None
    mean = sum(row["pairs"] * (row["mae_after"] - row["mae_before"]) for row in dates) / pairs
    spread = changes - 2 * mean * cross + mean * mean * squares
    return round(float(NORMAL_95 * math.sqrt(max(0.0, spread) * games / (games - 1)) / pairs), 3)
