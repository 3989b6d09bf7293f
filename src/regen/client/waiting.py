"""Waiting for batches: polls with a deadline, tells every look, ends when all have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from regen.client.errors import OperatorError
from regen.client.http import Coordinator

#: The statuses in which a batch stays until somebody gives an order.
ENDED = frozenset({"promoted", "rejected", "cancelled", "failed", "rolled_back"})
SLOWEST_LOOK = 2.0

View = Mapping[str, Any]
Look = Callable[[Sequence[View]], None]


class StillLive(OperatorError):
    """The deadline has passed and a batch is not over."""


def is_ended(view: View) -> bool:
    """Whether a batch is over."""
    return view["status"] in ENDED


def finished(view: View) -> int:
    """How many of its players have an outcome."""
    counts = view["counts"]
    return int(counts["produced"] + counts["skipped"] + counts["failed"])


def wait_for(
    coordinator: Coordinator,
    batch_ids: Sequence[str],
    *,
    timeout: float,
    look: Look = lambda _: None,
    every: float = 0.2,
    abort: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Poll until every batch has ended.

    Args:
        timeout: seconds.
        look: called with what is known of all batches, whenever that was read.
        every: seconds between two reads, at first; they grow to two seconds.
        abort: called at each look; raises if waiting has become pointless.

    Returns:
        The batches as they ended, in the order asked for.

    Raises:
        StillLive: names those that have not ended in time.
    """
    deadline = time.monotonic() + timeout
    views: dict[str, dict[str, Any]] = {}
    pause = every
    with ThreadPoolExecutor(max(1, min(4, len(batch_ids)))) as pool:
        while True:
            views |= _read(coordinator, [b for b in batch_ids if b not in views or not is_ended(views[b])], pool)
            look([views[b] for b in batch_ids])
            live = [b for b in batch_ids if not is_ended(views[b])]
            if not live:
                return [views[b] for b in batch_ids]
            abort()
            if time.monotonic() + pause > deadline:
                states = ", ".join(f"{b} is {views[b]['status']}" for b in live)
                raise StillLive(f"not over after {timeout:g} s: {states}")
            time.sleep(pause)
            pause = min(pause * 1.3, max(every, SLOWEST_LOOK))


def _read(coordinator: Coordinator, batch_ids: Collection[str], pool: ThreadPoolExecutor) -> dict[str, dict[str, Any]]:
    return dict(zip(batch_ids, pool.map(coordinator.batch, batch_ids), strict=True))
