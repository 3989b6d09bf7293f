"""Named parameters of the statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.cloud import bigquery

from regen.adapters.bigquery.columns import SQL_TYPES
from regen.adapters.bigquery.wire import kind_of
from regen.domain.audit import AuditEntry
from regen.domain.texts import storable
from regen.schemas import normalise_value, table
from regen.sql.lists import AUDIT, QUALITY, audit_columns, quality_columns

_TYPES = {**SQL_TYPES, "JSON": "STRING"}

Parameter = bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter


def scalars(values: Mapping[str, Any]) -> list[Parameter]:
    """Parameters whose types follow from their values."""
    return [bigquery.ScalarQueryParameter(name, kind_of(value), value) for name, value in values.items()]


def entries(acts: Sequence[AuditEntry]) -> bigquery.ArrayQueryParameter:
    """Audit entries as an array of structs, in the types of the audit table."""
    return _structs("entries", AUDIT, audit_columns(), map(audit_row, acts))


def figures(rows: Sequence[Mapping[str, Any]]) -> bigquery.ArrayQueryParameter:
    """Rows of live quality as an array of structs, in the types of their table."""
    return _structs("figures", QUALITY, quality_columns(), rows)


def _structs(
    parameter: str, table_name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> bigquery.ArrayQueryParameter:
    """Rows of a table as an array of structs with these columns."""
    kinds = {name: table(table_name).field(name).type for name in columns}
    structs = [
        bigquery.StructQueryParameter(None, *(_typed(name, kind, row[name]) for name, kind in kinds.items()))
        for row in rows
    ]
    return bigquery.ArrayQueryParameter(parameter, "STRUCT", structs)


def _typed(name: str, kind: str, value: Any) -> bigquery.ScalarQueryParameter:  # noqa: ANN401 - as the column has it
    """A value of a column; JSON is sent as its text."""
    if kind == "JSON" and value is not None:
        value = json.dumps(value, separators=(",", ":"))
    return bigquery.ScalarQueryParameter(name, _TYPES.get(kind, kind), value)


def audit_row(act: AuditEntry) -> dict[str, Any]:
    """The row of an entry, checked against the table's schema; nulls included."""
    seconds = (act.finished_at - act.started_at).total_seconds() if act.started_at and act.finished_at else None
    row = {
        "regeneration_timestamp": act.at,
        "processing_time_seconds": seconds,
        # Names and errors may come from upstream: `storable` makes sure that the entry can be written.
        **{name: storable(getattr(act, name)) for name in audit_columns() if hasattr(act, name)},
    }
    return {name: normalise_value(AUDIT, table(AUDIT).field(name), row.get(name)) for name in audit_columns()}
