"""The halt of the platform, on record in one document: who has given it, when and why."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from regen.domain.errors import Unreadable
from regen.ports import Snapshot, Write
from regen.services.state.decoding import decoding, encoded, is_newer
from regen.services.state.deps import Deps
from regen.services.state.paths import halt_path
from regen.services.state.stored import Stored


class Halt(Struct, frozen=True):
    """The record of the last halt or resumption.

    Attributes:
        halted: whether the platform is halted; False once it has been resumed.
        at: when that was ordered.
        by: the caller who ordered it.
    """

    halted: bool
    at: datetime
    by: str
    reason: str


_HALT = Stored(Halt)


def read_halt(deps: Deps) -> tuple[Halt | None, Snapshot | None]:
    """The record, with the version that a conditional write needs; None if no halt was ever given.

    Raises:
        Unreadable: this version cannot read it.
    """
    snapshot = deps.store.get(halt_path())
    return (None, None) if snapshot is None else (decode_halt(snapshot), snapshot)


def decode_halt(snapshot: Snapshot) -> Halt:
    """The halt, or the resumption, of the document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _HALT.stored(data)


def read_replaceable(deps: Deps) -> tuple[Halt | None, Snapshot | None]:
    """As `read_halt`, for an order: a broken record is None, with the version under which the order replaces it.

    Raises:
        Unreadable: a newer version wrote it.
    """
    snapshot = deps.store.get(halt_path())
    if snapshot is None:
        return None, None
    try:
        return decode_halt(snapshot), snapshot
    except Unreadable:
        if is_newer(snapshot.data):
            raise
        return None, snapshot


def standing(deps: Deps) -> Halt | None:
    """The halt in force, if there is one.

    Raises:
        Unreadable: this version cannot read the record.
    """
    record, _ = read_halt(deps)
    return record if record and record.halted else None


def closed(deps: Deps) -> str | None:
    """Why no batch is opened: a halt, or a record of it that cannot be read; None if the platform runs."""
    try:
        halt = standing(deps)
    except Unreadable as error:
        return f"the record of the halt cannot be read: {error}"
    return f"the platform is halted: {halt.reason}" if halt else None


def unchanged(halt: Halt, seen: Snapshot | None) -> Write:
    """A write that makes a commit fail if the halt has ended, or begun anew, since it was read."""
    return halt_write(halt, seen)


def halt_write(halt: Halt, seen: Snapshot | None) -> Write:
    """The conditional write of a halt or a resumption."""
    if seen is None:
        return Write("create", halt_path(), encoded(halt))
    return Write("update", halt_path(), encoded(halt), seen.version)
