"""Which batch is meant: its id, the beginning of one, a game date, or `@last`."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from regen.cli.arguments import game_date
from regen.cli.nothing import no_batch
from regen.cli.output import some
from regen.cli.session import Session
from regen.client.errors import ExitCode, Misused, NothingFound, OperatorError, Problem
from regen.domain import ids
from regen.domain.nearest import nearest, the_nearest

if TYPE_CHECKING:
    from regen.api.batches import WholeBatch
    from regen.client.answers import Received

LAST = "@last"
_DAY = re.compile(r"\d{4}-\d\d-\d\d|today|tomorrow|yesterday", re.IGNORECASE)
_IN_ID = re.compile(r"(?:batch|regen)_(\d{4}-\d\d-\d\d)")


def whole(session: Session, text: str) -> Received[WholeBatch]:
    """The batch that is meant, in full.

    Raises:
        NothingFound: there is none; the nearest ids are named.
        Misused: several ids begin like this.
    """
    if text == LAST or _DAY.fullmatch(text):
        return session.coordinator.batch(_newest(session, text))
    try:
        return session.coordinator.batch(text)
    except Problem as problem:
        if problem.exit_code != ExitCode.NOT_FOUND or problem.status != 404:
            raise
        return session.coordinator.batch(_begun(session, text, problem))


def named(session: Session, text: str) -> str:
    """The id that is meant; a whole one is not looked up, because what follows reads it anyway."""
    return text if ids.is_batch_id(text) else whole(session, text).value.batch_id


def meant(session: Session, text: str) -> str:
    """The id that is meant, for commands that read the tables: a whole one and a date are left as they are."""
    if text != LAST and (ids.is_batch_id(text) or not text.startswith(("batch_", "regen_"))):
        return text
    if text != LAST and not (session.settings.url and session.settings.key):
        return text  # without a coordinator, the tables may know it
    try:
        return whole(session, text).value.batch_id
    except (NothingFound, Misused):
        raise
    except OperatorError:
        return text  # the coordinator does not answer; the tables may know it


def _newest(session: Session, text: str) -> str:
    day = None if text == LAST else game_date(text, "BATCH").isoformat()
    found = session.coordinator.batches(day)
    if not found and day:
        no_batch(session, f"no batch of {day}", date.fromisoformat(day), f"regen start {day} --wait")
    if not found:
        raise NothingFound("no batch on record", "regen start TODAY --wait")
    name = found[0].value.batch_id
    session.out.say(f"{text}: {name}")
    return name


def _begun(session: Session, text: str, problem: Problem) -> str:
    """The one id that begins like this."""
    day = _IN_ID.match(text)
    known = [b.value.batch_id for b in session.coordinator.batches(day[1] if day else None)]
    found = [name for name in known if name.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Misused(f"{len(found)} batches begin with {text}: {some(found)}", f"regen status {found[0]}")
    then = f"regen status --date {day[1]}" if day else "regen status"
    near = nearest(text, known)
    if not near:
        problem.next = then
        raise problem
    raise NothingFound(f"no batch {text}{the_nearest(near)}", f"regen status {near[0]}")
