"""Reading a backfill from Firestore, and changing it conditionally."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from regen.domain.backfill import Backfill
from regen.domain.errors import NoSuchBackfill
from regen.ports import Snapshot, Write
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_backfill, encode_backfill
from regen.services.state.paths import backfill_path
from regen.services.state.unknown_fields import keep_unknown


def read_backfill(deps: Deps, backfill_id: str) -> tuple[Backfill, Snapshot]:
    """A backfill, with the version that a conditional write needs.

    Raises:
        NoSuchBackfill: no backfill has that id.
    """
    snapshot = deps.store.get(backfill_path(backfill_id))
    if snapshot is None:
        raise NoSuchBackfill(f"no backfill {backfill_id}")
    return decode_backfill(snapshot), snapshot


def change_backfill(
    deps: Deps, backfill_id: str, change: Callable[[Backfill], tuple[Backfill, Sequence[Write]]]
) -> Backfill:
    """Read, change, and write under the version that was read; on a conflict read and decide again.

    Args:
        change: returns the changed backfill, and further writes for the same commit. An unchanged one is not written.
    """

    def decide() -> tuple[Sequence[Write], Backfill]:
        known, snapshot = read_backfill(deps, backfill_id)
        after, more = change(known)
        if after == known:
            return [], known
        data = {k: keep_unknown(snapshot.data.get(k), v) for k, v in encode_backfill(after).items()}
        return [Write("update", snapshot.path, data, snapshot.version), *more], after

    return until_committed(deps, decide)
