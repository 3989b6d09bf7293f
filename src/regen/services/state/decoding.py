"""Writing and reading of records; those that a newer version wrote in another form are refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from regen.domain.errors import Unreadable
from regen.ports import Snapshot
from regen.services.state.paths import id_of

log = logging.getLogger(__name__)
T = TypeVar("T")
SCHEMA = 1
"""The schema number of most documents and messages; a record without `schema` has number 1.

New fields need no new number: a version that does not know them keeps them. A version that does not know a record's
number must leave the record alone.
"""
HELD = 2
"""The schema number of a record that asks for a hold: a version that does not know `hold` would promote the batch."""
KNOWN = HELD
"""The highest schema number that this version knows."""


def encoded(record: object, schema: int = SCHEMA) -> dict[str, Any]:
    """The fields of a record's document, with the lowest schema number whose readers treat it rightly."""
    fields: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(datetime, bytes))
    fields["schema"] = schema
    return fields


def check_schema(data: Mapping[str, Any], where: str) -> None:
    """Refuse a record that a newer version wrote in another form.

    Raises:
        Unreadable: its `schema` is higher than this version knows, or not a whole number.
    """
    schema = data.get("schema", 1)
    if type(schema) is not int:
        raise Unreadable(f"{where}: schema: expected a whole number, got {schema!r:.60}")
    if schema > KNOWN:
        raise Unreadable(f"{where}: of schema {schema}; this version knows {KNOWN}")


def is_newer(data: Mapping[str, Any]) -> bool:
    """Whether a newer version wrote it in a form that this one does not know: only that version may change it.

    A record whose `schema` is no number is broken, not newer.
    """
    schema = data.get("schema", 1)
    return isinstance(schema, int | float) and schema > KNOWN


@contextmanager
def decoding(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """The fields of a document; an error in the block becomes Unreadable, with the document's path."""
    check_schema(snapshot.data, snapshot.path)
    try:
        yield dict(snapshot.data)
    except Exception as error:
        # Whatever a record holds, it is that record's trouble alone.
        raise Unreadable(f"{snapshot.path}: {type(error).__name__}: {error}") from error


def readable(
    found: Iterable[Snapshot], decode: Callable[[Snapshot], T], unreadable: Callable[[Unreadable], object]
) -> Iterator[tuple[Snapshot, T]]:
    """Decode each document on its own: one that this version cannot read holds up no other, and is left as it is.

    Args:
        unreadable: gets the error of each document that cannot be read.
    """
    for snapshot in found:
        try:
            record = decode(snapshot)
        except Unreadable as error:
            unreadable(error)
        else:
            yield snapshot, record


def left_out(error: Unreadable) -> None:
    """Log a record that cannot be read, and that the sweep alerts to."""
    log.warning("left out: %s", error)


def check_name(snapshot: Snapshot, name: str) -> None:
    if name != id_of(snapshot):
        raise ValueError(f"the document says that it is {name}")
