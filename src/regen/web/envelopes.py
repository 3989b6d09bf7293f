"""The push envelope of Pub/Sub and the change event of Firestore, as they come in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from regen.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message that was pushed.

    Attributes:
        data: its JSON object.
        delivery_attempt: None where the platform does not count (the emulator; no dead letter policy).
        error: what is wrong with the data, if it is not a JSON object; the message is then to be recorded, not retried.
    """

    message_id: str
    data: Mapping[str, Any]
    attributes: Mapping[str, str]
    subscription: str
    delivery_attempt: int | None
    error: str | None = None


def decode_push(body: bytes) -> Pushed:
    """Read an envelope.

    Raises:
        InvalidInput: it is no envelope at all.
    """
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("body", "a Pub/Sub push envelope") from error
    message = envelope.get("message") if isinstance(envelope, dict) else None
    if not isinstance(message, dict):
        raise InvalidInput("message", "an object with data, attributes and messageId")
    message_id = message.get("messageId") or message.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise InvalidInput("message.messageId", "a message id")
    attributes = message.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise InvalidInput("message.attributes", "an object")
    attempt = envelope.get("deliveryAttempt")
    data, problem = _data(message.get("data"))
    return Pushed(
        message_id=message_id,
        data=data,
        attributes={str(k): str(v) for k, v in attributes.items()},
        subscription=str(envelope.get("subscription", "")),
        delivery_attempt=attempt if isinstance(attempt, int) else None,
        error=problem,
    )


def _data(encoded: object) -> tuple[Mapping[str, Any], str | None]:
    if not isinstance(encoded, str) or not encoded:
        return {}, "message.data: expected a base64 JSON object"
    try:
        value = json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return {}, "message.data: expected a base64 JSON object"
    if not isinstance(value, dict):
        return {}, "message.data: expected a base64 JSON object"
    return value, None


def changed_document(headers: Mapping[str, str]) -> list[str]:
    """The path of the document that a Firestore change event names, in segments.

    Raises:
        InvalidInput: the request carries no such event.
    """
    name = headers.get("ce-document") or headers.get("ce-subject", "").removeprefix("documents/")
    if not name:
        raise InvalidInput("ce-document", "a CloudEvent of a Firestore document")
    return [unquote(part) for part in name.split("/")]
