"""The halt of the platform, on record in one document: who has given it, when and why."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from regen.ports import Snapshot, Write
from regen.services.state.decoding import decoding, encoded
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
    if snapshot is None:
        return None, None
    with decoding(snapshot) as data:
        return _HALT.stored(data), snapshot


def standing(deps: Deps) -> Halt | None:
    """The halt in force, if there is one."""
    record, _ = read_halt(deps)
    return record if record and record.halted else None


def unchanged(halt: Halt, seen: Snapshot | None) -> Write:
    """A write that makes a commit fail if the halt has ended, or begun anew, since it was read."""
    return halt_write(halt, seen)


def halt_write(halt: Halt, seen: Snapshot | None) -> Write:
    """The conditional write of a halt or a resumption."""
    if seen is None:
        return Write("create", halt_path(), encoded(halt))
    return Write("update", halt_path(), encoded(halt), seen.version)
