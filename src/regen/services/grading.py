"""Grades: of the last dates, and anew of every date whose predictions have changed.

A batch that changes a date whose games are over leaves a message with its end, so that the date is graded again; results
that come later are the scheduler's job, each day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from regen.domain import ids
from regen.domain.batch import Act, Batch, Status
from regen.domain.dates import eastern_today
from regen.domain.grading import Graded
from regen.services import outbox
from regen.services.deps import TRIGGER_TOPIC, Deps
from regen.services.records import OutboxItem

LOOK_BACK = timedelta(days=2)
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


def grade(deps: Deps, first: date, last: date) -> list[Graded]:
    """Grade a range of dates; those not played have nothing to grade."""
    return deps.books.grade(first, last, deps.clock.now())


def grade_due(deps: Deps, days: int) -> list[Graded]:
    """Grade the last days, and the played dates that a promotion or a rollback has changed lately."""
    now = deps.clock.now()
    today = eastern_today(now)
    recent = {today - timedelta(days=n) for n in range(days)}
    changed = {day for day in deps.books.changed_dates(now - LOOK_BACK) if day <= today}
    return [graded for first, last in spans(recent | changed) for graded in grade(deps, first, last)]


def spans(dates: Iterable[date]) -> list[tuple[date, date]]:
    """The dates as ranges without holes."""
    found: list[tuple[date, date]] = []
    for day in sorted(dates):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
