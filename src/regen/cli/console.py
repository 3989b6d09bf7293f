"""`console`: the pages that show what is going on, and from which orders are given, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli.session import Session, command
from regen.domain.addresses import on_loopback

if TYPE_CHECKING:
    from regen.console.serve import LoopbackConsole

PANEL = "On this machine"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "console", example="console --port 8765", json_flag=False, panel=PANEL)(console)


def console(
    session: Session,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="A port of loopback; 0 is a free one.")] = 0,
) -> None:
    """Serve the console on 127.0.0.1 until Ctrl-C; its link is good for one browser."""
    served = made(session, port)
    session.out.line(f"console: {served.link}")
    served.run()


def made(session: Session, port: int = 0) -> LoopbackConsole:
    """A console with this command's own rights."""
    from regen.console.serve import LoopbackConsole, target_of  # noqa: PLC0415

    settings = session.settings
    coordinator = session.coordinator
    target = target_of(coordinator.url, settings.project, is_local=on_loopback(coordinator.url))
    return LoopbackConsole(coordinator, session.reader, target, port)
