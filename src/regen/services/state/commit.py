"""Conditional commits: read, decide, write; on a conflict read again and decide again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from regen.domain.batch import Batch
from regen.domain.errors import Conflict, NoSuchBatch
from regen.ports import Snapshot, Write
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch, encode_batch
from regen.services.state.paths import batch_path
from regen.services.state.unknown_fields import keep_unknown

ATTEMPTS = 12
T = TypeVar("T")


class Seen(Struct, frozen=True):
    """A batch as read, with the version that a conditional write needs."""

    batch: Batch
    snapshot: Snapshot

    def update(self, batch: Batch) -> Write:
        """The conditional write that replaces it; fields that a newer version added are kept."""
        data = {k: keep_unknown(self.snapshot.data.get(k), v) for k, v in encode_batch(batch).items()}
        return Write("update", self.snapshot.path, data, self.snapshot.version)


def read_batch(deps: Deps, batch_id: str) -> Seen:
    """Read a batch.

    Raises:
        NoSuchBatch: no batch has that id.
    """
    snapshot = deps.store.get(batch_path(batch_id))
    if snapshot is None:
        raise NoSuchBatch(f"no batch {batch_id}")
    return Seen(decode_batch(snapshot), snapshot)


def until_committed(deps: Deps, decide: Callable[[], tuple[Sequence[Write], T]]) -> T:
    """Commit what `decide` returns; on a conflict let it read and decide again.

    Args:
        decide: reads, and returns the writes (none if there is nothing to do) and the result.

    Raises:
        Conflict: other writers were first in every attempt; trying again later may succeed.
    """

    def commit() -> T:
        writes, result = decide()
        if not writes:
            return result
        try:
            deps.store.commit(writes)
        except Conflict:
            if not _took_effect(deps, writes):
                raise
        return result

    return until_unopposed(deps, commit)


def until_unopposed(deps: Deps, attempt: Callable[[], T]) -> T:
    """Call `attempt`, which reads, decides and commits; on a conflict wait a little and call it again.

    Raises:
        Conflict: other writers were first in every attempt; trying again later may succeed.
    """
    for tries in range(ATTEMPTS - 1):
        try:
            return attempt()
        except Conflict:
            deps.clock.sleep(min(0.01 * 2**tries, 0.5))
    return attempt()


def _took_effect(deps: Deps, writes: Sequence[Write]) -> bool:
    """Whether the commit conflicted with itself: the client repeats a commit whose answer was lost.

    A commit is atomic, and its records hold their time of writing, so comparing one document is enough.
    """
    one = next((w for w in writes if w.op == "create" or (w.op == "update" and w.version is not None)), None)
    found = deps.store.get(one.path) if one else None
    if one is None or found is None:
        return False
    # Ignore fields that a newer version has added since, at every depth.
    return all(keep_unknown(there := found.data.get(k), v) == there for k, v in one.data.items())
