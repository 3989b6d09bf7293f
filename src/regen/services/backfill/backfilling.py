"""Backfills: a range of dates, one batch each, without a process that has to stay alive.

The next step follows from the record and the batches that it names. `advance` reads both and takes the step. It is called
by a message that the end of each batch sends, and by the sweep for every live backfill; any number of calls may run at
once. A date is claimed (`opening`) before its batch is opened, under a key made of backfill, date and attempt. A later call
that finds the claim opens the same batch again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct, field

from regen.api.forms import Form
from regen.domain import ids
from regen.domain.backfill import (
    DEFAULT_CONCURRENT,
    MAX_CONCURRENT,
    Backfill,
    BackfillDate,
    BackfillStatus,
    DateStatus,
    Only,
    backfill_entry,
    next_dates,
    ordered,
    planned,
    range_of,
)
from regen.domain.batch import Kind
from regen.domain.errors import (
    AlreadyExists,
    InvalidInput,
    NobodyRequested,
    NoSlate,
    NoSuchBackfill,
    Refused,
    RegenError,
)
from regen.domain.trigger import Source, Trigger
from regen.domain.values import replace
from regen.ports import Write
from regen.services.backfill import settling
from regen.services.backfill.changes import change_backfill, read_backfill
from regen.services.batch import opening
from regen.services.state import outbox
from regen.services.state.deps import Deps
from regen.services.state.documents import encode_backfill
from regen.services.state.halts import closed
from regen.services.state.idempotency import IdempotencyKey, claims, is_known, recall
from regen.services.state.messages import wake_item
from regen.services.state.paths import backfill_path

log = logging.getLogger(__name__)


class Made(msgspec.Struct):
    """What the key of a backfill is answered."""

    backfill_id: str


_MADE = Form(Made)


class Wanted(Struct, frozen=True):
    """The parameters of a new backfill."""

    first: date
    last: date
    reason: str
    caller: str
    only: Only = Only.ALL
    backwards: bool = False
    max_concurrent: int = DEFAULT_CONCURRENT
    metadata: Mapping[str, Any] = field(default_factory=dict)
    person: str | None = None


def plan(deps: Deps, wanted: Wanted) -> tuple[BackfillDate, ...]:
    """The plan for each date; nothing is written."""
    if not 1 <= wanted.max_concurrent <= MAX_CONCURRENT:
        raise InvalidInput("max_concurrent_dates", f"a whole number from 1 to {MAX_CONCURRENT}")
    dates = range_of(wanted.first, wanted.last, backwards=wanted.backwards)
    survey = {s.game_date: s for s in deps.books.survey(wanted.first, wanted.last)}
    unpromoted: set[date] = set()
    if wanted.only is Only.FAILED:
        unpromoted = settling.unpromoted(deps, wanted.first, wanted.last)
    return planned(dates, survey, wanted.only, unpromoted, deps.config.thresholds["coverage_pct"])


def known(deps: Deps, key: IdempotencyKey | None) -> Backfill | None:
    """The backfill that this idempotency key created earlier, if any.

    Raises:
        KeyReused: the key came with another body.
    """
    answer = recall(deps, key, _MADE)
    return read_backfill(deps, answer.backfill_id)[0] if answer else None


def create(deps: Deps, wanted: Wanted, key: IdempotencyKey | None = None) -> Backfill:
    """Create the record of a backfill, and start it: it continues without further calls.

    Raises:
        KeyReused: the key came with another body.
    """
    if before := known(deps, key):
        return before
    now = deps.clock.now()
    backfill = Backfill(
        backfill_id=f"backfill_{wanted.first.isoformat()}_{wanted.last.isoformat()}_{deps.ids.suffix()}",
        first=wanted.first,
        last=wanted.last,
        reason=ids.checked_reason(wanted.reason),
        status=BackfillStatus.RUNNING,
        dates=plan(deps, wanted),
        created_by=wanted.caller,
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=deps.config.retention_days),
        only=wanted.only,
        backwards=wanted.backwards,
        max_concurrent=wanted.max_concurrent,
        metadata=wanted.metadata,
        on_behalf_of=wanted.person,
    ).changed(now, ())
    name = backfill.backfill_id
    items = [
        outbox.audit_item(backfill_entry(backfill, "created", wanted.caller, now, person=wanted.person)),
        wake_item(name, "created", now, name),
    ]
    record = Write("create", backfill_path(name), encode_backfill(backfill))
    try:
        deps.store.commit([record, *outbox.put(items), *claims(deps, key, Made(name))])
    except AlreadyExists:
        if not (before := known(deps, key)):
            raise
        return before  # two concurrent calls with the same key
    outbox.deliver(deps, name)
    return backfill


def order(
    deps: Deps,
    backfill_id: str,
    word: str,
    caller: str,
    *,
    person: str | None = None,
    why: str | None = None,
    key: IdempotencyKey | None = None,
    dry_run: bool = False,
) -> Backfill:
    """Pause, resume or cancel a backfill. Batches under way run to their end in any case.

    Args:
        person: the person behind the caller.
        why: the reason, for the audit.
        key: repeated orders with the same key are carried out once.
        dry_run: return the backfill as it would be afterwards; write nothing.

    Raises:
        NoSuchBackfill: no backfill has that id.
        Refused: the backfill has ended.
    """

    def change(known: Backfill) -> tuple[Backfill, Sequence[Write]]:
        if is_known(deps, key):
            return known, ()
        now = deps.clock.now()
        after = ordered(known, word, now)
        because = f"{word} {now.isoformat()}"
        items = [
            outbox.audit_item(backfill_entry(after, after.status.value, caller, now, why, person)),
            wake_item(backfill_id, because, now, backfill_id),
        ]
        return after, [*outbox.put(items), *claims(deps, key, Made(backfill_id))]

    if dry_run:
        return change(read_backfill(deps, backfill_id)[0])[0]
    after = change_backfill(deps, backfill_id, change)
    outbox.deliver(deps, backfill_id)
    return after


def advance(deps: Deps, backfill_id: str) -> Backfill | None:
    """Take the next step: note which batches have ended, claim the next dates, open their batches.

    Returns:
        The backfill afterwards; None if no backfill has that id.

    Raises:
        Unavailable: a dependency failed, or a table is missing. Completed steps are kept; the next call continues.
    """
    blocked: dict[date, str] = {}
    try:
        dates = read_backfill(deps, backfill_id)[0].dates
        if why := closed(deps):
            blocked |= {day.game_date: why for day in dates}
        backfill = _claim(deps, backfill_id, blocked)
    except NoSuchBackfill:
        return None
    while claimed := [d for d in backfill.dates if d.status is DateStatus.OPENING]:
        for day in claimed:
            if read_backfill(deps, backfill_id)[0].date_of(day.game_date) == day:  # still unopened
                _open(deps, backfill, day, blocked)
        backfill = _claim(deps, backfill_id, blocked)
    return backfill


def _claim(deps: Deps, backfill_id: str, blocked: Mapping[date, str]) -> Backfill:
    """Note the dates that have ended, and claim the next ones, in one conditional write."""

    def change(known: Backfill) -> tuple[Backfill, Sequence[Write]]:
        now = deps.clock.now()
        ended = settling.settled(deps, known, now)
        after = known.changed(now, ended) if ended else known
        claims = [replace(d, status=DateStatus.OPENING, started_at=now, why=None) for d in next_dates(after, blocked)]
        return (after.changed(now, claims) if claims else after), ()

    return change_backfill(deps, backfill_id, change)


def _open(deps: Deps, backfill: Backfill, day: BackfillDate, blocked: dict[date, str]) -> None:
    """Open the batch of a claimed date, and record the result."""
    name = backfill.trigger_of(day)
    trigger = Trigger(
        trigger_id=name,
        game_date=day.game_date,
        kind=Kind.REGENERATION,
        reason=backfill.reason,
        source=Source.BACKFILL,
        triggered_by=backfill.created_by,
        on_behalf_of=backfill.on_behalf_of,
        at=deps.clock.now(),
        metadata={**backfill.metadata, "backfill_id": backfill.backfill_id},
        backfill_id=backfill.backfill_id,
    )
    try:
        answer = opening.open_batch(deps, trigger, IdempotencyKey("backfill", name, backfill.reason))
        came = replace(day, status=DateStatus.RUNNING, batch_id=answer.batch_id)
        came = replace(came, trouble_since=None, requested=answer.requested_players, requests=answer.requests)
    except Refused as error:
        blocked[day.game_date] = str(error)
        came = replace(day, status=DateStatus.WAITING, why=str(error), started_at=None)
    except (NoSlate, NobodyRequested) as error:
        blocked[day.game_date] = str(error)
        came = day.without_slate(str(error), deps.clock.now())
    except InvalidInput as error:
        log.warning("%s: %s", name, error, extra={"action": "backfill"})
        came = replace(day, status=DateStatus.FAILED, why=str(error), ended_at=deps.clock.now())
    except Exception as error:
        log.warning("%s: %s", name, error, extra={"action": "backfill"}, exc_info=not isinstance(error, RegenError))
        blocked[day.game_date] = str(error)
        came = day.in_trouble(f"{type(error).__name__}: {error}"[:500], deps.clock.now())

    def change(known: Backfill) -> tuple[Backfill, Sequence[Write]]:
        now = known.date_of(day.game_date)
        dropped = now.status is DateStatus.CANCELLED and now.batch_id is None
        if now != day and not (dropped and came.batch_id):
            return known, ()  # another instance has noted it
        # A slow call may open its batch after the date was cancelled: the record must name that batch.
        return known.changed(deps.clock.now(), [came]), ()

    change_backfill(deps, backfill.backfill_id, change)
