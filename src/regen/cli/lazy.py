"""The root as a shell starts it: it knows each command's line of the help, and imports a command's file when that command runs.

`commands.json` has the lines. tools/lookup_pages.py writes it from the commands themselves, and a test holds it to them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from regen.cli import adder
from regen.cli.root import Root
from regen.cli.strict import Entry

LISTED = Path(__file__).with_name("commands.json")


class LazyRoot(Root):
    """The group of all commands, each made when it is asked for."""

    @cached_property
    def listed(self) -> dict[str, dict[str, str]]:
        """What the file says of each command, in the order of the help."""
        return {entry["name"]: entry for entry in json.loads(LISTED.read_text(encoding="utf-8"))}

    def entries(self) -> Sequence[Entry]:
        """The lines of the help."""
        return [Entry(entry["name"], entry["panel"], entry["help"]) for entry in self.listed.values()]

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names, in the order of the help."""
        return list(self.listed)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # noqa: ANN401
        """A command, made from its file; None if there is none of this name."""
        if cmd_name not in self.listed:
            return None
        if cmd_name not in self.commands:
            app = typer.Typer(rich_markup_mode=None)
            # A lone command would be made the app itself.
            app.callback()(lambda: None)
            adder(self.listed[cmd_name]["module"])(app)
            self.commands.update(typer.main.get_group(app).commands)
        return self.commands[cmd_name]
