"""Shortcuts for how the BigQuery emulator runs a job, applied by its launcher inside its own environment.

Each function of `PATCHES` is one patch, written so that the emulator's author could take it over: what is wrong, where, and
the mended behaviour. `WRITTEN_FOR` has the code that each was written for. tests/integration/test_emulator_patches.py names the
patches that another version no longer needs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.jobs import query

_TEMPORARY = "SELECT table_name FROM duckdb_tables() WHERE temporary"
_NONE = "SELECT NULL::VARCHAR AS table_name LIMIT 0"


def skip_pandas() -> None:
    """Spare DuckDB the search for pandas.

    Wrong: DuckDB looks for pandas at each parameter of each statement, on the disk if it is not installed.
    Where: DuckDB's conversion of parameters; seen through `local_bigquery.engine.database.fetch`.
    Mended: Python knows at once that there is no pandas.
    """
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def use_one_thread() -> None:
    """Run each statement in one thread.

    Wrong: a statement over small tables that is shared out among threads takes longer and costs more CPU.
    Where: `local_bigquery.engine.database._connect`.
    Mended: `SET threads = 1` on the connection.
    """
    original = database._connect  # noqa: SLF001

    @functools.cache
    def connect() -> Any:  # noqa: ANN401
        connection = original.__wrapped__()
        connection.execute("SET threads = 1")
        return connection

    database._connect = connect  # noqa: SLF001


def run_a_query_once() -> None:
    """Run a query with parameters once.

    Wrong: DuckDB's `sql` plans a query without parameters, and runs one that has some. The emulator asks it twice for the names and types
    of the result, then runs the query into its table: three runs of each query.
    Where: `local_bigquery.catalog.tables.write` and `local_bigquery.engine.results.materialise`.
    Mended: names and types are those of the query's first no rows.
    """
    tables.write = _describing(tables.write)


def know_no_temporary_table() -> None:
    """Spare a job that begins the question which temporary tables it has.

    Wrong: `duckdb_tables()` lists all tables of all databases, a quarter of what a small job takes. A job outside a session has
    a cursor of its own, which has no temporary table yet.
    Where: `local_bigquery.jobs.query.execute`.
    Mended: such a job gets the answer that there is none.
    """
    query.execute = _beginning(query.execute)


def _describing(original: Callable[..., bool]) -> Callable[..., bool]:
    def write(cur: Any, query: str, params: Any, *given: Any, **named: Any) -> bool:  # noqa: ANN401
        described = _Asking(cur, query, f"SELECT * FROM ({query}) LIMIT 0") if params else cur  # noqa: S608
        return original(described, query, params, *given, **named)

    return write


def _beginning(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(cur: Any, *given: Any, session: Any = None, **named: Any) -> Any:  # noqa: ANN401
        begun = cur if session else _Asking(cur, _TEMPORARY, _NONE)
        return original(begun, *given, session=session, **named)

    return execute


class _Asking:
    """A cursor that, asked for what one statement would give, plans another one in its place."""

    def __init__(self, cursor: Any, text: str, instead: str) -> None:  # noqa: ANN401
        self._cursor, self._text, self._instead = cursor, text, instead

    def sql(self, text: str, **named: Any) -> Any:  # noqa: ANN401
        return self._cursor.sql(self._instead if text == self._text else text, **named)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._cursor, name)


PATCHES: tuple[Callable[[], None], ...] = (
    skip_pandas,
    use_one_thread,
    run_a_query_once,
    know_no_temporary_table,
)
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "skip_pandas": {},
    "use_one_thread": {"local_bigquery.engine.database._connect": "85e5e6307c1a9cda"},
    "run_a_query_once": {
        "local_bigquery.catalog.tables.write": "0d3fd9ae70a5c5f6",
        "local_bigquery.engine.results.materialise": "8b4196ad107af84b",
    },
    "know_no_temporary_table": {"local_bigquery.jobs.query.execute": "4ac0c989b055f261"},
}
"""The start of the SHA-256 of each function's source, by patch."""
