"""Completion is a fact: no request of the round is pending (P4)."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.batch import WAITING, Batch, Status
from regen.domain.errors import NoSuchBatch
from regen.ports import Condition, Write
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.messages import ask_to_verify
from regen.services.state.paths import requests_path


def pending_in(batch: Batch) -> list[Condition]:
    """The pending requests of the round that the batch is in."""
    return [("state", "==", "pending"), ("opening", "==", batch.openings[-1])]


def check_completion(deps: Deps, batch: Batch) -> bool:
    """Mark the batch complete if none of the round's requests is pending.

    Returns:
        Whether the batch no longer waits for outcomes.
    """
    if deps.store.find(requests_path(batch.batch_id), pending_in(batch), limit=1, fields=["state"]):
        return False

    def decide() -> tuple[Sequence[Write], bool]:
        seen = read_batch(deps, batch.batch_id)
        if seen.batch.status not in WAITING or seen.batch.round != batch.round:
            return [], True
        complete = seen.batch.moved(Status.COMPLETE, "no request is pending", deps.clock.now())
        return [seen.update(complete)], True

    return until_committed(deps, decide)


def batch_changed(deps: Deps, batch_id: str) -> bool:
    """Handle a change event: read the batch, ignore the payload, and ask for its verification if it is complete."""
    try:
        batch = read_batch(deps, batch_id).batch
    except NoSuchBatch:
        return False
    if batch.status is not Status.COMPLETE:
        return False
    ask_to_verify(deps, batch)
    return True
