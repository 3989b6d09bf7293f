"""Waiting for batches: polls with a deadline, tells every look, ends when all have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from regen.client.errors import ExitCode, OperatorError, Unreachable

if TYPE_CHECKING:  # the command line starts without the structs
    from regen.api.batches import ListedBatch, WholeBatch
    from regen.client.answers import Received
    from regen.client.coordinator import Coordinator

T = TypeVar("T")

#: The statuses in which a batch stays until an operator gives an order.
ENDED = frozenset({"promoted", "rejected", "held", "cancelled", "failed", "rolled_back"})
SLOWEST_LOOK = 2.0
#: Seconds without an answer that a waiting person bears: a deployment, a network that changes.
SILENCE = 120.0

Look = Callable[[Sequence["WholeBatch"]], None]


class StillLive(OperatorError):
    """The deadline has passed and a batch is not over."""

    exit_code = ExitCode.UNREACHABLE
    title = "Timed out"


def is_ended(view: WholeBatch | ListedBatch) -> bool:
    """Whether a batch is over."""
    return view.status in ENDED


def finished(view: WholeBatch) -> int:
    """How many of its players have an outcome."""
    counts = view.counts
    return (counts.produced or 0) + (counts.skipped or 0) + (counts.failed or 0)


def wait_for(
    coordinator: Coordinator,
    batch_ids: Sequence[str],
    *,
    timeout: float,
    look: Look = lambda _: None,
    every: float = 0.2,
    abort: Callable[[], None] = lambda: None,
) -> list[Received[WholeBatch]]:
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
    views: dict[str, Received[WholeBatch]] = {}
    pause = every
    answered = time.monotonic()
    with ThreadPoolExecutor(max(1, min(4, len(batch_ids)))) as pool:
        while True:
            try:
                views |= _read(
                    coordinator, [b for b in batch_ids if b not in views or not is_ended(views[b].value)], pool
                )
            except Unreachable:
                now = time.monotonic()
                if not views or now - answered > SILENCE or now > deadline:
                    raise
                time.sleep(pause)
                continue
            answered = time.monotonic()
            look([views[b].value for b in batch_ids])
            live = [b for b in batch_ids if not is_ended(views[b].value)]
            if not live:
                return [views[b] for b in batch_ids]
            abort()
            if time.monotonic() + pause > deadline:
                states = ", ".join(f"{b} is {views[b].value.status}" for b in live)
                raise StillLive(f"not over after {timeout:g} s: {states}", f"regen wait {live[0]}")
            time.sleep(pause)
            pause = min(pause * 1.3, max(every, SLOWEST_LOOK))


def carrier_of(coordinator: Coordinator, trigger_id: str, *, timeout: float, every: float = 0.5) -> str:
    """Wait until a batch carries a trigger that was coalesced; its id.

    Raises:
        StillLive: none did in time.
    """
    late = StillLive(f"no batch has carried the trigger {trigger_id} within {timeout:g} s", "regen status")
    found = _until(lambda: coordinator.carrying(trigger_id), late, timeout=timeout, every=every)
    return found[0].batch_id


def _until(look: Callable[[], T], late: StillLive, *, timeout: float, every: float) -> T:
    """What a look finds, once it finds something.

    Raises:
        StillLive: `late`; it found nothing in time.
    """
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() + every > deadline:
            raise late
        time.sleep(every)
    return found


def wait_for_date(
    coordinator: Coordinator, game_date: str, *, timeout: float, look: Look = lambda _: None, every: float = 0.5
) -> list[Received[WholeBatch]]:
    """Wait until no batch of a date is live and no trigger waits on it.

    Returns:
        The batches that were waited for as they ended, or the newest where there was nothing to wait for; none, if the date
        has none.

    Raises:
        StillLive: names what is not over in time.
    """
    deadline = time.monotonic() + timeout
    ended: dict[str, Received[WholeBatch]] = {}
    carried = False
    while True:
        known, waiting = coordinator.on_date(game_date)
        live = [b.batch_id for b in known if not is_ended(b) and b.batch_id not in ended]
        if carried and not live:  # between two looks, the batch that carries what waited has ended already
            live = [b.batch_id for b in known[:1] if b.batch_id not in ended]
        carried = bool(waiting)
        left = max(0.0, deadline - time.monotonic())
        if live:
            ended |= {v.value.batch_id: v for v in wait_for(coordinator, live, timeout=left, look=look, every=every)}
            continue
        if not waiting:
            newest = [] if ended or not known else [coordinator.batch(known[0].batch_id)]
            return [*ended.values(), *newest]
        if every > left:
            names = ", ".join(w.trigger_id for w in waiting)
            raise StillLive(
                f"not over after {timeout:g} s: triggers wait on {game_date}: {names}", f"regen wait --date {game_date}"
            )
        time.sleep(every)


def wait_for_newer(
    coordinator: Coordinator, game_date: str, since: datetime, *, timeout: float, every: float = 0.5
) -> None:
    """Wait until a date has a batch that was created after a moment, or a trigger that waits for one.

    A scan answers before the messages that it has sent have opened a batch.

    Args:
        since: by the coordinator's clock.

    Raises:
        StillLive: it had none in time.
    """

    def is_opened() -> bool:
        known, waiting = coordinator.on_date(game_date)
        return bool(waiting) or any(batch.created_at is not None and batch.created_at > since for batch in known)

    late = StillLive(f"no batch of {game_date} was opened within {timeout:g} s", f"regen wait --date {game_date}")
    _until(is_opened, late, timeout=timeout, every=every)


def _read(
    coordinator: Coordinator, batch_ids: Collection[str], pool: ThreadPoolExecutor
) -> dict[str, Received[WholeBatch]]:
    return dict(zip(batch_ids, pool.map(coordinator.batch, batch_ids), strict=True))
