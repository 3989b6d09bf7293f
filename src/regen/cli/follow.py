"""Following batches to their end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from regen.cli.output import columns
from regen.cli.progress import shown
from regen.cli.session import Session
from regen.cli.views import ENDS, show_batch
from regen.client.errors import FellShort, Interrupted, NothingFound
from regen.client.waiting import carrier_of, wait_for, wait_for_date, wait_for_newer
from regen.domain.values import asdict

if TYPE_CHECKING:
    from regen.api.batches import WholeBatch
    from regen.client.answers import Received

PROMOTED = frozenset({"promoted"})
HELD = frozenset({"held"})
"""The success of an order that asks for a batch to be held."""


@contextmanager
def going_on(what: str, follow_again: str, end_it: str) -> Iterator[None]:
    """Say, where Ctrl-C ends the waiting, that the work itself goes on.

    Raises:
        Interrupted: with how to follow it again, and how to end it.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"{what}; follow: {follow_again}; end it: {end_it}") from None


@contextmanager
def opening(game_date: str) -> Iterator[None]:
    """Say, where Ctrl-C comes before the answer, that the order may have arrived.

    Raises:
        Interrupted: with how to see whether it did.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"the order may have arrived; see: regen status --date {game_date}") from None


def follow(session: Session, batch_ids: Sequence[str], *, timeout: float, good: frozenset[str] = PROMOTED) -> None:
    """Wait for batches with progress on stderr, then show them.

    Args:
        good: the ends that count as success.

    Raises:
        FellShort: one has ended otherwise.
        Interrupted: the person has pressed Ctrl-C; the batches go on.
    """
    first = batch_ids[0]
    with going_on("the batch goes on", f"regen wait {first}", f"regen cancel {first}"), shown(session.out.say) as look:
        views = wait_for(session.coordinator, batch_ids, timeout=timeout, look=look)
    _show_ends(session, views, good)


def follow_trigger(
    session: Session, trigger_id: str, game_date: str, *, timeout: float, good: frozenset[str] = PROMOTED
) -> None:
    """Wait for the batch that carries a coalesced trigger, and then for its end; nobody else's end counts.

    Args:
        good: the ends that count as success.

    Raises:
        FellShort: it has ended otherwise.
    """
    began = time.monotonic()
    with going_on(
        "the trigger waits for its batch", f"regen wait --date {game_date}", f"regen status --date {game_date}"
    ):
        batch_id = carrier_of(session.coordinator, trigger_id, timeout=timeout)
    session.out.say(f"carried by {batch_id}")
    follow(session, [batch_id], timeout=max(0.0, timeout - (time.monotonic() - began)), good=good)


def follow_date(session: Session, game_date: str, *, timeout: float) -> None:
    """Wait until a date is settled: no live batch, and no trigger that waits for one.

    Raises:
        NothingFound: the date has no batch.
        FellShort: one of the batches was not promoted.
    """
    views = _settled(session, game_date, None, timeout=timeout)
    if not views:
        raise NothingFound(f"no batch of {game_date}", f"regen start {game_date} --wait")
    _show_ends(session, views, PROMOTED)


def follow_scan(session: Session, game_dates: Sequence[date], since: datetime, *, timeout: float) -> None:
    """Wait until each date of which a scan has asked for a regeneration has got it and is settled.

    Args:
        since: when the newest batch was created before the scan, by the coordinator's clock.

    Raises:
        FellShort: one of the batches was not promoted.
        StillLive: a date had no batch in time, or is not settled.
    """
    short: list[str] = []
    for day in game_dates:
        views = [one.value for one in _settled(session, str(day), since, timeout=timeout)]
        ends = ", ".join(f"{view.batch_id} is {view.status}" for view in views)
        session.out.say(f"{day}: {ends}")
        short += [view.batch_id for view in views if view.status not in PROMOTED]
    if short:
        raise FellShort(next_=f"regen status {short[0]}")


def _settled(
    session: Session, game_date: str, since: datetime | None, *, timeout: float
) -> Sequence[Received[WholeBatch]]:
    """The batches of a date once it is settled.

    Args:
        since: a moment after which one has to be created first; None where that is not waited for.
    """
    began = time.monotonic()
    with going_on("the batches go on", f"regen wait --date {game_date}", f"regen status --date {game_date}"):
        if since is not None:
            wait_for_newer(session.coordinator, game_date, since, timeout=timeout)
        left = max(0.0, timeout - (time.monotonic() - began))
        with shown(session.out.say) as look:
            return wait_for_date(session.coordinator, game_date, timeout=left, look=look)


def _show_ends(session: Session, views: Sequence[Received[WholeBatch]], good: frozenset[str]) -> None:
    from regen.client.standing import facts_of  # noqa: PLC0415
    from regen.domain.next_steps import next_commands  # noqa: PLC0415

    if len(views) == 1:
        show_batch(session.out, views[0], closes=False)
    else:
        rows = [{**one.record, **asdict(one.value.counts)} for one in views]
        session.out.show([one.record for one in views], columns(ENDS), rows)
    short = [one.value for one in views if one.value.status not in good]
    if short:
        raise FellShort(next_=next_commands(facts_of(short[0]))[0])
    if len(views) == 1:
        session.out.say(f"next: {next_commands(facts_of(views[0].value))[0]}")
