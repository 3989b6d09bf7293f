"""Where each record lies in Firestore, and how it is written there.

What comes from outside (metadata, verdicts with names in them) is stored as JSON text: Firestore refuses arrays in
arrays and some keys, and no user data may become a field path (I-13).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from regen.domain.batch import Batch
from regen.domain.errors import Unreadable
from regen.domain.inputs import PlayerInputs
from regen.domain.outcome import Outcome
from regen.domain.trigger import Trigger
from regen.ports import Snapshot
from regen.services.forms import Form

BATCHES = "prediction_batches"
DATES = "game_dates"
LEASES = "leases"
IDEMPOTENCY = "idempotency"
OUTBOX = "outbox"
OUTBOX_DEAD = "outbox_dead"
BACKFILLS = "backfills"
HEARTBEATS = "heartbeats"

SCHEMA = 1
"""The form of documents and messages that this version writes; one without `schema` is of form 1.

Fields may be added without another number: who does not know them keeps them. A higher number says that who does not
know it must leave the record alone.
"""
_JSON_FIELDS = ("metadata", "verdict", "command")
_TRIGGERS = ("coalesced", "carried")


def batch_path(batch_id: str) -> str:
    """A batch."""
    return f"{BATCHES}/{batch_id}"


def requests_path(batch_id: str) -> str:
    """The collection of a batch's requests."""
    return f"{BATCHES}/{batch_id}/requests"


def request_path(batch_id: str, request_id: str) -> str:
    """One request."""
    return f"{BATCHES}/{batch_id}/requests/{request_id}"


def excluded_path(batch_id: str) -> str:
    """The collection of a batch's excluded players, in chunks."""
    return f"{BATCHES}/{batch_id}/excluded"


def date_path(game_date: date) -> str:
    """What is known of a game date."""
    return f"{DATES}/{game_date.isoformat()}"


def lease_path(name: str) -> str:
    """A lease; outside the path whose changes wake the verifier."""
    return f"{LEASES}/{name}"


def heartbeat_path(service: str) -> str:
    """The heartbeat of a function, or of the sweep."""
    return f"{HEARTBEATS}/{service}"


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion that a date has seen.

    Attributes:
        slate_players: everybody on the slate of a batch for the whole slate; None for a filtered one.
    """

    batch_id: str
    opened_at: datetime
    at: datetime
    slate_players: int | None = None


@dataclass(frozen=True, slots=True)
class DateRecord:
    """`game_dates/{game_date}`.

    Attributes:
        live: id of the batch that holds the date.
        coalesced: triggers that wait for the follow-up.
        carried: triggers of the live batch, so that they go on should its record be lost.
        promoted: promotions that stand, oldest first; a rollback takes its own away.
    """

    game_date: date
    live: str | None = None
    coalesced: tuple[Trigger, ...] = ()
    promoted: tuple[Promoted, ...] = ()
    carried: tuple[Trigger, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """`prediction_batches/{batch_id}/requests/{request_id}`: a group of players, and what became of them.

    Attributes:
        opening: names the act that wrote it; it counts if the batch knows that name (`Batch.openings`).
        state: `pending` or `done`.
        inputs: compressed list of PlayerInputs; players without usable inputs are in `outcomes` from the start.
        given: compressed outcomes that were known when the request was written (no feature row, broken rows).
        outcomes: compressed list of Outcome, one for each player, once done.
    """

    batch_id: str
    request_id: str
    round: int
    state: str
    players: tuple[str, ...]
    systems: tuple[str, ...]
    inputs: bytes
    created_at: datetime
    expires_at: datetime
    opening: str = ""
    given: bytes | None = None
    outcomes: bytes | None = None
    produced: int = 0
    skipped: int = 0
    failed: int = 0
    attempts: int = 0
    error: str | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """A player of a request whose inputs cannot be read, and why."""

    player_lookup: str
    why: str


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """`leases/{name}`; `token` grows with every taking."""

    owner: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """`outbox/{event_id}`: something that must follow a commit, at least once, carrying its own id.

    Attributes:
        kind: `audit`, `message` or `alert`.
        due_at: not before this.
        payload: an audit row's fields; or topic, data and attributes; or an alert.
        error: why it could not be carried out, if no retry can mend that, since `failing_since`.
    """

    event_id: str
    kind: str
    due_at: datetime
    batch_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    failing_since: datetime | None = None


_BATCH = Form(Batch)
_TRIGGER = Form(Trigger)
_DATE = Form(DateRecord)
_REQUEST = Form(RequestRecord)
_OUTBOX = Form(OutboxItem)
_LEASE = Form(LeaseRecord)
_PLAYER = Form(PlayerInputs)
_INPUTS = Form(list[PlayerInputs])
_OUTCOMES = Form(list[Outcome])


def encode_batch(batch: Batch) -> dict[str, Any]:
    """The document of a batch."""
    document = _document(batch)
    for name in _JSON_FIELDS:
        document[name] = json.dumps(document[name])
    document["live"] = batch.live
    return document


def decode_batch(snapshot: Snapshot) -> Batch:
    """The batch of a document; fields that a later version added are ignored.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        for name in _JSON_FIELDS:
            data[name] = json.loads(data[name])
        batch = _BATCH.convert(data)
        check_name(snapshot, batch.batch_id)
        return batch


def encode_date(record: DateRecord) -> dict[str, Any]:
    """The document of a date; triggers as JSON text (they carry metadata from outside)."""
    document = _document(record)
    for name in _TRIGGERS:
        document[name] = [msgspec.json.encode(t).decode() for t in getattr(record, name)]
    return document


def decode_date(snapshot: Snapshot | None, game_date: date) -> DateRecord:
    """The record of a date; a date never seen has an empty one.

    Raises:
        Unreadable: this version cannot read it.
    """
    if snapshot is None:
        return DateRecord(game_date)
    with decoding(snapshot) as data:
        for name in _TRIGGERS:
            data[name] = [_TRIGGER.json(t) for t in data.get(name, [])]
        record = _DATE.convert(data)
        check_name(snapshot, record.game_date.isoformat())
        return record


def encode_request(record: RequestRecord) -> dict[str, Any]:
    """The document of a request."""
    return _document(record)


def decode_request(snapshot: Snapshot) -> RequestRecord:
    """The request of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        request = _REQUEST.convert(data)
        check_name(snapshot, request.request_id)
        if request.state not in {"pending", "done"} or (request.state == "done" and request.outcomes is None):
            raise ValueError(f"state: expected pending, or done with outcomes, got {request.state}")
        return request


def encode_outbox(item: OutboxItem) -> dict[str, Any]:
    """The document of an outbox item."""
    document = _document(item)
    document["payload"] = msgspec.json.encode(item.payload).decode()
    return document


def decode_outbox(snapshot: Snapshot) -> OutboxItem:
    """The outbox item of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _OUTBOX.convert({**data, "payload": json.loads(data["payload"])})


def encode_lease(record: LeaseRecord) -> dict[str, Any]:
    """The document of a lease."""
    return _document(record)


def decode_lease(snapshot: Snapshot) -> LeaseRecord:
    """The lease of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _LEASE.convert(data)


def pack_inputs(inputs: Sequence[PlayerInputs]) -> bytes:
    """Players' inputs, compressed."""
    return zlib.compress(msgspec.msgpack.encode(inputs), 3)


def unpack_inputs(blob: bytes) -> list[PlayerInputs | Unfit]:
    """What `pack_inputs` packed, each player on his own.

    Raises:
        Unreadable: it is not a list of players.
    """
    try:
        packed = zlib.decompress(blob)
        try:
            return list(_INPUTS.msgpack(packed))
        except msgspec.ValidationError:
            return [_unpacked(raw) for raw in msgspec.msgpack.decode(packed, type=list[msgspec.Raw])]
    except (zlib.error, msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"inputs cannot be read: {error}") from error


def _unpacked(raw: msgspec.Raw) -> PlayerInputs | Unfit:
    try:
        return _PLAYER.msgpack(raw)
    except (msgspec.ValidationError, ValueError) as error:
        known = msgspec.msgpack.decode(raw)
        return Unfit(str(known.get("player_lookup")) if isinstance(known, dict) else "", f"inputs: {error}")


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Players' outcomes, compressed."""
    return zlib.compress(msgspec.msgpack.encode(outcomes), 3)


def unpack_outcomes(blob: bytes) -> list[Outcome]:
    """What `pack_outcomes` packed.

    Raises:
        Unreadable: it is anything else.
    """
    try:
        return _OUTCOMES.msgpack(zlib.decompress(blob))
    except (zlib.error, msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"outcomes cannot be read: {error}") from error


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


def id_of(snapshot: Snapshot) -> str:
    """The id of a document."""
    return snapshot.path.rpartition("/")[2]


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


def _document(value: object) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime, bytes))
    document["schema"] = SCHEMA
    return document
