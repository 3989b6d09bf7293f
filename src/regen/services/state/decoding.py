"""How a record is read: what a newer version wrote in another form is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from regen.domain.errors import Unreadable
from regen.ports import Snapshot
from regen.services.state.paths import id_of

SCHEMA = 1
"""The form of documents and messages that this version writes; one without `schema` is of form 1.

Fields may be added without another number: who does not know them keeps them. A higher number says that who does not
know it must leave the record alone.
"""


def check_schema(data: Mapping[str, Any], where: str) -> None:
    """Leave alone what a newer version wrote in another form.

    Raises:
        Unreadable: its `schema` is higher than this version knows, or no whole number.
    """
    schema = data.get("schema", 1)
    if type(schema) is not int:
        raise Unreadable(f"{where}: schema: expected a whole number, got {schema!r:.60}")
    if schema > SCHEMA:
        raise Unreadable(f"{where}: of schema {schema}; this version knows {SCHEMA}")


@contextmanager
def decoding(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """The fields of a document; whatever goes wrong with them in the block is Unreadable, with its path."""
    check_schema(snapshot.data, snapshot.path)
    try:
        yield dict(snapshot.data)
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{snapshot.path}: {type(error).__name__}: {error}") from error


def check_name(snapshot: Snapshot, name: str) -> None:
    if name != id_of(snapshot):
        raise ValueError(f"the document says that it is {name}")
