"""The Firestore paths of all records."""

from __future__ import annotations

from datetime import date

from regen.domain import ids
from regen.ports import Snapshot

BATCHES = "prediction_batches"
DATES = "game_dates"
LEASES = "leases"
IDEMPOTENCY = "idempotency"
OUTBOX = "outbox"
OUTBOX_DEAD = "outbox_dead"
BACKFILLS = "backfills"
HEARTBEATS = "heartbeats"
NEWS = "news_events"
ALERTS = "alerts"
CONTROLS = "controls"


def batch_path(batch_id: str) -> str:
    """The path of a batch."""
    return f"{BATCHES}/{batch_id}"


def requests_path(batch_id: str) -> str:
    """The collection of a batch's requests."""
    return f"{BATCHES}/{batch_id}/requests"


def request_path(batch_id: str, request_id: str) -> str:
    """The path of a request."""
    return f"{BATCHES}/{batch_id}/requests/{request_id}"


def excluded_path(batch_id: str) -> str:
    """The collection of a batch's excluded players, in chunks."""
    return f"{BATCHES}/{batch_id}/excluded"


def date_path(game_date: date) -> str:
    """The path of a game date's record."""
    return f"{DATES}/{game_date.isoformat()}"


def lease_path(name: str) -> str:
    """The path of a lease, outside the collection whose changes wake the verifier."""
    return f"{LEASES}/{name}"


def backfill_path(backfill_id: str) -> str:
    """The path of a backfill."""
    return f"{BACKFILLS}/{backfill_id}"


def heartbeat_path(service: str) -> str:
    """The path of the heartbeat of a function, or of the sweep."""
    return f"{HEARTBEATS}/{service}"


def news_path(game_date: date, game_id: str) -> str:
    """The path of what the news watch knows of a game; upstream's id may have any form."""
    name = f"{game_date.isoformat()}_{game_id}"
    return f"{NEWS}/{name if ids.is_document_id(name) else ids.digest(name)}"


def rhythm_path() -> str:
    """The path of the news watch's last scan."""
    return f"{NEWS}/rhythm"


def halt_path() -> str:
    """The path of the record of the last halt or resumption."""
    return f"{CONTROLS}/halt"


def models_path() -> str:
    """The path of the record of the models in use."""
    return f"{CONTROLS}/models"


def claim_path(event_id: str) -> str:
    """The path of a claim's marker."""
    return f"{IDEMPOTENCY}/alert_{event_id}"


def note_path(event_id: str) -> str:
    """The path of the note that authenticates one of regen's own messages."""
    return f"{IDEMPOTENCY}/sent_{ids.digest(event_id)}"


def denial_path(service: str) -> str:
    """The path of a service's period of denials."""
    return f"{IDEMPOTENCY}/denied_{ids.digest(service)}"


def key_path(scope: str, key: str) -> str:
    """The path of the answer to an idempotency key."""
    return f"{IDEMPOTENCY}/{ids.digest(scope, key)}"


def outbox_path(event_id: str) -> str:
    """The path of an outbox item."""
    return f"{OUTBOX}/{event_id}"


def outbox_dead_path(event_id: str) -> str:
    """The path of an outbox item that was moved aside."""
    return f"{OUTBOX_DEAD}/{event_id}"


def alert_path(event_id: str) -> str:
    """The path of what is known of an alert."""
    return f"{ALERTS}/{event_id}"


def id_of(snapshot: Snapshot) -> str:
    """The id of a document."""
    return snapshot.path.rpartition("/")[2]
