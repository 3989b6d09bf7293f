"""Shortcuts for the BigQuery emulator, applied by its launcher, inside its own environment.

For every table that a statement names, the emulator asks DuckDB's catalog functions, which list all tables of all
databases each time: 25 ms a name, two thirds of the time of a promotion. DuckLake's own metadata and the table itself give
the same answers for a tenth of that. A job keeps these answers until it runs DDL. The translation of a statement is kept
for as long as its tables have the same columns. Nothing else is changed.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

import duckdb  # type: ignore[import-not-found,unused-ignore]
from local_bigquery.catalog import metadata, tables
from local_bigquery.engine import database, types
from local_bigquery.jobs import query
from local_bigquery.models import Table
from local_bigquery.sql import translate
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.rules import partitions
from sqlglot import exp  # type: ignore[import-not-found,unused-ignore]

_job = threading.local()
"""`answers`: what the catalogue has answered the job that this thread runs, by question; absent outside jobs."""
_KEPT = (exp.Query, exp.Insert, exp.Update, exp.Delete)
"""Statements whose translations are kept: none of them changes what later ones mean."""
_UNLIKE = ("@@", "?", "SYSTEM_TIME", "EXTERNAL_QUERY", "INFORMATION_SCHEMA")
"""What a translation depends on beside its text and its tables, if it has one of these."""
_MOST = 2000

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


def apply() -> None:
    """Put the shortcuts in place, wherever the emulator's modules hold the originals."""
    # DuckDB looks for pandas at each parameter of each statement, on the disk if it is not installed.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
    database._connect = _in_one_thread(database._connect)  # noqa: SLF001
    _replace(database.objects, _once_a_job(_objects(database.objects)))
    _replace(tables.columns, _once_a_job(_columns))
    metadata.load = _loaded(metadata.load)
    query.execute = _as_a_job(query.execute)
    query._ddl = _forgetting(query._ddl)  # noqa: SLF001
    _replace(translate.translate, _keeping(translate.translate))
    # Tables partitioned by the time of ingestion have a hidden column; regen has none such.
    _replace(partitions._hidden, lambda table: False)  # noqa: ARG005, SLF001


def _in_one_thread(original: Any) -> Any:  # noqa: ANN401
    """The tables are small: a statement that is shared out among threads takes longer and costs more."""

    @functools.cache
    def connect() -> Any:  # noqa: ANN401
        connection = original.__wrapped__()
        connection.execute("SET threads = 1")
        return connection

    return connect


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


def _keeping(original: Callable[..., tuple[str, dict[str, Any]]]) -> Callable[..., tuple[str, dict[str, Any]]]:
    """Translate, or give what came of the same text for tables of the same form."""
    kept: dict[Any, tuple[str, list[str], set[Any], Any]] = {}

    def translated(tree: Any, context: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
        text = tree.sql(dialect=BigQueryDialect) if isinstance(tree, _KEPT) else None
        if text is None or any(word in text for word in _UNLIKE):
            return original(tree, context)
        key = (
            text,
            context.project_id,
            context.dataset_id,
            tuple(sorted(context.parameters.items())),
            tuple(sorted(context.values)),
            tuple(sorted(context.variables.items())),
            tuple(sorted(context.temporary)),
            repr(context.functions),
        )
        if (found := kept.get(key)) is not None:
            sql, used, named, form = found
            if form == _form(named):
                context.referenced |= named
                return sql, {name: context.values[name] for name in used}
        before, context.referenced = context.referenced, set()
        try:
            sql, bound = original(tree, context)
            named = set(context.referenced)
        finally:
            context.referenced |= before
        if len(kept) >= _MOST:
            kept.clear()
        kept[key] = (sql, list(bound), named, _form(named))
        return sql, bound

    return translated


def _form(named: set[Any]) -> list[Any]:
    """What the tables of a statement look like now; an error if one is not there."""
    return [(path, tables.columns(*path)) for path in sorted(tables.physical(*reference) for reference in named)]


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
