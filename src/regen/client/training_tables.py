"""What there is to learn from in the input tables."""

from __future__ import annotations

from datetime import date

from regen.client.reader import Reader, Record
from regen.client.wording import plain

GAMES, LINES = "training_games", "training_lines"


def rows_to_learn_from(reader: Reader, first: date, until: date) -> tuple[list[Record], list[Record]]:
    """Box scores and lines of the dates, two statements; columns that upstream lacks are null.

    Raises:
        WarehouseFailed: BigQuery says no, or nothing.
    """
    games, lines = (plain(reader.rows(name, first=first, until=until)) for name in (GAMES, LINES))
    return games, lines
