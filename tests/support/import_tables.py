"""Tables that keep what an import brings, by table and date, and tell what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from regen.data.importer import TABLES, Part
from regen.data.input_rows import Row


class Tables:
    """Keeps what was loaded, by table and date."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, list[Row]]] = {name: {} for name in TABLES}
        self.loads = 0

    def replace(self, parts: Sequence[Part]) -> None:
        self.loads += 1
        for part in parts:
            dates = {day.isoformat() for day in part.dates}
            assert {row["game_date"] for row in part.rows} <= dates
            for day in dates:
                self.kept[part.table][day] = [row for row in part.rows if row["game_date"] == day]

    def held(self, table: str, dates: Collection[date]) -> int:
        return sum(len(self.kept[table].get(day.isoformat(), ())) for day in dates)

    def rows(
        self, table: str, days: date | Sequence[str] | None = None, dates: Collection[date] | None = None
    ) -> list[Mapping[str, Any]]:
        """All rows, those of one date, or, as an import asks for them, those of some dates."""
        if dates is not None:
            wanted = {day.isoformat() for day in dates}
        else:
            wanted = {days.isoformat()} if isinstance(days, date) else set(self.kept[table])
        return [row for kept, rows in sorted(self.kept[table].items()) if kept in wanted for row in rows]
