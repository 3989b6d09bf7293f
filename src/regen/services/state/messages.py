"""Every message that regen sends, as it is made; `messages_read` reads them.

Those of a batch carry the trace that the batch was opened in, which no Firestore event hands on. Those that follow a commit
are items of the outbox; one to the coordinator is noted in the same commit, so that it is known as regen's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from regen.api.requests import MAX_NAME
from regen.domain import ids
from regen.domain.batch import Act, Batch, Status
from regen.domain.batch_end import summarise
from regen.domain.bdb import REASON, BdbGame
from regen.domain.dates import eastern_today
from regen.domain.news import SOURCE as NEWS_SOURCE
from regen.domain.news import News, NewsReason
from regen.domain.phase_complete import phase_complete
from regen.domain.zones import ZoneDrift
from regen.ports import Message, Write
from regen.services.state.deps import (
    COMPLETE_TOPIC,
    PHASE_TOPIC,
    REQUEST_TOPIC,
    TRACEPARENT,
    TRIGGER_TOPIC,
    VERIFY_TOPIC,
    Deps,
)
from regen.services.state.documents import DateRecord, OnceRecord, OutboxItem, encode_once
from regen.services.state.paths import claim_path, note_path

REGENERATE = "regenerate_with_supersede"
"""The `mode` of a message of `nba-prediction-trigger` that means: open a batch for this date. Without a mode, this is meant."""
GRADE_AFTER = timedelta(seconds=30)
"""Dates that are regenerated together are promoted first: no promotion waits behind a grade."""
GRADE = "grade"
"""The `mode` of a message of `nba-prediction-trigger` that means: grade this date."""
ADVANCE = "advance_backfill"
"""The `mode` of a message of `nba-prediction-trigger` that means: look at the backfill and do what is next."""
NEWS = "news"
"""The `mode` of a message of `nba-prediction-trigger` that means: look for news of this date now."""
MAX_NEWS = 50
"""Of the news that a trigger's metadata names; the record of each game has all of it."""
NOTED_FOR = timedelta(days=14)
"""Longer than Pub/Sub keeps a message; one that comes later still is a trigger, which loses nothing."""


def publish_requests(deps: Deps, batch: Batch, request_ids: Sequence[str]) -> None:
    """One small message for each request."""
    if request_ids:
        data = [{"batch_id": batch.batch_id, "request_id": i, "round": batch.round} for i in request_ids]
        deps.queue.publish(REQUEST_TOPIC, [Message(d, carrier(batch)) for d in data])


def ask_to_verify(deps: Deps, batch: Batch) -> None:
    """Have the batch's round carried to its end."""
    data = {"batch_id": batch.batch_id, "round": batch.round}
    deps.queue.publish(VERIFY_TOPIC, [Message(data, carrier(batch))])


def carrier(batch: Batch) -> dict[str, str]:
    """The attributes that tie what follows from a message to the batch's trace."""
    return {TRACEPARENT: batch.traceparent} if batch.traceparent else {}


def message_item(
    event_id: str, at: datetime, topic: str, data: Mapping[str, Any], batch_id: str | None = None, **attributes: str
) -> OutboxItem:
    """A message to publish; it carries the event's id."""
    payload = {"topic": topic, "data": dict(data), "attributes": {"event_id": event_id, **attributes}}
    return OutboxItem(event_id, "message", at, batch_id, payload)


def follow_up_item(record: DateRecord, after: str, due: datetime, batch_id: str | None = None) -> OutboxItem:
    """The message that starts the follow-up of a coalesced date.

    Args:
        batch_id: the batch whose end makes it due: it is sent with what else follows from that end.
    """
    data = {
        "game_date": record.game_date.isoformat(),
        "reason": record.coalesced[0].reason if record.coalesced else "follow_up",
        "mode": REGENERATE,
    }
    event = ids.digest("follow_up", after, record.game_date, due.isoformat(), length=24)
    return message_item(event, due, TRIGGER_TOPIC, data, batch_id, follow_up=after)


def ended_item(batch: Batch, now: datetime) -> OutboxItem:
    """The message that says how a batch has ended, for those who listen to `prediction-batch-complete`."""
    event = ids.event_id(batch.batch_id, batch.round, f"ended:{batch.status}")
    day = batch.game_date.isoformat()
    return message_item(event, now, COMPLETE_TOPIC, summarise(batch), batch.batch_id, game_date=day)


def phase_item(batch: Batch, now: datetime) -> OutboxItem | None:
    """The predecessor's own message, if a batch has changed what is current: its readers export what is there then."""
    if batch.status not in {Status.PROMOTED, Status.ROLLED_BACK} or _refused(batch):
        return None
    event = ids.event_id(batch.batch_id, batch.round, f"phase:{batch.status}")
    return message_item(event, now, PHASE_TOPIC, phase_complete(batch, now), batch.batch_id)


def _refused(batch: Batch) -> bool:
    """Whether the batch ended because its rollback was refused, which changes nothing."""
    return batch.status is Status.PROMOTED and batch.act is Act.ROLLBACK


def grade_item(batch: Batch, now: datetime) -> OutboxItem | None:
    """The message of a batch that has ended, if it has changed the predictions of a date that is over."""
    changed = batch.status in {Status.PROMOTED, Status.ROLLED_BACK} and not _refused(batch)
    if not changed or batch.game_date >= eastern_today(now):
        return None
    event = ids.event_id(batch.batch_id, batch.round, f"grade:{batch.status}")
    data = {"mode": GRADE, "game_date": batch.game_date.isoformat()}
    return message_item(event, now + GRADE_AFTER, TRIGGER_TOPIC, data, batch.batch_id)


def wake_item(backfill_id: str, because: str, now: datetime, goes_with: str) -> OutboxItem:
    """The message that has a backfill looked at, in the commit of whatever made it due.

    Args:
        because: names the event; the same event is one message.
        goes_with: the batch or backfill whose outbox it is sent with.
    """
    event = ids.digest("advance", backfill_id, because, length=24)
    return message_item(event, now, TRIGGER_TOPIC, _wake_data(backfill_id), goes_with)


def wake_backfills(deps: Deps, backfill_ids: Sequence[str]) -> None:
    """Have backfills looked at, whatever made it due."""
    if backfill_ids:
        deps.queue.publish(TRIGGER_TOPIC, [Message(_wake_data(name)) for name in backfill_ids])


def _wake_data(backfill_id: str) -> dict[str, str]:
    return {"mode": ADVANCE, "backfill_id": backfill_id}


def bdb_item(day: date, claims: Mapping[str, BdbGame], now: datetime, label: str) -> OutboxItem:
    """The trigger of a date whose late data has come.

    Args:
        claims: the games, by the event that claims each.
        label: the scan whose outbox it is sent with.
    """
    games = claims.values()
    attempt = max(game.attempts for game in games) + 1
    names = [game.game_id for game in games]
    data = {
        "game_date": day.isoformat(),
        "reason": REASON,
        "mode": REGENERATE,
        "metadata": {
            "source": "bdb_scan",
            "games": names,
            "attempt": attempt,
            "attempts": [game.attempts + 1 for game in games],
        },
    }
    return message_item(ids.digest("bdb", day, *map(claim_path, claims), length=24), now, TRIGGER_TOPIC, data, label)


def zones_item(
    day: date, event: str, drifts: Sequence[ZoneDrift], now: datetime, label: str, *, whole_date: bool
) -> OutboxItem:
    """The trigger of a date whose predictions rest on other shot zones than the store has.

    Args:
        event: the claim of this attempt.
        label: the scan whose outbox it is sent with.
        whole_date: name no players; nor are they named if a trigger cannot hold one of the names.
    """
    names = sorted({drift.player_lookup for drift in drifts})
    data: dict[str, Any] = {
        "game_date": day.isoformat(),
        "reason": REASON,
        "mode": REGENERATE,
        "metadata": {
            "source": "zones_scan",
            "games": sorted({drift.game_id for drift in drifts}),
            "players_with_other_zones": len(names),
        },
    }
    if not whole_date and all(len(name) <= MAX_NAME for name in names):
        data["players"] = names
    return message_item(ids.digest("zones", day, event, length=24), now, TRIGGER_TOPIC, data, label)


def news_item(day: date, seen: Mapping[str, tuple[str, News]], now: datetime, label: str) -> OutboxItem:
    """The trigger of a date's news: the players that it touches, of every game with news.

    Args:
        seen: game and news, by the event that claims each.
        label: the scan whose outbox it is sent with.
    """
    every = [news for _, news in seen.values()]
    reasons = {news.reason for news in every}
    data = {
        "game_date": day.isoformat(),
        "reason": (NewsReason.AVAILABILITY if NewsReason.AVAILABILITY in reasons else NewsReason.LINE).value,
        "mode": REGENERATE,
        "players": sorted({name for news in every for name in news.touched}),
        "metadata": {
            "source": NEWS_SOURCE,
            "games": sorted({game for game, _ in seen.values()}),
            "news": [{"player": n.player_lookup, "kind": n.kind.value, "was": n.was, "now": n.state} for n in every][
                :MAX_NEWS
            ],
        },
    }
    return message_item(ids.digest("news", day, *sorted(seen), length=24), now, TRIGGER_TOPIC, data, label)


def is_news(data: Mapping[str, Any]) -> bool:
    """Whether a message of regen's own is a trigger of the news watch."""
    metadata = data.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("source") == NEWS_SOURCE


def note_writes(item: OutboxItem) -> list[Write]:
    """The note on a message to the coordinator, for the commit that it follows; nothing for any other item."""
    if item.kind != "message" or item.payload["topic"] != TRIGGER_TOPIC:
        return []
    note = OnceRecord(item.event_id, fingerprint(item.payload["data"]), "", item.due_at + NOTED_FOR)
    return [Write("put", note_path(item.event_id), encode_once(note))]


def fingerprint(data: Mapping[str, Any]) -> str:
    """The same for messages that say the same."""
    return ids.digest(json.dumps(dict(data), sort_keys=True))
