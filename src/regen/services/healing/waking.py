"""Waking backfills: the sweep asks the coordinator, which alone opens batches, to advance each unsettled backfill."""

from __future__ import annotations

from collections.abc import Callable

from regen.domain.errors import Unreadable
from regen.services.state.decoding import readable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_backfill
from regen.services.state.messages import wake_backfills
from regen.services.state.paths import BACKFILLS


def wake_live(deps: Deps, unreadable: Callable[[Unreadable], object]) -> int:
    """Ask the coordinator to advance every unsettled backfill, so that work whose owner died continues.

    Args:
        unreadable: gets the error of each record that this version cannot read; the record is left unchanged.

    Returns:
        The number of backfills woken.
    """
    live = deps.store.find(BACKFILLS, [("live", "==", True)])
    names = [backfill.backfill_id for _, backfill in readable(live, decode_backfill, unreadable)]
    wake_backfills(deps, names)
    return len(names)
