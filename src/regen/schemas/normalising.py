"""Checking of rows and conversion to their tables' types, before anything is written (I-30, I-36).

A normalised row consists of JSON values and can be loaded: dates are text, decimals have at most nine digits, there is no
NaN and no null in a list, every REQUIRED column is filled, and every column exists in the table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from regen.domain.errors import InvalidInput
from regen.domain.texts import is_int64
from regen.schemas.tables import Field, Table

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMERIC = 10**29


def normalise(table: Table, row: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One row in the types of its table; nulls are left out.

    Args:
        without: columns that the transaction fills: they must be missing.

    Raises:
        InvalidInput: names the table and the column.
    """
    result: dict[str, Any] = {}
    for field in table.fields:
        if field.name in without:
            if row.get(field.name) is not None:
                raise InvalidInput(f"{table.name}.{field.name}", "nothing: the transaction fills it")
            continue
        value = normalise_value(table.name, field, row.get(field.name))
        if value is not None:
            result[field.name] = value
    known = table.columns
    for name in row:
        if name not in known:
            raise InvalidInput(f"{table.name}.{name}", "a column of the table")
    return result


def normalise_value(table: str, field: Field, value: Any) -> Any:  # noqa: ANN401
    """One value in the type of its column, or None."""
    where = f"{table}.{field.name}"
    if field.mode == "REPEATED":
        if value is None:
            return []
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            raise InvalidInput(where, "a list")
        return [
            _scalar(f"{where}[{i}]", field.type, item, "a value: lists hold no nulls") for i, item in enumerate(value)
        ]
    if value is None and field.mode == "NULLABLE":
        return None
    return _scalar(where, field.type, value, "a value: the column is required")


def _scalar(where: str, kind: str, value: Any, missing: str) -> Any:  # noqa: ANN401
    if value is None:
        raise InvalidInput(where, missing)
    return _CONVERSIONS[kind](where, value)


def _string(where: str, value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise InvalidInput(where, f"text, not {type(value).__name__}")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise InvalidInput(where, "text without NUL and lone surrogates")
    return str(value)


def _integer(where: str, value: Any) -> int:  # noqa: ANN401
    if not isinstance(value, bool) and isinstance(value, Integral) and is_int64(int(value)):
        return int(value)
    raise InvalidInput(where, f"a 64-bit integer, not {type(value).__name__}")


def _float(where: str, value: Any) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, Real | Decimal) or not math.isfinite(value):
        raise InvalidInput(where, "a finite number")
    return float(value)


def _numeric(where: str, value: Any) -> float:  # noqa: ANN401
    number = round(_float(where, value), 9)
    if abs(number) >= _NUMERIC:
        raise InvalidInput(where, "a number of at most 29 digits")
    return number


def _boolean(where: str, value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise InvalidInput(where, f"true or false, not {type(value).__name__}")
    return value


def _date(where: str, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise InvalidInput(where, "a date, YYYY-MM-DD")


def _timestamp(where: str, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidInput(where, "a timestamp, ISO 8601") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidInput(where, "a timestamp with a time zone")
    return value.astimezone(UTC).isoformat()


def _json(where: str, value: Any) -> Any:  # noqa: ANN401
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _integer(where, value)
    if isinstance(value, str):
        return _string(where, value)
    if isinstance(value, float):
        return _float(where, value)
    if isinstance(value, Mapping):
        return {_string(where, key): _json(f"{where}.{key}", item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_json(f"{where}[{i}]", item) for i, item in enumerate(value)]
    raise InvalidInput(where, f"JSON, not {type(value).__name__}")


_CONVERSIONS: Mapping[str, Callable[[str, Any], Any]] = {
    "STRING": _string,
    "INTEGER": _integer,
    "FLOAT": _float,
    "NUMERIC": _numeric,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIMESTAMP": _timestamp,
    "JSON": _json,
}
