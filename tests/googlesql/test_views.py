"""What `views.json` says of a view is what its query gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from zetasql.wasi._pb2.zetasql.public import type_pb2

from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import DEFINITION, filled
from googlesql.types import Type
from regen.sql.views import View, views

__all__ = ["analyser"]

SQL = Path(__file__).parents[2] / "src" / "regen" / "sql"
NAMES = {"INT64": "INTEGER", "DOUBLE": "FLOAT", "BOOL": "BOOLEAN"}


def said(kind: Type) -> tuple[str, bool]:
    """A type's name as schema files write it, and whether it repeats."""
    repeats = kind.type_kind == type_pb2.TYPE_ARRAY
    name = type_pb2.TypeKind.Name((kind.array_type.element_type if repeats else kind).type_kind).removeprefix("TYPE_")
    return NAMES.get(name, name), repeats


@pytest.mark.parametrize("view", views(), ids=lambda v: v.name)
def test_a_view_has_the_columns_that_it_declares(analyser: Analyser, view: View) -> None:
    text = filled((SQL / f"{view.statement}.sql").read_text())
    definition = DEFINITION.match(text)
    assert definition
    found = {name: said(kind) for name, kind in analyser._columns(text[definition.end() :], {}).items()}
    assert found == {field.name: (field.type, field.mode == "REPEATED") for field in view.fields}


def test_every_view_is_declared_and_every_column_described() -> None:
    files = {file.stem for file in SQL.glob("*_view.sql")}
    assert files == {view.statement for view in views()}
    assert all(field.description for view in views() for field in view.fields)
