"""`explain`: what a check, a state or a reason means, and what to do. Needs no system."""

from __future__ import annotations

from typing import Annotated

import typer

from regen.cli import completing
from regen.cli.session import Session, command
from regen.client.errors import NothingFound
from regen.domain.nearest import nearest, the_nearest

PANEL = "Help"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain", example="explain coverage", panel=PANEL)(explain)


def explain(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(
            metavar="CHECK|STATE|REASON",
            autocompletion=completing.explainable,
            help="As `regen status BATCH` shows it.",
        ),
    ],
) -> None:
    """Say what a check, a state or a reason means, and what to do."""
    from regen.client.explaining import explained, explanations  # noqa: PLC0415

    found = explanations(name.strip().casefold())
    if not found:
        near = nearest(name, {one.name for one in explained()})
        raise NothingFound(
            f"no check, state or reason is called {name}{the_nearest(near)}",
            f"regen explain {near[0]}" if near else "regen help explain",
        )
    if session.out.json:
        session.out.dump([{"name": one.name, "kind": one.kind, "text": one.text} for one in found])
        return
    for n, one in enumerate(found):
        if n:
            session.out.line("")
        session.out.block(one.text)
