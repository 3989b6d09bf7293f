"""`local up` and `demo`: the whole system on this machine."""

from __future__ import annotations

import typer

from regen.cli import demo, stack

PANEL = "On this machine"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The local stack: the three functions and the emulators, on loopback.")
    stack.add(group)
    app.add_typer(group, name="local", rich_help_panel=PANEL)
    demo.add(app, PANEL)
