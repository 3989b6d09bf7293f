"""The order of a list by one of its columns, and its values as CSV has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regen.cli.tables import Column
from regen.client.errors import Misused
from regen.domain.nearest import nearest, the_nearest


def sorted_by(wanted: str, shape: Sequence[Column], records: Sequence[Mapping[str, object]]) -> list[int]:
    """The places of the records in order of a column, named by its head or key; unknown values come last.

    Args:
        wanted: a `-` before the name reverses the order.

    Raises:
        Misused: there is no such column; the nearest are named.
    """
    name = wanted.removeprefix("-")
    by_name = {**{c.key: c.key for c in shape}, **{c.head: c.key for c in shape}}
    if name not in by_name:
        heads = ", ".join(c.head for c in shape)
        raise Misused(f"--sort-by: no column {name}{the_nearest(nearest(name, by_name))}; known: {heads}")
    key = by_name[name]
    known = [n for n, record in enumerate(records) if record.get(key) is not None]
    unknown = [n for n, record in enumerate(records) if record.get(key) is None]
    known.sort(key=lambda n: _rank(records[n][key]), reverse=wanted.startswith("-"))
    return [*known, *unknown]


def _rank(value: Any) -> tuple[bool, float, str]:  # noqa: ANN401 - any value of a record
    """Numbers before texts; lists by their length."""
    if isinstance(value, int | float):
        return False, float(value), ""
    if isinstance(value, list | tuple):
        return False, float(len(value)), ""
    return True, 0.0, str(value)


def place(value: Any) -> Any:  # noqa: ANN401
    """A value as it stands in CSV."""
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else value
