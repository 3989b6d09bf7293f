"""Shortcuts for the BigQuery emulator, applied by its launcher inside its own environment.

Each function of `PATCHES` is one patch, written so that the emulator's author could take it over: what is wrong, where, and
the mended behaviour. `WRITTEN_FOR` has the code that each was written for. tests/integration/test_emulator_patches.py names the
patches that another version no longer needs.

For every table that a statement names, the emulator asks DuckDB's catalog functions, which list all tables of all
databases each time: 25 ms a name, two thirds of the time of a promotion. DuckLake's own metadata and the table itself give
the same answers for a tenth of that. A job keeps these answers until it runs DDL. Nothing else is changed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import duckdb  # type: ignore[import-not-found,unused-ignore]
from local_bigquery.catalog import metadata, tables
from local_bigquery.engine import database, types
from local_bigquery.jobs import query
from local_bigquery.models import Table
from local_bigquery.sql.rules import partitions

_job = threading.local()
"""`answers`: what the catalogue has answered the job that this thread runs, by question; absent outside jobs."""

_FIND = """
SELECT t.table_name, 'TABLE', coalesce(max(c.record_count), 0)::BIGINT
FROM {meta}.ducklake_table AS t
JOIN {meta}.ducklake_schema AS s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN {meta}.ducklake_table_stats AS c ON c.table_id = t.table_id
WHERE t.end_snapshot IS NULL AND s.schema_name = $1 AND t.table_name = $2
GROUP BY t.table_name
UNION ALL
SELECT v.view_name, 'VIEW', 0
FROM {meta}.ducklake_view AS v
JOIN {meta}.ducklake_schema AS s ON s.schema_id = v.schema_id AND s.end_snapshot IS NULL
WHERE v.end_snapshot IS NULL AND s.schema_name = $1 AND v.view_name = $2
"""


def find_one_table() -> None:
    """Look one table up in DuckLake's own metadata.

    Wrong: `duckdb_tables()` and `duckdb_views()` list all tables of all databases, then filter: 25 ms a name.
    Where: `local_bigquery.engine.database.objects`.
    Mended: a question about one table asks for its row alone; a question about a dataset is asked as before.
    """
    _replace(database.objects, _objects(database.objects))


def read_columns_of_one_table() -> None:
    """Read a table's columns from the table.

    Wrong: `duckdb_columns()` lists the columns of all tables of all databases to find which of one are required.
    Where: `local_bigquery.catalog.tables.columns`.
    Mended: DESCRIBE of the table says the same.
    """
    _replace(tables.columns, _columns)


def remember_answers_of_a_job() -> None:
    """Ask the catalogue once a job.

    Wrong: each statement of a script, and each name in it, asks for the same tables again.
    Where: `local_bigquery.jobs.query.execute`, which runs a job; `.catalog.metadata.load`, `.engine.database.objects` and
    `.catalog.tables.columns`, which ask.
    Mended: a job keeps the answers until it runs DDL.
    """
    _replace(database.objects, _once_a_job(database.objects))
    _replace(tables.columns, _once_a_job(tables.columns))
    metadata.load = _loaded(metadata.load)
    query.execute = _as_a_job(query.execute)
    query._ddl = _forgetting(query._ddl)  # noqa: SLF001


def know_no_hidden_column() -> None:
    """Spare each table the question whether it has a hidden column.

    Wrong: tables partitioned by the time of ingestion have one, and every other table is asked as well.
    Where: `local_bigquery.sql.rules.partitions._hidden`.
    Mended: regen has no such table, so the answer is no. This one is regen's own; it cannot go to the author as it is.
    """
    _replace(partitions._hidden, lambda table: False)  # noqa: ARG005, SLF001


def _as_a_job(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        _job.answers = {}
        try:
            return original(*given, **named)
        finally:
            _job.__dict__.pop("answers", None)

    return execute


def _once_a_job(original: Callable[..., Any]) -> Callable[..., Any]:
    def asked(*given: Any) -> Any:  # noqa: ANN401
        answers: dict[Any, Any] | None = getattr(_job, "answers", None)
        if answers is None or tables.RESULTS in given:
            return original(*given)
        key = (original, *given)
        if key not in answers:
            answers[key] = original(*given)
        return answers[key]

    return asked


def _loaded(original: Callable[..., Any]) -> Callable[..., Any]:
    once = _once_a_job(original)

    def load(model: Any, *keys: str) -> Any:  # noqa: ANN401
        return once(model, *keys) if model is Table else original(model, *keys)

    return load


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    """A statement that changes the form of tables: what comes after it asks again."""

    def ddl(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        _job.__dict__.pop("answers", None)
        return original(*given, **named)

    return ddl


def _replace(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("local_bigquery"):
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)


def _objects(original: Callable[..., list[tuple[str, str, int]]]) -> Callable[..., list[tuple[str, str, int]]]:
    def objects(project_id: str, dataset_id: str, table_id: str | None = None) -> list[tuple[str, str, int]]:
        if table_id is None:
            return original(project_id, dataset_id, None)
        if project_id == "emulator":
            return [(table_id, "TABLE", 0)] if _exists(project_id, dataset_id, table_id) else []
        if project_id not in database._attached:  # noqa: SLF001
            return original(project_id, dataset_id, table_id)
        meta = database.quote(f"__ducklake_metadata_{project_id}")
        found: list[tuple[str, str, int]] = database.fetch(_FIND.format(meta=meta), [dataset_id, table_id])
        return found

    return objects


def _exists(*path: str) -> bool:
    try:
        database.fetch(f"SELECT 1 FROM {database.quote(*path)} LIMIT 0")  # noqa: S608
    except duckdb.CatalogException:
        return False
    return True


def _columns(project_id: str, dataset_id: str, table_id: str) -> list[Any]:
    table = tables.name(project_id, dataset_id, table_id)
    with database.cursor() as cursor:
        try:
            relation = cursor.sql(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608
            described = cursor.execute(f"DESCRIBE {table}").fetchall()
        except duckdb.CatalogException:
            raise tables.not_found("Table", tables.names.label(project_id, dataset_id, table_id)) from None
        required = {name for name, _, nullable, *_ in described if nullable == "NO"}
        return [
            types.field(column, kind, column in required)
            for column, kind in zip(relation.columns, relation.types, strict=True)
            if column != tables.INGESTION_TIME or dataset_id == tables.RESULTS
        ]


PATCHES: tuple[Callable[[], None], ...] = (
    find_one_table,
    read_columns_of_one_table,
    remember_answers_of_a_job,
    know_no_hidden_column,
)
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "find_one_table": {"local_bigquery.engine.database.objects": "93ffb02e2e984b75"},
    "read_columns_of_one_table": {"local_bigquery.catalog.tables.columns": "d13ca80500848bc5"},
    "remember_answers_of_a_job": {
        "local_bigquery.catalog.metadata.load": "b217f4a22a7089fb",
        "local_bigquery.jobs.query.execute": "4ac0c989b055f261",
        "local_bigquery.jobs.query._ddl": "b279c7789fa4c828",
    },
    "know_no_hidden_column": {"local_bigquery.sql.rules.partitions._hidden": "55d4da1b1265afd0"},
}
"""The start of the SHA-256 of each function's source, by patch."""
