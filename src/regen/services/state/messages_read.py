"""How a message is read: what it names, whether this version knows its form, and whether it is regen's own.

Every publisher of a topic can write any attribute. A message is regen's own only if its event was noted in Firestore, with what
it says, in the commit that made it due; any other is a trigger, whatever its attributes. The wake of a backfill and a grade do
only what the records say is due, whichever publisher sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from regen.domain import ids
from regen.domain.errors import InvalidInput, Unreadable
from regen.ports import Write
from regen.services.state.alerting import alert_unreadable
from regen.services.state.decoding import SCHEMA, check_schema, is_newer
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_once
from regen.services.state.messages import fingerprint
from regen.services.state.paths import note_path

CARRIED = "carried"


class OwnEvent(Struct, frozen=True):
    """What a message of regen's own tells of: however often it is published, it is one event.

    Attributes:
        carried: it has been carried out; a copy has nothing to do.
    """

    event_id: str
    carried: bool
    note: Mapping[str, Any]


def request_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """The batch and request that a message of `prediction-request` names.

    Raises:
        InvalidInput: it names none.
    """
    return document_id(data, "batch_id"), document_id(data, "request_id")


def round_of(data: Mapping[str, Any]) -> int | None:
    """The round that a message names, if it does."""
    value = data.get("round")
    return value if type(value) is int else None


def verification_of(data: Mapping[str, Any]) -> tuple[str, int]:
    """The batch and round that a message of `prediction-verify` names.

    Raises:
        InvalidInput: it names none.
    """
    batch_id, round_ = document_id(data, "batch_id"), data.get("round")
    if not isinstance(round_, int) or isinstance(round_, bool):
        raise InvalidInput("round", "a whole number")
    return batch_id, round_


def mode_of(data: Mapping[str, Any]) -> str:
    """What a message of the triggers' topic asks for; empty if that is no text, which the reading of the trigger refuses."""
    mode = data.get("mode")
    return mode if isinstance(mode, str) else ""


def document_id(data: Mapping[str, Any], field: str) -> str:
    """The id that a message names.

    Raises:
        InvalidInput: it names none that could be ours.
    """
    value = data.get(field)
    if not ids.is_document_id(value):
        raise InvalidInput(field, "the id of a document")
    return value


def own_event(deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str]) -> OwnEvent | None:
    """The event of a message of regen's own; None for any other message. One read, or none.

    Where the note is broken the message is taken for a trigger, which loses nothing.

    Raises:
        Unreadable: a newer version wrote the note.
    """
    event = attributes.get("event_id")
    if not event:
        return None
    noted = deps.store.get(note_path(event))
    if noted is None:
        return None
    try:
        note = decode_once(noted)
    except Unreadable as error:
        alert_unreadable(deps, error)
        if is_newer(noted.data):
            raise
        return None
    return OwnEvent(event, note.answer == CARRIED, noted.data) if note.fingerprint == fingerprint(data) else None


def note_carried(deps: Deps, event: OwnEvent | None) -> None:
    """Note that an event has been carried out, so that a copy of its message costs one read."""
    if event is not None:
        deps.store.commit([Write("put", note_path(event.event_id), {**event.note, "answer": CARRIED})])


def follow_up_of(deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str]) -> str | None:
    """What a message follows, if it is a follow-up of regen's own."""
    after = attributes.get("follow_up")
    return after if after and own_event(deps, data, attributes) else None


def check_message(deps: Deps, data: Mapping[str, Any]) -> None:
    """Leave alone a message of regen's own of a newer form: it comes again, and a newer version takes it.

    Of a message that anyone may publish, `schema` is a field like any other.

    Raises:
        InvalidInput: its `schema` is no whole number, which no version writes.
        Unreadable: its `schema` is higher than this version knows; it has been alerted to.
    """
    if type(data.get("schema", SCHEMA)) is not int:
        raise InvalidInput("schema", "a whole number")
    try:
        check_schema(data, "message")
    except Unreadable as error:
        alert_unreadable(deps, error)
        raise
