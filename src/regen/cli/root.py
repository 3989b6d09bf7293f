"""The command line's root: what typer itself refuses ends like everything else, with the next command."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from regen.cli.ending import json_wanted, told
from regen.cli.strict import StrictGroup
from regen.client.errors import ExitCode, Misused
from regen.domain.nearest import nearest

#: The class of all usage errors; newer releases of typer have click inside them, under a private name.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class Root(StrictGroup):
    """The group of all commands."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 - typer's own
    ) -> Any:  # noqa: ANN401 - typer's own
        """Run; a usage error is said in the form of all other ends, and `help X` is `X --help`."""
        given = list(sys.argv[1:] if args is None else args)
        args = [*given[1:], "--help"] if given[:1] == ["help"] else given
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except UsageError as error:
            if not standalone_mode:
                raise
            context = getattr(error, "ctx", None)
            told(json_wanted(args), Misused(_message(error, context)), _command(context))
            code = ExitCode.USAGE
        except typer.Abort:
            if not standalone_mode:
                raise
            sys.stderr.write("interrupted\n")
            code = ExitCode.INTERRUPTED
        if not standalone_mode:
            return code
        sys.exit(int(code) if isinstance(code, int) else 0)

    def _main_shell_completion(self, ctx_args: Any, prog_name: str, complete_var: str | None = None) -> None:  # noqa: ANN401
        """Answer a shell that asks for completions; typer knows the shells only where it adds its own options for them."""
        if f"_{prog_name}_COMPLETE".replace("-", "_").upper() in os.environ:
            shells = importlib.import_module("typer.completion")
            shells.completion_init()
        super()._main_shell_completion(ctx_args, prog_name, complete_var)


def _command(context: Any) -> str:  # noqa: ANN401 - a context of either click
    """The command that a context is of, without `regen`."""
    return "" if context is None else " ".join(context.command_path.split()[1:])


def _message(error: Any, context: Any) -> str:  # noqa: ANN401 - of either click
    """What is wrong, with the names that are nearest to one that does not exist."""
    message = str(error.format_message())
    if type(error).__name__ == "MissingParameter":
        message = " ".join(message.split())  # click lists the choices line by line
    names = context.command.list_commands(context) if hasattr(context and context.command, "list_commands") else []
    if message.startswith("No such command") and names and "Did you mean" not in message:
        given = message.partition("'")[2].partition("'")[0]
        if near := nearest(given, names, likeness=0.5):
            message = f"{message} Did you mean {', '.join(near)}?"
    return message
