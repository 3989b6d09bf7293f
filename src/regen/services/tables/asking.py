"""What the watches over upstream's tables share: a trigger is stored once for each thing that a scan has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from regen.ports import Write
from regen.services.state import outbox
from regen.services.state.deps import Deps
from regen.services.state.documents import OutboxItem
from regen.services.state.once import claim
from regen.services.state.paths import claim_path

T = TypeVar("T")


def trigger_writes(
    deps: Deps, seen: Mapping[str, T], now: datetime, item: Callable[[Mapping[str, T]], OutboxItem]
) -> list[Write]:
    """The writes that store a trigger for what no scan has asked for yet; none if every event is claimed.

    The next scan finds the claims if this one dies after its commit, and so does a concurrent scan.

    Args:
        seen: what was seen, by the event that claims it.
        item: makes the trigger of the events that are new.
    """
    known = deps.store.get_many([claim_path(event) for event in seen])
    new = {event: what for (event, what), taken in zip(seen.items(), known, strict=True) if taken is None}
    if not new:
        return []
    return [*(claim(event, now) for event in new), *outbox.put([item(new)])]
