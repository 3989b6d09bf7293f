"""Waking backfills: the sweep has each that is not settled looked at by the coordinator, which alone opens batches."""

from __future__ import annotations

from collections.abc import Callable

from regen.domain.errors import Unreadable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_backfill
from regen.services.state.messages import wake_backfills
from regen.services.state.paths import BACKFILLS


def wake_live(deps: Deps, unreadable: Callable[[Unreadable], object]) -> int:
    """Have every backfill looked at that is not settled: whatever died half-way goes on.

    Args:
        unreadable: hears of each that this version cannot read; it is left alone.
    """
    names: list[str] = []
    for snapshot in deps.store.find(BACKFILLS, [("live", "==", True)]):
        try:
            names.append(decode_backfill(snapshot).backfill_id)
        except Unreadable as error:
            unreadable(error)
    wake_backfills(deps, names)
    return len(names)
