"""Columns of upstream's tables that may be missing; a missing one is read as null."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from regen.adapters.bigquery.refusals import BrokenStatement
from regen.adapters.bigquery.slate import CONTEXT, FEATURES, GAMES
from regen.domain.errors import StatementRefused
from regen.schemas import table
from regen.sql import Names

T = TypeVar("T")
Lists = tuple[tuple[str, str], ...]

READ = {
    "context_columns": ("upcoming_player_game_context", CONTEXT),
    "feature_columns": ("ml_feature_store_v2", FEATURES),
    "game_columns": ("player_game_summary", GAMES),
}
SQL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
"""The SQL names of schema types, where they differ."""


class Columns:
    """The lists of columns to read. The tables are inspected only after a statement has failed."""

    def __init__(self, columns_of: Callable[[str], Iterable[str]], names: Names) -> None:
        """Ask nothing yet.

        Args:
            columns_of: the names of a table's columns.
        """
        self.columns_of = columns_of
        self._names = names
        self._lists: Lists = _lists({})

    def tolerating(self, query: Callable[[Lists], T]) -> T:
        """Run the query; if a column is missing, run it once more with null instead."""
        try:
            return query(self._lists)
        except (BrokenStatement, StatementRefused):
            missing = {name: self._missing(name, columns) for name, columns in READ.values()}
            if _lists(missing) == self._lists:
                raise
            self._lists = _lists(missing)
        return query(self._lists)

    def _missing(self, name: str, columns: tuple[str, ...]) -> frozenset[str]:
        return frozenset(columns).difference(self.columns_of(self._names.table(name)))


def _lists(missing: dict[str, frozenset[str]]) -> Lists:
    return tuple(
        (place, ", ".join(_column(name, column, missing.get(name, frozenset())) for column in columns))
        for place, (name, columns) in READ.items()
    )


def _column(name: str, column: str, missing: frozenset[str]) -> str:
    kind = table(name).field(column).type
    return f"CAST(NULL AS {SQL_TYPES.get(kind, kind)}) AS {column}" if column in missing else f"{column} AS {column}"
