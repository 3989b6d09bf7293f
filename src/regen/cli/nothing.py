"""Nothing found: exit code 4, and the nearest dates that have something."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NoReturn

from regen.cli.session import Session
from regen.client.errors import NothingFound, OperatorError
from regen.domain.nearest import FAR, nearest_days, the_nearest


def none_of_date(session: Session, what: str, day: date, next_: str) -> NoReturn:
    """End a command that found nothing of a date; the nearest dates that have a slate are named.

    Raises:
        NothingFound: always.
    """
    raise NothingFound(f"{what}{the_nearest(nearest_days(day, _with_slate(session, day)))}", next_)


def _with_slate(session: Session, day: date) -> list[date]:
    """The dates around one that have a slate; none if the tables cannot be asked."""
    span = timedelta(days=FAR)
    try:
        rows = session.reader.run("coverage", first=day - span, last=day + span)
    except OperatorError:
        return []
    return [date.fromisoformat(str(row["game_date"])) for row in rows]


def no_batch(session: Session, what: str, day: date, next_: str) -> NoReturn:
    """End a command that found no batch of a date; the nearest dates that have one are named.

    Raises:
        NothingFound: always.
    """
    known = {b.value.game_date for b in session.coordinator.batches() if b.value.game_date}
    raise NothingFound(f"{what}{the_nearest(nearest_days(day, known))}", next_)
