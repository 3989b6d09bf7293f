"""Commands that refuse empty values: an empty variable in a script must not mean "all", "today" or "without"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class StrictCommand(TyperCommand):
    """A command whose options and arguments, where they are given, are not empty."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # typer's own types
        """Look at the words before they are converted: an empty path would become the working directory."""
        refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


class StrictGroup(TyperGroup):
    """The same for the options of a group of commands."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As that of a command."""
        refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


def refuse_empty(command: TyperCommand | TyperGroup, ctx: typer.Context, args: Sequence[str]) -> None:
    """Refuse words without a value; a shell that asks for completions leaves them empty.

    Raises:
        typer.BadParameter: names the option or argument, and what is empty in it.
    """
    if ctx.resilient_parsing:
        return
    given, _, _ = command.make_parser(ctx).parse_args(args=list(args))
    for param in command.get_params(ctx):
        for text in _texts(given.get(param.name or "")):
            if not text.strip():
                raise typer.BadParameter("an empty value; leave it out if it is not meant", ctx=ctx, param=param)  # type: ignore[arg-type]
            if param.multiple and not all(part.strip() for part in text.split(",")):
                raise typer.BadParameter(f"a name is empty in {text!r}", ctx=ctx, param=param)  # type: ignore[arg-type]


def _texts(given: Any) -> Iterator[str]:  # noqa: ANN401 - what the parser found for one option
    if isinstance(given, str):
        yield given
    elif isinstance(given, list | tuple):
        for one in given:
            yield from _texts(one)
