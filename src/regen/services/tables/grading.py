"""Grading: of the last dates, and again of every played date whose predictions have changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from regen.domain.dates import eastern_today
from regen.domain.errors import RegenError
from regen.domain.grading import Graded
from regen.services.state.deps import Deps
from regen.services.state.models import read_in_use

LOOK_BACK = timedelta(days=2)
LAST_LOOK = timedelta(days=2)
"""`regen-grade` grades a date on the day after its games, and once more on the next day."""

log = logging.getLogger(__name__)


def grade(deps: Deps, first: date, last: date) -> list[Graded]:
    """Grade a range of dates; dates not yet played have nothing to grade.

    A game with an incomplete box score waits for the next grading, and the log names it. The severity is ERROR if the
    scheduled grading has visited its date for the last time. So it is with players whose row of a complete one is half loaded.
    """
    now = deps.clock.now()
    found = deps.books.grade(first, last, now)
    _grade_challengers(deps, first, last, now)
    for day in found:
        games, rest = ", ".join(day.waiting), day.gradable - day.graded
        problems = [f"the box score is not complete: {games}"] if games else []
        problems += [f"{rest} predictions of players whose row in the box score is half loaded"] if rest > 0 else []
        if problems:
            last_look = eastern_today(now) - day.game_date >= LAST_LOOK
            log.log(
                logging.ERROR if last_look else logging.WARNING,
                "%s: not graded, %s", day.game_date, "; ".join(problems),
                extra={"action": "grade", "game_date": day.game_date.isoformat()},
            )  # fmt: skip
    return found


def _grade_challengers(deps: Deps, first: date, last: date, now: datetime) -> None:
    """Grade what challengers predicted, if anything ever was one; it holds up no grade of a current row."""
    try:
        if deps.config.max_challengers and read_in_use(deps)[0].challenges:
            deps.books.grade_challengers(first, last, now)
    except RegenError as error:
        log.warning("challengers of %s to %s are not graded: %s", first, last, error, extra={"action": "grade"})


def due(deps: Deps, days: int) -> set[date]:
    """The dates to grade: the last days, and the played dates that a recent promotion or rollback has changed."""
    now = deps.clock.now()
    today = eastern_today(now)
    recent = {today - timedelta(days=n) for n in range(days)}
    return recent | {day for day in deps.books.changed_dates(now - LOOK_BACK) if day <= today}


def spans(dates: Iterable[date]) -> list[tuple[date, date]]:
    """The dates as ranges without gaps."""
    found: list[tuple[date, date]] = []
    for day in sorted(dates):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
