"""Asking for grades: a message to the coordinator, which alone has the ledger.

A batch that changes a date whose games are over leaves a message with its end, so that the date is graded again; results
that come later are the scheduler's job, each day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from regen.domain import ids
from regen.domain.batch import Act, Batch, Status
from regen.domain.dates import eastern_today
from regen.services import outbox
from regen.services.deps import TRIGGER_TOPIC
from regen.services.records import OutboxItem

AFTER = timedelta(seconds=30)
"""Dates that are regenerated together are promoted first: no promotion waits behind a grade."""
MODE = "grade"
"""The `mode` of a message of `nba-prediction-trigger` that means: grade this date."""


def grade_item(batch: Batch, now: datetime) -> OutboxItem | None:
    """The message of a batch that has ended, if it has changed the predictions of a date that is over."""
    refused = batch.status is Status.PROMOTED and batch.act is Act.ROLLBACK
    changed = batch.status in {Status.PROMOTED, Status.ROLLED_BACK} and not refused
    if not changed or batch.game_date >= eastern_today(now):
        return None
    event = ids.event_id(batch.batch_id, batch.round, f"grade:{batch.status}")
    data = {"mode": MODE, "game_date": batch.game_date.isoformat()}
    return outbox.message_item(event, now + AFTER, TRIGGER_TOPIC, data, batch.batch_id)
