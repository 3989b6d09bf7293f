"""The views that SQL users read: what each shows, column by column, from `views.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from msgspec import Struct

from regen.schemas import Field, table


class View(Struct, frozen=True):
    """A view of the dataset `nba_predictions`.

    Attributes:
        columns_of: the table whose columns it has, if it has those of one.
    """

    name: str
    description: str
    fields: tuple[Field, ...]
    columns_of: str | None = None

    @property
    def statement(self) -> str:
        """The file that defines it, without `.sql`."""
        return f"{self.name}_view"


@cache
def views() -> tuple[View, ...]:
    """All views, in the order in which they are made."""
    declared = json.loads((resources.files(__package__) / "views.json").read_text(encoding="utf-8"))
    return tuple(_view(name, row) for name, row in declared.items())


def _view(name: str, row: Mapping[str, Any]) -> View:
    source = row.get("columns_of")
    fields = table(source).fields if source else tuple(Field(**field) for field in row["fields"])
    return View(name, row["description"], fields, source)
