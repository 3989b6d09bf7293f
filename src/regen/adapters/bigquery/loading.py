"""Loading the rows of an import into tables, in place of all rows of the same dates."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from google.cloud import bigquery

from regen.adapters.bigquery.errors import translated
from regen.adapters.bigquery.tables import schema_fields
from regen.schemas import table as schema_of
from regen.settings import number
from regen.sql import Names, render

BYTES = int(number("REGEN_MAXIMUM_BYTES_BILLED"))


class TableLoader:
    """Replaces whole dates of a table; for input tables and tests, never for predictions.

    Args:
        maximum_bytes_billed: of the statement that empties dates; BigQuery refuses one that would bill more.
    """

    def __init__(
        self, client: bigquery.Client, project: str, dataset_prefix: str = "", *, maximum_bytes_billed: int = BYTES
    ) -> None:
        self._client = client
        self._bytes = maximum_bytes_billed
        self._names = Names(project, dataset_prefix)
        self._filled: set[str] = set()

    def load(self, table: str, rows: Sequence[Mapping[str, Any]], *, replace_dates: Collection[date]) -> None:
        """Replace all rows of these dates by the given ones."""
        target = self._names.table(table)
        with translated():
            if replace_dates and self._has_rows(table, target):
                dates = bigquery.ArrayQueryParameter("dates", "DATE", sorted(replace_dates))
                config = bigquery.QueryJobConfig(query_parameters=[dates], maximum_bytes_billed=self._bytes)
                statement = render("replace_dates", self._names, lists=(("target", f"`{target}`"),))
                self._client.query(statement, job_config=config).result()
            if rows:
                self._append(table, target, rows)

    def _append(self, table: str, target: str, rows: Sequence[Mapping[str, Any]]) -> None:
        data = b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=schema_fields(schema_of(table).fields),
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        )
        job = self._client.load_table_from_file(io.BytesIO(data), target, size=len(data), job_config=config)
        job.result()
        self._filled.add(table)

    def _has_rows(self, table: str, target: str) -> bool:
        """Whether the table has rows. An empty one is spared the DELETE, which is slow even without rows."""
        if table in self._filled:
            return True
        return bool(self._client.get_table(target).num_rows)
