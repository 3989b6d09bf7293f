"""GoogleSQL's types: of the schema files' columns, and of the parameters that the client sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2 as kinds

from regen.schemas import Field

Type = Any
KINDS = {
    "STRING": kinds.TYPE_STRING,
    "INTEGER": kinds.TYPE_INT64,
    "INT64": kinds.TYPE_INT64,
    "FLOAT": kinds.TYPE_DOUBLE,
    "FLOAT64": kinds.TYPE_DOUBLE,
    "NUMERIC": kinds.TYPE_NUMERIC,
    "BOOLEAN": kinds.TYPE_BOOL,
    "BOOL": kinds.TYPE_BOOL,
    "DATE": kinds.TYPE_DATE,
    "TIMESTAMP": kinds.TYPE_TIMESTAMP,
    "JSON": kinds.TYPE_JSON,
}


def scalar(kind: str) -> Type:
    """A type by its name, in BigQuery's old words or its new ones."""
    return kinds.TypeProto(type_kind=KINDS[kind])


def array(element: Type) -> Type:
    result = kinds.TypeProto(type_kind=kinds.TYPE_ARRAY)
    result.array_type.element_type.CopyFrom(element)
    return result


def struct(fields: Mapping[str, Type]) -> Type:
    result = kinds.TypeProto(type_kind=kinds.TYPE_STRUCT)
    for name, kind in fields.items():
        result.struct_type.field.add(field_name=name, field_type=kind)
    return result


def column(field: Field) -> Type:
    """The type of a column of a schema file."""
    return array(scalar(field.type)) if field.mode == "REPEATED" else scalar(field.type)


def parameter(sent: Mapping[str, Any]) -> Type:
    """The type of a parameter, from the `parameterType` that the client puts into the request."""
    if sent["type"] == "ARRAY":
        return array(parameter(sent["arrayType"]))
    if sent["type"] in {"STRUCT", "RECORD"}:
        return struct({part["name"]: parameter(part["type"]) for part in sent["structTypes"]})
    return scalar(sent["type"])


def named(kind: Type) -> str:
    """The type in GoogleSQL's words."""
    if kind.type_kind == kinds.TYPE_ARRAY:
        return f"ARRAY<{named(kind.array_type.element_type)}>"
    if kind.type_kind == kinds.TYPE_STRUCT:
        return f"STRUCT<{', '.join(f'{f.field_name} {named(f.field_type)}' for f in kind.struct_type.field)}>"
    words = {kinds.TYPE_DOUBLE: "FLOAT64"}
    return str(words.get(kind.type_kind) or kinds.TypeKind.Name(kind.type_kind).removeprefix("TYPE_"))
