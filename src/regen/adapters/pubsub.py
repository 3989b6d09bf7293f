"""The port `Queue` on Pub/Sub: messages are published in batches, before the call returns."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence

import grpc
from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from regen.domain.errors import AccessDenied, InvalidInput, RateLimited, Unavailable
from regen.ports import Message

SERVICE = "Pub/Sub"
MAX_MESSAGES = 1000
MAX_BYTES = 9_000_000
TIMEOUT_SECONDS = 30.0
_RETRY = Retry(
    predicate=lambda e: isinstance(e, api.ServiceUnavailable | api.InternalServerError | api.DeadlineExceeded),
    initial=0.1,
    maximum=5.0,
    timeout=TIMEOUT_SECONDS,
)


def publisher() -> PublisherClient:
    """A client, of the emulator if `PUBSUB_EMULATOR_HOST` is set (this client does not read that variable itself)."""
    host = os.environ.get("PUBSUB_EMULATOR_HOST")
    if not host:
        return PublisherClient()
    transport = PublisherGrpcTransport(channel=grpc.insecure_channel(host))
    return PublisherClient(transport=transport)


class PubSubQueue:
    """Publishes with the plain client: no background thread holds a message when the instance goes to sleep.

    Attributes:
        messages: number of messages published, for the bill.
        bytes: size of their data and attributes.
        requests: number of publish calls.
    """

    def __init__(self, client: PublisherClient, project: str) -> None:
        self._client = client
        self._project = project
        self._count = threading.Lock()
        self.messages = 0
        self.bytes = 0
        self.requests = 0

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        path = f"projects/{self._project}/topics/{topic}"
        encoded = [
            PubsubMessage(data=json.dumps(m.data, separators=(",", ":")).encode(), attributes=dict(m.attributes))
            for m in messages
        ]
        for chunk, size in _chunks(encoded):
            try:
                self._client.publish(topic=path, messages=chunk, retry=_RETRY, timeout=TIMEOUT_SECONDS)
            except api.TooManyRequests as error:
                raise RateLimited(f"Pub/Sub: {error.message}").of(SERVICE) from error
            except (api.Forbidden, api.Unauthorized) as error:
                raise AccessDenied(f"Pub/Sub topic {topic}: {error.message}").of(SERVICE) from error
            except (api.NotFound, api.BadRequest) as error:
                # A missing topic is a deployment's fault, found at the first message: loud, and retried (I-57).
                raise Unavailable(f"Pub/Sub topic {topic}: {error.message}").of(SERVICE) from error
            except (api.GoogleAPICallError, api.RetryError, ConnectionError) as error:
                raise Unavailable(f"Pub/Sub: {error}").of(SERVICE) from error
            with self._count:
                self.messages += len(chunk)
                self.bytes += size
                self.requests += 1


def _chunks(messages: Sequence[PubsubMessage]) -> Iterator[tuple[list[PubsubMessage], int]]:
    chunk: list[PubsubMessage] = []
    size = 0
    for message in messages:
        weight = len(message.data) + sum(len(k) + len(v) for k, v in message.attributes.items())
        if weight > MAX_BYTES:
            raise InvalidInput("message", "at most 9 MB")
        if chunk and (len(chunk) == MAX_MESSAGES or size + weight > MAX_BYTES):
            yield chunk, size
            chunk, size = [], 0
        chunk.append(message)
        size += weight
    if chunk:
        yield chunk, size
