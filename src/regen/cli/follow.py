"""Following batches to their end."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from regen.cli.output import columns
from regen.cli.progress import shown
from regen.cli.session import Session
from regen.cli.views import ENDS, show_batch
from regen.client.waiting import wait_for


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
    if len(views) == 1:
        show_batch(session.out, views[0])
    else:
        session.out.show(views, columns(ENDS), [{**v, **v["counts"]} for v in views])
    if any(view["status"] not in good for view in views):
        raise typer.Exit(1)
