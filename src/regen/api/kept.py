"""The objects of the archive: the inputs of a batch's rows, and the artefacts that rows name, with their names.

An object's name ends in the hash of its content. It is written once and never changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from regen.api.forms import Form
from regen.domain.errors import Unreadable

SCHEMA = 1
ARTEFACTS = "artefacts/"
"""What the names of artefacts begin with."""


class KeptRequest(msgspec.Struct, frozen=True):
    """One request of a batch.

    Attributes:
        inputs: as `pack_inputs` makes them; the bytes of the request's document.
    """

    request_id: str
    players: tuple[str, ...]
    inputs: bytes


class KeptInputs(msgspec.Struct, frozen=True):
    """Requests of one round of a batch."""

    batch_id: str
    game_date: date
    round: int
    requests: tuple[KeptRequest, ...]
    schema: int = SCHEMA


_KEPT = Form(KeptInputs)


def folder_of(game_date: date, batch_id: str) -> str:
    """What the names of a batch's objects begin with."""
    return f"inputs/{game_date.isoformat()}/{batch_id}/"


def artefact_name(artefact_hash: str) -> str:
    """The name of the object that holds an artefact."""
    return f"{ARTEFACTS}{artefact_hash}.json"


def packed(batch_id: str, game_date: date, round_: int, requests: Sequence[KeptRequest]) -> tuple[str, bytes]:
    """The name and the content of the object that keeps these requests."""
    content = msgspec.msgpack.encode(KeptInputs(batch_id, game_date, round_, tuple(requests)))
    return f"{folder_of(game_date, batch_id)}r{round_}-{_hash(content)}.msgpack", content


def unpacked(name: str, content: bytes) -> KeptInputs:
    """Read an object.

    Raises:
        Unreadable: its content is another than when it was written, or is of a newer schema.
    """
    if not name.endswith(f"-{_hash(content)}.msgpack"):
        raise Unreadable(f"{name}: the content does not have the hash in its name")
    try:
        found = _KEPT.msgpack(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"{name}: {error}") from error
    if found.schema > SCHEMA:
        raise Unreadable(f"{name}: schema {found.schema}; this version reads up to {SCHEMA}")
    return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
