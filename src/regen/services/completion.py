"""Completion is a fact: no request of the round is pending (P4)."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.batch import WAITING, Status
from regen.ports import Write
from regen.services.commit import read_batch, until_committed
from regen.services.deps import Deps
from regen.services.records import requests_path


def check_completion(deps: Deps, batch_id: str, round_: int) -> bool:
    """Mark the batch complete if none of the round's requests is pending; whether it is past waiting now."""
    pending = deps.store.find(
        requests_path(batch_id), [("state", "==", "pending"), ("round", "==", round_)], limit=1, fields=["state"]
    )
    if pending:
        return False

    def decide() -> tuple[Sequence[Write], bool]:
        seen = read_batch(deps, batch_id)
        if seen.batch.status not in WAITING or seen.batch.round != round_:
            return [], True
        complete = seen.batch.moved(Status.COMPLETE, "no request is pending", deps.clock.now())
        return [seen.update(complete)], True

    return until_committed(deps, decide)
