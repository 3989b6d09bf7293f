"""Conditional commits: read, decide, write; on a conflict read again and decide again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from regen.domain.batch import Batch
from regen.domain.errors import Conflict, NoSuchBatch
from regen.ports import Snapshot, Write
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch, encode_batch
from regen.services.state.paths import batch_path
from regen.services.state.unknown_fields import keep_unknown

ATTEMPTS = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch as it was read, with the version that a write of it must name."""

    batch: Batch
    snapshot: Snapshot

    def update(self, batch: Batch) -> Write:
        """The write that replaces it, unless another writer was first; what a newer version added stays."""
        data = {k: keep_unknown(self.snapshot.data.get(k), v) for k, v in encode_batch(batch).items()}
        return Write("update", self.snapshot.path, data, self.snapshot.version)


def read_batch(deps: Deps, batch_id: str) -> Seen:
    """Read a batch.

    Raises:
        NoSuchBatch: there is none of that id.
    """
    snapshot = deps.store.get(batch_path(batch_id))
    if snapshot is None:
        raise NoSuchBatch(f"no batch {batch_id}")
    return Seen(decode_batch(snapshot), snapshot)


def until_committed(deps: Deps, decide: Callable[[], tuple[Sequence[Write], T]]) -> T:
    """Commit what `decide` returns; on a conflict let it read and decide again.

    Args:
        decide: reads, and returns the writes (none: nothing to do) and the result.

    Raises:
        Conflict: others kept writing first; the caller's caller may try again later.
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
    """Read, decide and commit as `attempt` does; when another writer was first, wait a little and attempt it again.

    Raises:
        Conflict: others kept writing first; the caller's caller may try again later.
    """
    for tries in range(ATTEMPTS - 1):
        try:
            return attempt()
        except Conflict:
            deps.clock.sleep(min(0.01 * 2**tries, 0.5))
    return attempt()


def _took_effect(deps: Deps, writes: Sequence[Write]) -> bool:
    """Whether this very commit is what it was in conflict with: the client sends one again whose answer was lost.

    A commit is whole or nothing, and its records say when they were written: one document tells of all.
    """
    one = next((w for w in writes if w.op == "create" or (w.op == "update" and w.version is not None)), None)
    found = deps.store.get(one.path) if one else None
    if one is None or found is None:
        return False
    # What a newer version has added since is not this commit's, at whatever level it stands.
    return all(keep_unknown(there := found.data.get(k), v) == there for k, v in one.data.items())
