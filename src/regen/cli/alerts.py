"""`alerts`: what was raised, what of it is still so, and what ended the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.cli.times import short

if TYPE_CHECKING:
    from regen.api.alerts import Alert
    from regen.client.answers import Received

PANEL = "Batches"
LIST = "raised_at:raised type state game_date:date::1 severity::5 why::t3 ended::t4 look:next:t6"
MOST = 200


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "alerts", example="alerts --open", panel=PANEL)(alerts)


def alerts(
    session: Session,
    only_open: Annotated[bool, typer.Option("--open", help="Only those whose cause lasts.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="At most so many, newest first.")] = 50,
) -> None:
    """The alerts that were raised: open ones, what ended the others, and what was only noted."""
    found = session.coordinator.alerts(limit, only_open=only_open)
    session.out.show([one.record for one in found], columns(LIST), [_shown(alert) for alert in found])
    if not session.out.json:
        number = sum(one.value.state == "open" for one in found)
        session.out.line(
            f"{number} of {len(found)} alerts are open" if found else "no alert" + (" is open" if only_open else "")
        )


def _shown(received: Received[Alert]) -> dict[str, object]:
    alert = received.value
    ended = f"{short(alert.resolved_at)}: {alert.resolved_why}" if alert.resolved_at else None
    return {**received.record, "raised_at": short(alert.raised_at), "ended": ended}
