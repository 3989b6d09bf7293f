"""Grades: of the last dates, and anew of every date whose predictions have changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from regen.domain.dates import eastern_today
from regen.domain.grading import Graded
from regen.services.deps import Deps

LOOK_BACK = timedelta(days=2)


def grade(deps: Deps, first: date, last: date) -> list[Graded]:
    """Grade a range of dates; those not played have nothing to grade."""
    return deps.books.grade(first, last, deps.clock.now())


def due(deps: Deps, days: int) -> set[date]:
    """The last days, and the played dates that a promotion or a rollback has changed lately."""
    now = deps.clock.now()
    today = eastern_today(now)
    recent = {today - timedelta(days=n) for n in range(days)}
    return recent | {day for day in deps.books.changed_dates(now - LOOK_BACK) if day <= today}


def spans(dates: Iterable[date]) -> list[tuple[date, date]]:
    """The dates as ranges without holes."""
    found: list[tuple[date, date]] = []
    for day in sorted(dates):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
