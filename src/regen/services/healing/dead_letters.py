"""Dead letters: end the work of messages that Pub/Sub gave up on, and alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.batch import WAITING, Batch
from regen.domain.dates import parse_game_date
from regen.domain.errors import NoSuchBatch
from regen.services.batch.completion import check_completion
from regen.services.batch.dates import read_date
from regen.services.batch.processing import close_pending
from regen.services.healing import malformed
from regen.services.state import messages_read, outbox
from regen.services.state.alerting import alert_unreadable, raise_once
from regen.services.state.commit import read_batch
from regen.services.state.deps import TRIGGER_TOPIC, Deps
from regen.services.state.messages import ADVANCE, GRADE, NEWS, follow_up_item, wake_item
from regen.services.state.paths import request_path

SOURCE = "CloudPubSubDeadLetterSourceSubscription"


def is_of_triggers(subscription: str) -> bool:
    """Return whether what a subscription delivers are triggers that Pub/Sub gave up on."""
    return subscription.rpartition("/")[2].startswith(TRIGGER_TOPIC)


def handle(
    deps: Deps,
    message_id: str,
    data: Mapping[str, Any],
    attributes: Mapping[str, str],
    body: bytes,
    subscription: str = "",
) -> str:
    """End the work that the message was about.

    - A request gets its `failed` outcome, if it is still pending.
    - A verification is left to the sweep, which carries on every complete batch.
    - A follow-up is sent again, because triggers wait for it.
    - A wake of a backfill is sent again: the sweep wakes only unsettled backfills, but a redrive may change a settled one.
    - A grade, or a look at the news, is left to the next scheduled one.
    - A message about a batch that has ended, or whose records have expired, costs one read and no alert.
    - Any other trigger is recorded in the audit, because it is recorded nowhere else.

    Args:
        subscription: the subscription that delivered it. A message to the triggers' topic never names a request or a
            verification, whatever fields it has: any upstream system may publish there.

    Returns:
        The result, in a word for the log.
    """
    batch_id, request_id = data.get("batch_id"), data.get("request_id")
    if isinstance(batch_id, str) and not is_of_triggers(subscription):
        return _of_batch(deps, batch_id, request_id, data, attributes)
    if messages_read.follow_up_of(deps, data, attributes):
        return _dead_follow_up(deps, message_id, data, attributes)
    _alert(deps, data, attributes)
    mode = messages_read.mode_of(data)
    if mode == ADVANCE and isinstance(data.get("backfill_id"), str):
        return _dead_wake(deps, message_id, data["backfill_id"])
    if mode in {GRADE, NEWS}:
        return "left_to_the_schedule"
    malformed.record(deps, body, "a trigger that could not be delivered", "dead-letter", message_id)
    return "recorded"


def _dead_follow_up(deps: Deps, message_id: str, data: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
    """Send another follow-up for the triggers, which still wait on their date."""
    record = read_date(deps, parse_game_date(data.get("game_date"))).record
    if not record.coalesced:
        return "nothing_waits"
    _alert(deps, data, attributes)
    deps.store.commit(outbox.put([follow_up_item(record, f"dead:{message_id}", deps.clock.now())]))
    return "sent_again"


def _dead_wake(deps: Deps, message_id: str, backfill_id: str) -> str:
    deps.store.commit(outbox.put([wake_item(backfill_id, f"dead:{message_id}", deps.clock.now(), backfill_id)]))
    return "sent_again"


def _of_batch(
    deps: Deps, batch_id: str, request_id: object, data: Mapping[str, Any], attributes: Mapping[str, str]
) -> str:
    batch = _batch(deps, batch_id)
    if batch is not None and not batch.live:
        return "over"
    if batch is None and ids.is_batch_id(batch_id):
        return "gone"
    _alert(deps, data, attributes)
    if not isinstance(request_id, str):
        return "left_to_the_sweep"
    return "unknown" if batch is None else _dead_request(deps, batch, request_id)


def _batch(deps: Deps, batch_id: str) -> Batch | None:
    try:
        return read_batch(deps, batch_id).batch
    except NoSuchBatch:
        return None


def _dead_request(deps: Deps, batch: Batch, request_id: str) -> str:
    snapshot = deps.store.get(request_path(batch.batch_id, request_id))
    if snapshot is None:
        return "unknown"
    closed = close_pending(deps, [snapshot], batch, "dead_letter", lambda error: alert_unreadable(deps, error))
    if batch.status in WAITING:
        check_completion(deps, batch)
    return "failed" if closed else "already_done"


def _alert(deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
    content = alert(
        AlertKind.DEAD_LETTER,
        f"gave up on a message of {attributes.get(SOURCE, 'an unnamed subscription')}",
        batch_id=data.get("batch_id"),
        request_id=data.get("request_id"),
    )
    # One alert per batch, or per subscription and hour, so that many messages do not cause many alerts.
    about = data.get("batch_id") or (attributes.get(SOURCE), deps.clock.now().strftime("%Y-%m-%dT%H"))
    raise_once(deps, ids.digest("dead_letter", about, length=24), content)
