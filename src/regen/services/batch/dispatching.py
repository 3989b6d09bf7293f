"""Publishing a batch's requests: after all of them are durable, and before the caller gets its answer."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.batch import WAITING, Batch, Status
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch.completion import check_completion, pending_in
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.deps import Deps
from regen.services.state.messages import publish_requests
from regen.services.state.paths import id_of, requests_path


def start_dispatching(deps: Deps, batch_id: str) -> None:
    """Move the batch to `dispatching`, unless it was cancelled or closed meanwhile. All its requests must be durable."""

    def decide() -> tuple[Sequence[Write], None]:
        seen = read_batch(deps, batch_id)
        if seen.batch.status is not Status.CREATED:
            return [], None
        moved = seen.batch.moved(Status.DISPATCHING, "all requests written", deps.clock.now())
        return [seen.update(moved)], None

    until_committed(deps, decide)


def dispatch(deps: Deps, batch_id: str, request_ids: Sequence[str] | None = None) -> None:
    """Publish the round's requests, go to `running`, and check whether all are done already.

    Args:
        request_ids: the requests of round 1, if they have just been written; None publishes the pending ones.
    """
    seen = read_batch(deps, batch_id)
    if seen.batch.status not in WAITING:
        return
    round_ = seen.batch.round
    if request_ids is not None and round_ != 1:
        return  # the batch was cancelled and redriven meanwhile: messages of this opening are obsolete
    if request_ids is None:
        published = publish_pending(deps, seen.batch)
    else:
        publish_requests(deps, seen.batch, request_ids)
        published = len(request_ids)
    if not published and check_completion(deps, seen.batch):
        return  # no worker will say that it is complete

    def decide() -> tuple[Sequence[Write], None]:
        seen = read_batch(deps, batch_id)
        if seen.batch.status is not Status.DISPATCHING or seen.batch.round != round_:
            return [], None
        now = deps.clock.now()
        return [seen.update(replace(seen.batch.moved(Status.RUNNING, "all published", now), published_at=now))], None

    until_committed(deps, decide)
    check_completion(deps, seen.batch)


def publish_pending(deps: Deps, batch: Batch) -> int:
    """Publish one small message for each pending request; a duplicate has no effect.

    Returns:
        The number of messages published.
    """
    pending = deps.store.find(requests_path(batch.batch_id), pending_in(batch), fields=["request_id"])
    ids = [id_of(snapshot) for snapshot in pending]
    publish_requests(deps, batch, ids)
    return len(ids)
