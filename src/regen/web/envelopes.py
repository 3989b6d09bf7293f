"""The push envelope of Pub/Sub and the change event of Firestore, as they come in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from regen.api.openings import OpeningAnswer
from regen.domain import ids
from regen.domain.errors import InvalidInput
from regen.services.healing import malformed
from regen.services.state.deps import Deps
from regen.services.state.idempotency import IdempotencyKey
from regen.web.body_reading import PushBody, json_object

MAX_ID = 200
MAX_ATTRIBUTE = 1024
"""As Pub/Sub's own."""


class Pushed(Struct, frozen=True):
    """A message that was pushed.

    Attributes:
        data: its JSON object.
        delivery_attempt: None where the platform does not count (the emulator; no dead letter policy).
        error: what is wrong with the data, if it cannot be read; the message is then to be recorded, not retried.
    """

    message_id: str
    data: Mapping[str, Any]
    attributes: Mapping[str, str]
    subscription: str
    delivery_attempt: int | None
    error: InvalidInput | None = None


def decode_push(body: bytes) -> Pushed:
    """Read an envelope.

    Raises:
        InvalidInput: it is no envelope at all.
    """
    envelope = json_object(body, "body", "a Pub/Sub push envelope")
    message = envelope.get("message")
    if not isinstance(message, dict):
        raise InvalidInput("message", "an object with data, attributes and messageId")
    message_id = message.get("messageId") or message.get("message_id")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_ID:
        raise InvalidInput("message.messageId", "a message id")
    attributes = message.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise InvalidInput("message.attributes", "an object")
    attempt = envelope.get("deliveryAttempt")
    data, problem = _data(message.get("data"))
    return Pushed(
        message_id=message_id,
        data=data,
        attributes={k[:MAX_ATTRIBUTE]: str(v)[:MAX_ATTRIBUTE] for k, v in attributes.items()},
        subscription=str(envelope.get("subscription", ""))[:MAX_ATTRIBUTE],
        delivery_attempt=attempt if isinstance(attempt, int) else None,
        error=problem,
    )


def record_malformed(
    deps: Deps,
    body: PushBody,
    error: InvalidInput,
    caller: str,
    message: Pushed | None,
    answered: tuple[IdempotencyKey, OpeningAnswer] | None = None,
) -> None:
    """Leave on record what a push held that can never be understood; `answered` as in `malformed.record`."""
    message_id = message.message_id if message else body.message_id
    malformed.record(deps, body.kept, str(error), caller, message_id, answered)


def _data(encoded: object) -> tuple[Mapping[str, Any], InvalidInput | None]:
    try:
        if not isinstance(encoded, str) or not encoded:
            raise InvalidInput("message.data", "a base64 JSON object")
        return json_object(_decoded(encoded), "message.data", "a base64 JSON object"), None
    except InvalidInput as error:
        return {}, error


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput("message.data", "a base64 JSON object") from error


def changed_document(headers: Mapping[str, str], collection: str) -> str:
    """The id of the document of a collection that a Firestore change event names.

    Raises:
        InvalidInput: the request carries no such event.
    """
    name = headers.get("ce-document") or headers.get("ce-subject", "").removeprefix("documents/")
    if not name:
        raise InvalidInput("ce-document", "a CloudEvent of a Firestore document")
    parts = [unquote(part) for part in name.split("/")]
    if len(parts) != 2 or parts[0] != collection or not ids.is_document_id(parts[1]):
        raise InvalidInput("ce-document", f"{collection}/ and the id of a document")
    return parts[1]
