"""Values between Python and the evaluator: what the schema files load, what the client sends, what it would answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2 as kinds
from zetasql.wasi._pb2.zetasql.public import value_pb2

from googlesql.types import Type

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMERIC = 10**9


def value(given: Any, kind: Type) -> Any:
    """A value as the evaluator takes it; None is NULL, but a list that is not there is empty."""
    made = value_pb2.ValueProto()
    if kind.type_kind == kinds.TYPE_ARRAY:
        made.array_value.SetInParent()
        made.array_value.element.extend(value(item, kind.array_type.element_type) for item in given or ())
    elif given is None:
        return made
    elif kind.type_kind == kinds.TYPE_STRUCT:
        made.struct_value.SetInParent()
        made.struct_value.field.extend(value(given[f.field_name], f.field_type) for f in kind.struct_type.field)
    elif kind.type_kind == kinds.TYPE_TIMESTAMP:
        micros = (_moment(given) - EPOCH) // timedelta(microseconds=1)
        made.timestamp_value.seconds, made.timestamp_value.nanos = micros // 10**6, micros % 10**6 * 1000
    else:
        name, convert = _SCALARS[kind.type_kind]
        setattr(made, name, convert(given))
    return made


def plain(given: Any, kind: Type) -> Any:  # noqa: PLR0911 - one for each kind
    """A value as the client answers it."""
    which = given.WhichOneof("value")
    if which is None:
        return None
    if kind.type_kind == kinds.TYPE_ARRAY:
        return [plain(item, kind.array_type.element_type) for item in given.array_value.element]
    if kind.type_kind == kinds.TYPE_STRUCT:
        parts = zip(given.struct_value.field, kind.struct_type.field, strict=True)
        return {f.field_name: plain(part, f.field_type) for part, f in parts}
    if kind.type_kind == kinds.TYPE_TIMESTAMP:
        stamp = given.timestamp_value
        return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    found = getattr(given, which)
    if kind.type_kind == kinds.TYPE_NUMERIC:
        return Decimal(int.from_bytes(found, "little", signed=True)) / NUMERIC
    if kind.type_kind == kinds.TYPE_DATE:
        return EPOCH.date() + timedelta(days=found)
    return json.loads(found) if kind.type_kind == kinds.TYPE_JSON else found


def sent(given: Mapping[str, Any], kind: Type) -> Any:
    """The value of a parameter, from the `parameterValue` that the client puts into the request."""
    if kind.type_kind == kinds.TYPE_ARRAY:
        return [sent(item, kind.array_type.element_type) for item in given.get("arrayValues", ())]
    if kind.type_kind == kinds.TYPE_STRUCT:
        return {f.field_name: sent(given["structValues"][f.field_name], f.field_type) for f in kind.struct_type.field}
    return given.get("value")


def _numeric(given: Any) -> bytes:
    number = int((Decimal(repr(given) if isinstance(given, float) else given) * NUMERIC).to_integral_value())
    return number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)


def _days(given: Any) -> int:
    return ((date.fromisoformat(given) if isinstance(given, str) else given) - EPOCH.date()).days


def _moment(given: Any) -> datetime:
    found = datetime.fromisoformat(given.replace(" UTC", "+00:00")) if isinstance(given, str) else given
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bool(given: Any) -> bool:
    return given if isinstance(given, bool) else str(given).lower() == "true"


_SCALARS: Mapping[int, tuple[str, Callable[[Any], Any]]] = {
    kinds.TYPE_STRING: ("string_value", str),
    kinds.TYPE_INT64: ("int64_value", int),
    kinds.TYPE_DOUBLE: ("double_value", float),
    kinds.TYPE_BOOL: ("bool_value", _bool),
    kinds.TYPE_NUMERIC: ("numeric_value", _numeric),
    kinds.TYPE_DATE: ("date_value", _days),
    kinds.TYPE_JSON: ("json_value", json.dumps),
}
