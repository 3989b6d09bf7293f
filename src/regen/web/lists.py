"""What a list is asked for in the query string: filters, a limit, a cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from regen.domain import ids
from regen.domain.backfill import BackfillStatus
from regen.domain.batch import Status
from regen.domain.dates import parse_game_date
from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest, the_nearest
from regen.services.views.backfill_view import MAX_LISTED as MAX_BACKFILLS
from regen.services.views.backfill_view import BackfillFilter
from regen.services.views.batch_view import MAX_LISTED, Filter
from regen.services.views.changed_inputs import MOST_BATCHES
from regen.web.http import Call

MAX_TRIGGER_ID = 300
_NUMBER = re.compile(r"[0-9]{1,3}")


def asked_batches(call: Call) -> tuple[Filter, int, str | None]:
    """The filter, the limit and the cursor of `GET /batches`.

    Raises:
        InvalidInput: names the parameter that is wrong.
    """
    day, trigger_id = call.query("game_date"), call.query("trigger_id")
    if day is not None:
        parse_game_date(day)
    if trigger_id is not None and not 0 < len(trigger_id) <= MAX_TRIGGER_ID:
        raise InvalidInput("trigger_id", f"1 to {MAX_TRIGGER_ID} characters")
    first, last = _span(call)
    if first is not None and day is not None:
        raise InvalidInput("game_date", "not to be given beside `from` and `to`")
    wanted = Filter(day, first, last, _statuses(call.query("status"), Status), trigger_id)
    return wanted, asked_limit(call, MAX_LISTED), _cursor(call)


def asked_backfills(call: Call) -> tuple[BackfillFilter, int, str | None]:
    """The filter, the limit and the cursor of `GET /backfills`.

    Raises:
        InvalidInput: names the parameter that is wrong.
    """
    first, last = _span(call)
    wanted = BackfillFilter(first, last, _statuses(call.query("status"), BackfillStatus))
    return wanted, asked_limit(call, MAX_BACKFILLS), _cursor(call)


def asked_before(call: Call) -> tuple[str, ...]:
    """The earlier batches of `GET /batches/{id}/changed-inputs`.

    Raises:
        InvalidInput: none is named, too many are, or one is no id.
    """
    names = tuple(dict.fromkeys((call.query("before") or "").split(",")))
    if len(names) > MOST_BATCHES or not all(map(ids.is_document_id, names)):
        raise InvalidInput("before", f"1 to {MOST_BATCHES} ids of batches, joined by commas")
    return names


def _span(call: Call) -> tuple[date, date] | tuple[None, None]:
    first, last = call.query("from"), call.query("to")
    if first is None and last is None:
        return None, None
    named = [parse_game_date(text, field=name) for text, name in ((first, "from"), (last, "to")) if text is not None]
    begin, end = named[0], named[-1]
    if end < begin:
        raise InvalidInput("to", "a date from `from` on")
    return begin, end


def _statuses(text: str | None, known: Iterable[str]) -> tuple[str, ...]:
    if text is None:
        return ()
    names, found = tuple(known), tuple(dict.fromkeys(text.split(",")))
    for status in found:
        if status not in names:
            near = the_nearest(nearest(status[:50], names))
            raise InvalidInput("status", f"one of {', '.join(names)}, or several with commas{near}")
    return found


def asked_limit(call: Call, most: int) -> int:
    """The limit of a list, `most` if it is not asked for.

    Raises:
        InvalidInput: it is no number, or out of bounds.
    """
    limit = call.query("limit") or str(most)
    if not _NUMBER.fullmatch(limit) or not 1 <= int(limit) <= most:
        raise InvalidInput("limit", f"a whole number from 1 to {most}")
    return int(limit)


def _cursor(call: Call) -> str | None:
    cursor = call.query("cursor")
    if cursor is not None and not ids.is_document_id(cursor):
        raise InvalidInput("cursor", "`next` of an earlier answer")
    return cursor
