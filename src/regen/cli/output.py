"""Data on stdout, words on stderr; tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from regen.client.errors import Declined, Misused
from regen.client.reader import plain
from regen.domain.texts import visible

if TYPE_CHECKING:
    from rich.console import Console

#: Wide enough that nothing is cut where no terminal says how wide it is.
UNBOUNDED = 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key in its records, the head, and whether its values are numbers."""

    key: str
    head: str = ""
    number: bool = False


def columns(text: str) -> list[Column]:
    """Columns from words: `key`, `key:head` or, for numbers, `key:head:n`; `_` stands for a space in a head."""
    parts = (word.split(":") for word in text.split())
    return [Column(p[0], ((p[1] if len(p) > 1 else "") or p[0]).replace("_", " "), "n" in p[2:]) for p in parts]


@dataclass(frozen=True, slots=True)
class Output:
    """How a command speaks.

    Attributes:
        json: data as JSON instead of tables.
        yes: every question is answered with yes.
    """

    json: bool = False
    yes: bool = False

    def say(self, text: str) -> None:
        """Words for people, on stderr."""
        sys.stderr.write(f"{visible(text, lines=True)}\n")
        sys.stderr.flush()

    def line(self, text: str) -> None:
        """A line of data, on stdout."""
        sys.stdout.write(f"{visible(text, lines=True)}\n")
        sys.stdout.flush()

    def dump(self, data: Any) -> None:  # noqa: ANN401
        """Data as JSON, on stdout."""
        # Of what is not shown JSON leaves DEL alone as it is; `visible` would write it as no JSON has it.
        self.line(json.dumps(plain(data), indent=2, default=str).replace("\x7f", "\\u007f"))

    def show(self, data: Any, shape: Sequence[Column], rows: Iterable[Mapping[str, Any]] | None = None) -> None:  # noqa: ANN401
        """Data: as JSON as it is, or as a table of its records."""
        if self.json:
            self.dump(data)
        else:
            self.table(shape, data if rows is None else rows)

    def table(self, shape: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> None:
        """A table, on stdout."""
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for column in shape:
            drawn.add_column(
                column.head, justify="right" if column.number else "left", no_wrap=not console().is_terminal
            )
        for row in rows:
            # As a text of its own, no markup is looked for in it.
            drawn.add_row(*(Text(visible(cell(row.get(column.key)))) for column in shape))
        if drawn.row_count:
            console().print(drawn)
        else:
            self.say("nothing found")

    def confirm(self, what: str) -> None:
        """Ask before something that cannot simply be taken back; the question names what it concerns.

        Raises:
            Misused: stdin is no terminal, and `--yes` was not given.
            Declined: the answer is no.
        """
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise Misused(f"{what}\nstdin is no terminal, so this cannot be asked: add --yes if it is meant")
        if not typer.confirm(f"{visible(what, lines=True)}\nGo on?", err=True):
            raise Declined("nothing was done")

    def typed(self, what: str) -> str:
        """Have something typed."""
        return str(typer.prompt(visible(what, lines=True), err=True, default="", show_default=False))


def console(*, err: bool = False) -> Console:
    """A console on stdout or stderr: colours and wrapping only where a person looks."""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False, markup=False)
    return Console(file=stream, highlight=False, width=UNBOUNDED, no_color=True, markup=False)


def cell(value: Any) -> str:  # noqa: ANN401
    """A value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if value == round(value, 3) else f"{value:.3f}"
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few of many names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
