"""Commands that refuse empty values, and texts that are no text.

An empty variable in a script must not mean "all", "today" or "without". Bytes that are no UTF-8 arrive as lone surrogates: no
address, header or record can hold them, only the name of a file may.

Their help is plain text by headings; boxes and colours would take longer to import than all commands together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from msgspec import Struct
from typer.core import TyperCommand, TyperGroup

_NO_TEXT = re.compile("[\ud800-\udfff]")
_FILE = "path"
"""The name of the type whose values name files."""


class Entry(Struct, frozen=True):
    """A line of the help.

    Attributes:
        name: the command's.
        panel: the heading that it stands under.
        help: its first paragraph.
    """

    name: str
    panel: str
    help: str


def entry_of(name: str, command: Any) -> Entry:  # noqa: ANN401 - a command of either click
    """The line of a command."""
    return Entry(name, getattr(command, "rich_help_panel", None) or "Commands", _first(command.help or ""))


class StrictCommand(TyperCommand):
    """A command whose options and arguments, where they are given, are not empty, and are texts."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # typer's own types
        """Look at the words before they are converted: an empty path would become the working directory."""
        refuse_unfit(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override] # noqa: ANN401
        """Its arguments and options, by heading."""
        write_parameters(self, ctx, formatter)


class StrictGroup(TyperGroup):
    """The same for the options of a group of commands."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As that of a command."""
        refuse_unfit(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override] # noqa: ANN401
        """Its options and its commands, by heading."""
        write_parameters(self, ctx, formatter)
        _write(formatter, [(entry.panel, (entry.name, entry.help)) for entry in self.entries()])

    def entries(self) -> Sequence[Entry]:
        """Its commands, as the help lists them."""
        return [entry_of(name, command) for name, command in self.commands.items() if not command.hidden]


def write_parameters(command: TyperCommand | TyperGroup, ctx: typer.Context, formatter: Any) -> None:  # noqa: ANN401
    """Write the arguments and options, those without a heading first."""
    rows = []
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            usual = "Arguments" if param.param_type_name == "argument" else "Options"
            rows.append((getattr(param, "rich_help_panel", None) or usual, record))
    _write(formatter, sorted(rows, key=lambda row: _USUAL.get(row[0], len(_USUAL))))


_USUAL = {"Arguments": 0, "Options": 1}
"""Headings that come before all others, in order."""


def _write(formatter: Any, rows: Sequence[tuple[str, tuple[str, str]]]) -> None:  # noqa: ANN401
    for head in dict.fromkeys(head for head, _ in rows):
        with formatter.section(head):
            formatter.write_dl([row for own, row in rows if own == head])


def _first(text: str) -> str:
    """The first paragraph, in one line."""
    return " ".join(text.split("\n\n", 1)[0].split())


def refuse_unfit(command: TyperCommand | TyperGroup, ctx: typer.Context, args: Sequence[str]) -> None:
    """Refuse words without a value, and values that are no text; a shell that asks for completions leaves words empty.

    Raises:
        typer.BadParameter: names the option or argument, and what is empty in it.
    """
    if ctx.resilient_parsing:
        return
    given, _, _ = command.make_parser(ctx).parse_args(args=list(args))
    for param in command.get_params(ctx):
        for text in _texts(given.get(param.name or "")):
            if not text.strip():
                raise typer.BadParameter("an empty value; leave it out if it is not meant", ctx=ctx, param=param)
            if _NO_TEXT.search(text) and param.type.name != _FILE:
                raise typer.BadParameter("not text: its bytes are not UTF-8", ctx=ctx, param=param)
            if param.multiple and not all(part.strip() for part in text.split(",")):
                raise typer.BadParameter(f"a name is empty in {text!r}", ctx=ctx, param=param)


def _texts(given: Any) -> Iterator[str]:  # noqa: ANN401 - what the parser found for one option
    if isinstance(given, str):
        yield given
    elif isinstance(given, list | tuple):
        for one in given:
            yield from _texts(one)
