"""Parameters and rows as BigQuery's REST interface has them.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from regen.adapters.bigquery.refusals import SERVICE, BrokenStatement

Record = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(value: object) -> str:
    """The type of a parameter, as it follows from its value."""
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, int):
        return "INT64"
    if isinstance(value, datetime):
        return "TIMESTAMP"
    if isinstance(value, date):
        return "DATE"
    return "STRING"


def parameter(name: str, value: object) -> Record:
    """A named parameter; its type follows from its value."""
    return {"name": name, "parameterType": {"type": kind_of(value)}, "parameterValue": {"value": _written(value)}}


def _written(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def rows(fields: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Rows with the values that the official client gives them.

    Args:
        fields: of the answer's schema.
        found: the answer's rows; moments in microseconds (`useInt64Timestamp`).

    Raises:
        BrokenStatement: a column has a type that no statement of regen selects.
    """
    columns = [(field["name"], _reader(field)) for field in fields]
    return [{name: read(cell["v"]) for (name, read), cell in zip(columns, row["f"], strict=True)} for row in found]


def _reader(field: Mapping[str, Any]) -> Callable[[Any], Any]:
    """What reads the values of a column."""
    single = _single(field)
    if field.get("mode") == "REPEATED":
        return lambda values: [single(value["v"]) for value in values]
    return lambda value: None if value is None else single(value)


def _single(field: Mapping[str, Any]) -> Callable[[Any], Any]:
    kind = field["type"]
    if kind in {"RECORD", "STRUCT"}:
        return lambda value: rows(field["fields"], [value])[0]
    if kind not in _SINGLE:
        raise BrokenStatement(f"column {field['name']}: {kind} is not read here").of(SERVICE)
    return _SINGLE[kind]


def moment(microseconds: int) -> datetime:
    """The moment so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _flag(text: object) -> bool:
    return str(text).lower() == "true"


_SINGLE: Mapping[str, Callable[[Any], Any]] = {
    "STRING": str,
    "INTEGER": int,
    "INT64": int,
    "FLOAT": float,
    "FLOAT64": float,
    "NUMERIC": Decimal,
    "BOOLEAN": _flag,
    "BOOL": _flag,
    "DATE": date.fromisoformat,
    "TIMESTAMP": lambda value: moment(int(value)),
    "JSON": json.loads,
}
