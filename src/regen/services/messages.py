"""The messages of a batch. Each carries the trace that the batch was opened in, which no Firestore event hands on."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.batch import Batch
from regen.ports import Message
from regen.services.deps import REQUEST_TOPIC, TRACEPARENT, VERIFY_TOPIC, Deps


def publish_requests(deps: Deps, batch: Batch, request_ids: Sequence[str]) -> None:
    """One small message for each request."""
    if request_ids:
        data = [{"batch_id": batch.batch_id, "request_id": i, "round": batch.round} for i in request_ids]
        deps.queue.publish(REQUEST_TOPIC, [Message(d, carrier(batch)) for d in data])


def ask_to_verify(deps: Deps, batch: Batch) -> None:
    """Have the batch's round carried to its end."""
    data = {"batch_id": batch.batch_id, "round": batch.round}
    deps.queue.publish(VERIFY_TOPIC, [Message(data, carrier(batch))])


def carrier(batch: Batch) -> dict[str, str]:
    """The attributes that tie what follows from a message to the batch's trace."""
    return {TRACEPARENT: batch.traceparent} if batch.traceparent else {}
