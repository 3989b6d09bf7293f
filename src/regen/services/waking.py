"""Waking backfills: a message to the coordinator, which alone opens batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from regen.domain import ids
from regen.domain.errors import Unreadable
from regen.ports import Message
from regen.services import outbox
from regen.services.backfill_records import decode_backfill
from regen.services.deps import TRIGGER_TOPIC, Deps
from regen.services.records import BACKFILLS, OutboxItem

MODE = "advance_backfill"
"""The `mode` of a message of `nba-prediction-trigger` that means: look at the backfill and do what is next."""


def wake_item(backfill_id: str, because: str, now: datetime, goes_with: str) -> OutboxItem:
    """The message, in the commit of whatever made it due.

    Args:
        because: names the event; the same event is one message.
        goes_with: the batch or backfill whose outbox it is sent with.
    """
    event = ids.digest("advance", backfill_id, because, length=24)
    return outbox.message_item(event, now, TRIGGER_TOPIC, _data(backfill_id), goes_with)


def wake_live(deps: Deps, told: Callable[[Unreadable], object]) -> int:
    """Have every backfill looked at that is not settled: whatever died half-way goes on.

    Args:
        told: hears of each that this version cannot read; it is left alone.
    """
    names: list[str] = []
    for snapshot in deps.store.find(BACKFILLS, [("live", "==", True)]):
        try:
            names.append(decode_backfill(snapshot).backfill_id)
        except Unreadable as error:
            told(error)
    if names:
        deps.queue.publish(TRIGGER_TOPIC, [Message(_data(name)) for name in names])
    return len(names)


def _data(backfill_id: str) -> dict[str, str]:
    return {"mode": MODE, "backfill_id": backfill_id}
