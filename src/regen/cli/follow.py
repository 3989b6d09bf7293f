"""Following batches to their end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import typer

from regen.cli.output import columns
from regen.cli.progress import shown
from regen.cli.session import Session
from regen.cli.views import ENDS, show_batch
from regen.client.errors import Misused
from regen.client.waiting import carrier_of, wait_for, wait_for_date


def follow(
    session: Session, batch_ids: Sequence[str], *, timeout: float, good: frozenset[str] = frozenset({"promoted"})
) -> None:
    """Wait for batches with progress on stderr, then show them.

    Args:
        good: the ends that count as success.

    Raises:
        typer.Exit: with 1, if one has ended otherwise.
    """
    with shown(session.out.say) as look:
        views = wait_for(session.coordinator, batch_ids, timeout=timeout, look=look)
    _show_ends(session, views, good)


def follow_trigger(session: Session, trigger_id: str, *, timeout: float) -> None:
    """Wait for the batch that carries a coalesced trigger, and then for its end; nobody else's end counts.

    Raises:
        typer.Exit: with 1, if it was not promoted.
    """
    began = time.monotonic()
    batch_id = carrier_of(session.coordinator, trigger_id, timeout=timeout)
    session.out.say(f"carried by {batch_id}")
    follow(session, [batch_id], timeout=max(0.0, timeout - (time.monotonic() - began)))


def follow_date(session: Session, game_date: str, *, timeout: float) -> None:
    """Wait until a date is settled: no live batch, and no trigger that waits for one.

    Raises:
        Misused: the date has no batch.
        typer.Exit: with 1, if one of the batches was not promoted.
    """
    with shown(session.out.say) as look:
        views = wait_for_date(session.coordinator, game_date, timeout=timeout, look=look)
    if not views:
        raise Misused(f"no batch of {game_date}")
    _show_ends(session, views, frozenset({"promoted"}))


def _show_ends(session: Session, views: list[dict[str, Any]], good: frozenset[str]) -> None:
    if len(views) == 1:
        show_batch(session.out, views[0])
    else:
        session.out.show(views, columns(ENDS), [{**v, **v["counts"]} for v in views])
    if any(view["status"] not in good for view in views):
        raise typer.Exit(1)
