"""Encoding and decoding of every Firestore record, in one place (decision 0001).

Data from outside (metadata, verdicts with names in them) is stored as JSON text: Firestore refuses arrays in arrays and
some keys, and user data must never become a field path (I-13).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from regen.api.forms import Form
from regen.domain.alert_record import AlertRecord
from regen.domain.backfill import Backfill
from regen.domain.batch import Batch
from regen.domain.news_deciding import NewsRecord
from regen.domain.outcome import OutcomeKind
from regen.domain.slate import Exclusion
from regen.domain.trigger import Trigger
from regen.domain.values import asdict
from regen.ports import Snapshot
from regen.services.state.decoding import HELD, SCHEMA, check_name, decoding, encoded
from regen.services.state.stored import Stored
from regen.settings import limits, number

_JSON_FIELDS = ("metadata", "verdict", "command")
_TRIGGERS = ("coalesced", "carried")
CHALLENGED = "challengers"
OUTBOX_KINDS = ("audit", "message", "alert")


class Promoted(Struct, frozen=True):
    """A past promotion of a date.

    Attributes:
        slate_players: number of players on the slate of a whole-slate batch; None for a filtered one.
    """

    batch_id: str
    opened_at: datetime
    at: datetime
    slate_players: int | None = None


class DateRecord(Struct, frozen=True):
    """`game_dates/{game_date}`.

    Attributes:
        live: id of the batch that holds the date.
        coalesced: triggers that wait for the follow-up.
        carried: triggers of the live batch, kept in case its record is lost.
        promoted: promotions in force, oldest first; a rollback removes that of its batch.
        parked: whether triggers of it wait for the resumption of a halted platform.
        withdrawn: what operators have withdrawn: later batches leave it out, too. Without a player, all of a game.
    """

    game_date: date
    live: str | None = None
    coalesced: tuple[Trigger, ...] = ()
    promoted: tuple[Promoted, ...] = ()
    carried: tuple[Trigger, ...] = ()
    withdrawn: tuple[Exclusion, ...] = ()
    parked: bool = False


class RequestRecord(Struct, frozen=True):
    """`prediction_batches/{batch_id}/requests/{request_id}`: a group of players and their outcomes.

    Attributes:
        opening: id of the opening that wrote it. The request counts only if the batch lists that id (`Batch.openings`).
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


class LeaseRecord(Struct, frozen=True):
    """`leases/{name}`; `token` grows whenever the lease is taken."""

    owner: str
    token: int
    expires_at: datetime


class OutboxItem(Struct, frozen=True):
    """`outbox/{event_id}`: an effect that must follow a commit at least once. The id makes repetitions harmless.

    Attributes:
        kind: `audit`, `message` or `alert`.
        due_at: the earliest time at which it may be carried out.
        payload: an audit row's fields; or topic, data and attributes; or an alert.
        published: whether an alert is on its topic; it is then kept for the webhook, which has refused it `attempts` times.
        error: the lasting error with which it has been refused since `failing_since`; None without one.
    """

    event_id: str
    kind: str
    due_at: datetime
    batch_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    failing_since: datetime | None = None
    published: bool = False
    attempts: int = 0


class OnceRecord(Struct, frozen=True):
    """`idempotency/{id}`: an answered key, a claimed event, a note on a message, or a period of denials.

    Attributes:
        key: the idempotency key, or the id of the event.
        fingerprint: of the key's request body, or of the message; otherwise the kind of the record.
        answer: the answer to the key, or the progress of the event.
    """

    key: str
    fingerprint: str
    answer: str
    expires_at: datetime


class RhythmRecord(Struct, frozen=True):
    """`news_events/rhythm`: the last scan for news, and the tip-offs that it saw."""

    last: datetime
    tips: tuple[datetime, ...] = ()


_BATCH = Stored(Batch)
_TRIGGER = Stored(Trigger)
_DATE = Stored(DateRecord)
_REQUEST = Stored(RequestRecord)
_OUTBOX = Stored(OutboxItem)
_ALERT = Stored(AlertRecord)
_LEASE = Stored(LeaseRecord)
_EXCLUSIONS = Form(list[Exclusion])
_BACKFILL = Stored(Backfill)
_ONCE = Stored(OnceRecord)
_NEWS = Stored(NewsRecord)
_RHYTHM = Stored(RhythmRecord)


def encode_batch(batch: Batch) -> dict[str, Any]:
    """The document of a batch."""
    document = encoded(batch, HELD if batch.hold else SCHEMA)
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
        # A batch that an older version opened lacks the limits of checks that were added later.
        thresholds = {**limits(), **data.get("thresholds", {})}
        batch = _BATCH.stored({"min_minutes": number("REGEN_MIN_MINUTES"), **data, "thresholds": thresholds})
        check_name(snapshot, batch.batch_id)
        if not batch.openings:
            raise ValueError("openings: expected the name of a round's requests, got none")
        return batch


def encode_date(record: DateRecord) -> dict[str, Any]:
    """The document of a date; triggers as JSON text (they carry metadata from outside)."""
    waiting = [trigger for name in _TRIGGERS for trigger in getattr(record, name)]
    document = encoded(record, HELD if any(trigger.hold for trigger in waiting) else SCHEMA)
    for name in _TRIGGERS:
        document[name] = [msgspec.json.encode(t).decode() for t in getattr(record, name)]
    return document


def decode_date(snapshot: Snapshot | None, game_date: date) -> DateRecord:
    """The record of a date; an unknown date has an empty one.

    Raises:
        Unreadable: this version cannot read it.
    """
    if snapshot is None:
        return DateRecord(game_date)
    with decoding(snapshot) as data:
        for name in _TRIGGERS:
            data[name] = [_TRIGGER.json(t) for t in data.get(name, [])]
        record = _DATE.stored(data)
        check_name(snapshot, record.game_date.isoformat())
        return record


def encode_request(record: RequestRecord) -> dict[str, Any]:
    """The document of a request."""
    return encoded(record)


def decode_request(snapshot: Snapshot) -> RequestRecord:
    """The request of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        request = _REQUEST.stored(data)
        check_name(snapshot, request.request_id)
        if request.state not in {"pending", "done"} or (request.state == "done" and request.outcomes is None):
            raise ValueError(f"state: expected pending, or done with outcomes, got {request.state}")
        return request


def holds_inputs(data: Mapping[str, Any], openings: Collection[str]) -> bool:
    """Whether rows may rest on a request's inputs: a broken one and one of a redrive that never opened its round have none."""
    is_sound = type(data.get("round")) is int and isinstance(data.get("inputs"), bytes)
    return is_sound and data.get("opening") in openings


def encode_done(packed: bytes, kinds: Sequence[OutcomeKind], attempts: int, at: datetime) -> dict[str, Any]:
    """The fields that end a request: its outcomes, packed, and the number of each kind."""
    return {
        "state": "done",
        "outcomes": packed,
        "produced": kinds.count(OutcomeKind.PRODUCED),
        "skipped": kinds.count(OutcomeKind.SKIPPED),
        "failed": kinds.count(OutcomeKind.FAILED),
        "attempts": attempts,
        "done_at": at,
    }


def encode_challenged(packed: bytes) -> dict[str, Any]:
    """The field with what challengers predicted, which is no part of the request: broken, it costs their rows alone."""
    return {CHALLENGED: packed}


def encode_exclusions(part: Sequence[Exclusion], expires_at: datetime) -> dict[str, Any]:
    """The document of some of a batch's excluded players."""
    return {"players": msgspec.json.encode(part), "expires_at": expires_at}


def decode_exclusions(snapshot: Snapshot) -> list[Exclusion]:
    """The excluded players of a document; none if it is broken."""
    try:
        return _EXCLUSIONS.json(snapshot.data["players"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return []


def encode_outbox(item: OutboxItem) -> dict[str, Any]:
    """The document of an outbox item."""
    document = encoded(item)
    document["payload"] = msgspec.json.encode(item.payload).decode()
    return document


def decode_outbox(snapshot: Snapshot) -> OutboxItem:
    """The outbox item of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        item = _OUTBOX.stored({**data, "payload": json.loads(data["payload"])})
        check_name(snapshot, item.event_id)
        if item.kind not in OUTBOX_KINDS:
            raise ValueError(f"kind: expected one of {', '.join(OUTBOX_KINDS)}, got {item.kind:.60}")
        return item


def encode_lease(record: LeaseRecord) -> dict[str, Any]:
    """The document of a lease."""
    return encoded(record)


def decode_lease(snapshot: Snapshot) -> LeaseRecord:
    """The lease of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        record = _LEASE.stored(data)
        if record.token < 0:
            raise ValueError(f"token: expected a whole number from 0, got {record.token}")
        return record


def encode_once(record: OnceRecord) -> dict[str, Any]:
    """The document of an answered key, a claim, a note or a period of denials."""
    return asdict(record)


def decode_once(snapshot: Snapshot) -> OnceRecord:
    """The answered key, claim, note or period of denials of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _ONCE.stored(data)


def encode_alert(record: AlertRecord) -> dict[str, Any]:
    """The document of an alert."""
    return encoded(record)


def decode_alert(snapshot: Snapshot) -> AlertRecord:
    """The alert of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _ALERT.stored(data)


def encode_heartbeat(code_version: str, at: datetime, more: Mapping[str, str | int]) -> dict[str, Any]:
    """The document of a heartbeat."""
    return {"code_version": code_version, "at": at, **more}


def encode_backfill(backfill: Backfill) -> dict[str, Any]:
    """The document of a backfill; data from outside is JSON text."""
    document = encoded(backfill)
    return {**document, "metadata": json.dumps(document["metadata"]), "live": backfill.unsettled}


def decode_backfill(snapshot: Snapshot) -> Backfill:
    """The backfill of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        backfill = _BACKFILL.stored({**data, "metadata": json.loads(data["metadata"])})
        check_name(snapshot, backfill.backfill_id)
        return backfill


def encode_news(record: NewsRecord) -> dict[str, Any]:
    """The document of a game's news."""
    return encoded(record)


def decode_news(snapshot: Snapshot) -> NewsRecord:
    """The news of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _NEWS.stored(data)


def encode_rhythm(record: RhythmRecord) -> dict[str, Any]:
    """The document of the last scan for news."""
    return encoded(record)


def decode_rhythm(snapshot: Snapshot) -> RhythmRecord:
    """The last scan of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _RHYTHM.stored(data)
