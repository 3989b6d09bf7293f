"""Reading of the schema files."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from msgspec import Struct

TYPES = frozenset({"STRING", "INTEGER", "FLOAT", "NUMERIC", "BOOLEAN", "DATE", "TIMESTAMP", "JSON"})
MODES = frozenset({"REQUIRED", "NULLABLE", "REPEATED"})


class Field(Struct, frozen=True):
    """A column."""

    name: str
    type: str
    mode: str
    description: str

    def __post_init__(self) -> None:
        if self.type not in TYPES or self.mode not in MODES:
            raise ValueError(f"{self.name}: no such type or mode: {self.type} {self.mode}")


class Partition(Struct, frozen=True):
    """The partition column and its granularity. No table expires its partitions."""

    field: str
    type: str


class Table(Struct, frozen=True):
    """A table, from its schema file.

    Attributes:
        owner: `regen`, or `upstream` for a table that upstream fills and Terraform does not manage.
        made_again: why it needs no backup; None for a table whose rows cannot be made again, of which a snapshot is taken.
    """

    dataset: str
    name: str
    description: str
    partition: Partition | None
    cluster: tuple[str, ...]
    require_partition_filter: bool
    owner: str
    made_again: str | None
    fields: tuple[Field, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> Field:
        """One column; KeyError if no column has that name."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name}.{name}")


def parse(text: str) -> Table:
    """One schema file."""
    data: dict[str, Any] = json.loads(text)
    fields = tuple(Field(**field) for field in data["fields"])
    names = [field.name for field in fields]
    partition = Partition(**data["partition"]) if data["partition"] else None
    used = [*data["cluster"], *([partition.field] if partition else [])]
    if len(names) != len(set(names)) or not set(used) <= set(names):
        raise ValueError(f"{data['table']}: columns are not unique, or the partition or cluster names none of them")
    return Table(
        dataset=data["dataset"],
        name=data["table"],
        description=data["description"],
        partition=partition,
        cluster=tuple(data["cluster"]),
        require_partition_filter=data["require_partition_filter"],
        owner=data["owner"],
        made_again=data.get("made_again"),
        fields=fields,
    )


@cache
def table(name: str) -> Table:
    """The table of that name.

    Raises:
        KeyError: no file describes it.
    """
    file = resources.files(__package__) / f"{name}.json"
    if not file.is_file():
        raise KeyError(name)
    return parse(file.read_text(encoding="utf-8"))


@cache
def tables() -> tuple[Table, ...]:
    """All tables, by name."""
    files = (file.name for file in resources.files(__package__).iterdir())
    return tuple(table(name.removesuffix(".json")) for name in sorted(files) if name.endswith(".json"))
