"""Fields of a later version: add them at every level of a record, find them again, and ignore them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MARK = "of_a_later_version"
BY_NAME = frozenset({"external_systems", "models"})
"""Maps from names to texts: they are no records, and no version adds a field to them."""


def marked(value: Any) -> Any:
    """Copy a value with one more field in each of its records."""
    if isinstance(value, Mapping):
        return {**value, MARK: 1}
    if isinstance(value, list):
        return [_item(item) for item in value]
    return value


def _item(item: Any) -> Any:
    if isinstance(item, str) and item.startswith("{"):
        return json.dumps({**json.loads(item), MARK: 1})
    return {**item, MARK: 1} if isinstance(item, Mapping) else item


def places(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Yield every part of a record that may have more fields, with the place that identifies it."""
    yield ("", ""), data
    for name, value in data.items():
        if name in BY_NAME:
            continue
        if isinstance(value, Mapping):
            yield (name, ""), value
        for item in value if isinstance(value, list) else ():
            part = json.loads(item) if isinstance(item, str) and item.startswith("{") else item
            if isinstance(part, Mapping) and (own := _name(part)):
                yield (name, own), part


def _name(part: Mapping[str, Any]) -> str:
    if "trigger_id" in part:
        return str(part["trigger_id"])
    names = ("at", "from_", "to") if "from_" in part else ("batch_id",) if "batch_id" in part else ("game_date",)
    return " ".join(str(part.get(n, "")) for n in names)


def unmarked(value: Any) -> Any:
    """Copy a value without the fields of a later version."""
    if isinstance(value, Mapping):
        return {k: unmarked(v) for k, v in value.items() if k != MARK}
    return [unmarked(v) for v in value] if isinstance(value, list) else value
