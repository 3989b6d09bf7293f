"""Loading rows of an import into tables: what is there of the dates goes, what was made of them comes, at once."""

from __future__ import annotations

import io
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec
from google.cloud import bigquery

from regen.adapters.bigquery.errors import translated
from regen.adapters.bigquery.tables import schema_fields
from regen.schemas import table as schema_of
from regen.settings import number
from regen.sql import Names, render

BYTES = int(number("REGEN_MAXIMUM_BYTES_BILLED"))
_JSON = msgspec.json.Encoder()
SLATES = "upcoming_player_game_context"
KEYS = {
    "upcoming_player_game_context": ("game_date", "game_id", "player_lookup"),
    "player_game_summary": ("game_date", "game_id", "player_lookup"),
    "player_prop_lines": ("game_date", "player_lookup", "bookmaker", "line"),
    "ml_feature_store_v2": ("game_date", "game_id", "player_lookup"),
    "pending_bdb_games": ("game_date", "game_id"),
}
"""Columns that tell the rows of an input table apart."""


class Part(Protocol):
    """What one table gets."""

    @property
    def table(self) -> str: ...

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def dates(self) -> Sequence[date]: ...


class TableLoader:
    """Replaces whole dates of tables; for input tables and tests, never for predictions.

    Args:
        token: goes into the names of staging tables.
        maximum_bytes_billed: of each statement; BigQuery refuses one that would bill more.
    """

    def __init__(
        self,
        client: bigquery.Client,
        project: str,
        dataset_prefix: str = "",
        token: str = "",
        *,
        maximum_bytes_billed: int = BYTES,
    ) -> None:
        self._client = client
        self._bytes = maximum_bytes_billed
        self._names = Names(project, dataset_prefix)
        self._token = token or uuid.uuid4().hex[:12]
        self._filled: dict[str, bool] = {}
        self._loaded: dict[str, set[date]] = {}

    def replace(self, parts: Sequence[Part]) -> None:
        """Put the rows of whole dates into tables in place of what these hold of them, or change nothing.

        Where no table has a row of them, rows are loaded as they are, the slate's last: without it no batch finds the date. Else
        they are staged, and one transaction does the rest.
        """
        with translated():
            if any(self._may_hold(part.table, part.dates) for part in parts):
                self._swap([part for part in parts if part.dates])
                return
            for part in sorted(parts, key=lambda part: part.table == SLATES):
                self._append(part.table, self._names.table(part.table), part.rows)
                self._loaded.setdefault(part.table, set()).update(part.dates)

    def load(self, table: str, rows: Sequence[Mapping[str, Any]], *, replace_dates: Collection[date]) -> None:
        """Put rows into one table in place of all that it holds of these dates."""
        target = self._names.table(table)
        with translated():
            if self._may_hold(table, replace_dates):
                self._query("replace_dates", table, replace_dates)
            self._append(table, target, rows)
            self._loaded.setdefault(table, set()).update(date.fromisoformat(str(row["game_date"])) for row in rows)

    def held(self, table: str, dates: Collection[date]) -> int:
        """How many rows of these dates a table has."""
        with translated():
            if not self._may_hold(table, dates):
                return 0
            (row,) = self._query("count_dates", table, dates)
            return int(row["number"])

    def rows(self, table: str, columns: Sequence[str], dates: Collection[date]) -> list[Mapping[str, Any]]:
        """The rows of these dates."""
        with translated():
            if not self._may_hold(table, dates):
                return []
            found = self._query("rows_of_dates", table, dates, (("columns", ", ".join(columns)),))
            return [dict(row.items()) for row in found]

    def _swap(self, parts: Sequence[Part]) -> None:
        staged = {part.table: self._names.staging(f"import_{self._token}_{part.table}") for part in parts}
        try:
            for part in parts:
                self._stage(part, staged[part.table])
            acts = [self._act(part.table, staged[part.table]) for part in parts]
            text = render("replace_days", self._names, lists=(("replacements", "\n\n".join(acts)),))
            dates = [bigquery.ArrayQueryParameter(f"dates_{p.table}", "DATE", sorted(p.dates)) for p in parts]
            self._run(text, dates)
        finally:
            for name in staged.values():
                self._client.delete_table(name, not_found_ok=True)

    def _stage(self, part: Part, name: str) -> None:
        self._client.delete_table(name, not_found_ok=True)
        self._client.create_table(bigquery.Table(name, schema=schema_fields(schema_of(part.table).fields)))
        self._append(part.table, name, part.rows)

    def _act(self, table: str, staged: str) -> str:
        """The statements that put what is staged into a table, in the columns that it has."""
        target = self._names.table(table)
        there = {field.name for field in self._client.get_table(target).schema}
        columns = [name for name in schema_of(table).columns if name in there or not there]
        keys = KEYS[table]
        places = {
            "target": f"`{target}`",
            "staged": f"`{staged}`",
            "dates": f"dates_{table}",
            "columns": ", ".join(columns),
            "fresh_columns": ", ".join(f"fresh.{name}" for name in columns),
            "assignments": ", ".join(f"{name} = fresh.{name}" for name in columns if name not in keys),
            "same": " AND ".join(f"kept.{name} = fresh.{name}" for name in keys),
        }
        return render("replace_rows", self._names, lists=tuple(places.items())).strip()

    def _query(
        self, name: str, table: str, dates: Collection[date], lists: tuple[tuple[str, str], ...] = ()
    ) -> Sequence[Any]:
        target = ("target", f"`{self._names.table(table)}`")
        given = [bigquery.ArrayQueryParameter("dates", "DATE", sorted(dates))]
        return self._run(render(name, self._names, lists=(target, *lists)), given)

    def _run(self, text: str, given: Sequence[bigquery.ArrayQueryParameter]) -> list[Any]:
        config = bigquery.QueryJobConfig(query_parameters=list(given), maximum_bytes_billed=self._bytes)
        return list(self._client.query(text, job_config=config).result())

    def _append(self, table: str, target: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        data = _JSON.encode_lines(rows)
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=schema_fields(schema_of(table).fields),
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        )
        self._client.load_table_from_file(io.BytesIO(data), target, size=len(data), job_config=config).result()

    def _may_hold(self, table: str, dates: Collection[date]) -> bool:
        """Whether a table can have rows of these dates; where it cannot, no statement is needed, which is slow for nothing."""
        if not dates:
            return False
        if table not in self._filled:
            self._filled[table] = bool(self._client.get_table(self._names.table(table)).num_rows)
        return self._filled[table] or not self._loaded.get(table, set()).isdisjoint(dates)
