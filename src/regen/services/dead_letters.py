"""Dead letters: what Pub/Sub gave up on still gets its end, and somebody hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.batch import WAITING
from regen.domain.dates import parse_game_date
from regen.domain.errors import NoSuchBatch
from regen.services import malformed, outbox, own_messages
from regen.services.alerting import raise_once
from regen.services.commit import read_batch
from regen.services.completion import check_completion
from regen.services.dates import follow_up, read_date
from regen.services.deps import TRIGGER_TOPIC, Deps
from regen.services.processing import close_pending
from regen.services.records import request_path
from regen.services.regrading import MODE as GRADE
from regen.services.waking import MODE, wake_item

SOURCE = "CloudPubSubDeadLetterSourceSubscription"


def handle(
    deps: Deps,
    message_id: str,
    data: Mapping[str, Any],
    attributes: Mapping[str, str],
    body: bytes,
    subscription: str = "",
) -> str:
    """End what the message was about.

    A request gets its `failed` outcome, if it is pending still. A verification is left to the sweep, which carries on
    whatever is complete. A follow-up is sent again, as its triggers wait for it, and so is what wakes a backfill: the sweep
    wakes only those that are not settled, and a redrive may change one that is. A grade is left to the next scheduled one.
    Any other trigger is recorded: nothing else knows of it.

    Args:
        subscription: the one that brought it. What went to the triggers' topic names no request and no verification of ours,
            whatever fields it has: anybody upstream may publish there.

    Returns:
        What was done, in a word.
    """
    _alert(deps, message_id, data, attributes)
    batch_id, request_id = data.get("batch_id"), data.get("request_id")
    if subscription.rpartition("/")[2].startswith(TRIGGER_TOPIC):
        batch_id = None
    if isinstance(batch_id, str) and isinstance(request_id, str):
        return _dead_request(deps, batch_id, request_id)
    if isinstance(batch_id, str):
        return "left_to_the_sweep"
    if own_messages.follow_up_of(deps, data, attributes):
        return _dead_follow_up(deps, message_id, data)
    if data.get("mode") == MODE and isinstance(data.get("backfill_id"), str):
        return _dead_wake(deps, message_id, data["backfill_id"])
    if data.get("mode") == GRADE:
        return "left_to_the_schedule"
    malformed.record(deps, body, "a trigger that could not be delivered", "dead-letter", message_id)
    return "recorded"


def _dead_follow_up(deps: Deps, message_id: str, data: Mapping[str, Any]) -> str:
    """The triggers that it was to carry wait on their date still: another follow-up is sent for them."""
    record = read_date(deps, parse_game_date(data.get("game_date"))).record
    deps.store.commit(outbox.put([follow_up(record, f"dead:{message_id}", deps.clock.now())]))
    return "sent_again"


def _dead_wake(deps: Deps, message_id: str, backfill_id: str) -> str:
    deps.store.commit(outbox.put([wake_item(backfill_id, f"dead:{message_id}", deps.clock.now(), backfill_id)]))
    return "sent_again"


def _dead_request(deps: Deps, batch_id: str, request_id: str) -> str:
    snapshot = deps.store.get(request_path(batch_id, request_id))
    if snapshot is None:
        return "unknown"
    closed = close_pending(deps, [snapshot], "dead_letter")
    try:
        batch = read_batch(deps, batch_id).batch
    except NoSuchBatch:
        return "unknown"
    if batch.status in WAITING:
        check_completion(deps, batch)
    return "failed" if closed else "already_done"


def _alert(deps: Deps, message_id: str, data: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
    told = alert(
        AlertKind.DEAD_LETTER,
        f"gave up on a message of {attributes.get(SOURCE, 'an unnamed subscription')}",
        batch_id=data.get("batch_id"),
        request_id=data.get("request_id"),
    )
    raise_once(deps, ids.digest("dead_letter", message_id, length=24), told)
