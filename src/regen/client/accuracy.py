"""How far predictions were off before and after their batches, once the games are played."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from regen.client.moves import MAIN_SYSTEM
from regen.client.reader import Reader, Record


class SystemErrors(Struct, frozen=True):
    """One system over all dates.

    Attributes:
        pairs: predictions that replaced one, of players who have played.
        before: mean absolute error of what they replaced; `after` their own.
    """

    system_id: str
    pairs: int
    before: float
    after: float


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
            found.append(SystemErrors(system, number, round(before, 3), round(after, 3)))
    return found
