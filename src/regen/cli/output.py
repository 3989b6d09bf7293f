"""Data on stdout, words on stderr; tables for people, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from msgspec import Struct

from regen.cli.sorting import place, sorted_by
from regen.cli.tables import GAP, MARKS, Column, layout, lines
from regen.cli.times import short
from regen.client.errors import Declined, Misused
from regen.client.wording import cell, plain, some
from regen.domain.texts import visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Column", "Output", "cell", "columns", "console", "some"]

#: Wide enough that nothing is cut where no terminal says how wide it is.
UNBOUNDED = 100_000
STATES = frozenset({"status", "state", "event"})
"""Columns whose words are states."""


def columns(text: str) -> list[Column]:
    """Columns from words: `key`, `key:head`, and, for those that are no ids, dates or states, `key:head:n3`.

    `n` stands for numbers, `t` for texts that may wrap, a digit for the rank at which the column drops out on a narrow screen
    (9 first); `_` stands for a space in a head.
    """
    return [_column(word.split(":")) for word in text.split()]


def _column(parts: list[str]) -> Column:
    head = (parts[1] if len(parts) > 1 else "") or parts[0]
    flags = parts[2] if len(parts) > 2 else ""
    rank = next((int(c) for c in flags if c.isdigit()), 0)
    return Column(parts[0], head.replace("_", " "), "n" in flags, rank, "t" in flags)


class Output(Struct, frozen=True):
    """How a command speaks.

    Attributes:
        json: data as JSON instead of tables.
        yes: every question is answered with yes.
        csv: lists as CSV instead of tables.
        sort_by: the column that orders a list; a `-` before it reverses the order. Empty for the command's own order.
        verbose: on stderr, where each setting is from, and each request with its time.
    """

    json: bool = False
    yes: bool = False
    csv: bool = False
    sort_by: str = ""
    verbose: bool = False

    def say(self, text: str) -> None:
        """One line of words for people, on stderr; a line end in it is of a text that it quotes, and escaped."""
        sys.stderr.write(f"{visible(text)}\n")
        sys.stderr.flush()

    def murmur(self, text: str) -> None:
        """Words for those who want to know more, on stderr."""
        if self.verbose:
            self.say(text)

    def line(self, text: str) -> None:
        """One line of data, on stdout; a line end in it is of a text that it quotes, and escaped."""
        self.block(visible(text))

    def block(self, text: str) -> None:
        """Lines of data, on stdout. The line ends are regen's own: no text from outside stands in it as it is."""
        sys.stdout.write(f"{visible(text, lines=True)}\n")
        sys.stdout.flush()

    def dump(self, data: Any) -> None:  # noqa: ANN401
        """Data as JSON, on stdout."""
        self.block(as_text(data, indent=2))

    def show(self, data: Any, shape: Sequence[Column], rows: Iterable[Mapping[str, object]] | None = None) -> None:  # noqa: ANN401
        """Data: as JSON as it is, or as a table of its records.

        Raises:
            Misused: the list is to be sorted by a column that it does not have.
        """
        shown = list(data if rows is None else rows)
        if self.sort_by:
            at = sorted_by(self.sort_by, shape, data if isinstance(data, list) else shown)
            data = [data[n] for n in at] if isinstance(data, list) else data
            shown = [shown[n] for n in at]
        if self.json:
            self.dump(data)
        elif self.csv:
            self.spread(shape, data if isinstance(data, list) else shown)
        else:
            self.table(shape, shown)

    def spread(self, shape: Sequence[Column], records: Iterable[Mapping[str, object]]) -> None:
        """Records as CSV with a head, a line each, on stdout; unknown values are empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.key for column in shape)
        for record in records:
            values = [place(plain(record.get(column.key))) for column in shape]
            writer.writerow(value if isinstance(value, int | float) else visible(str(value)) for value in values)
        self.block(text.getvalue().removesuffix("\n"))

    def table(self, shape: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> None:
        """A table, on stdout; on a terminal, as wide as that."""
        cells = [[visible(cell(row.get(column.key))) for column in shape] for row in rows]
        if not cells:
            self.say("nothing to show")
            return
        if not sys.stdout.isatty():
            found = layout(shape, cells, UNBOUNDED)
            for pieces in lines(found, shape, cells):
                self.line(GAP.join(text for text, _ in pieces).rstrip())
            return
        _drawn(shape, [_marked(row, shape) for row in cells])

    def confirm(self, what: str, further: Sequence[str] = ()) -> None:
        """Ask before something that cannot simply be taken back; the question names what it concerns.

        Args:
            further: more lines of what it concerns.

        Raises:
            Misused: stdin is no terminal, and `--yes` was not given.
            Declined: the answer is no.
        """
        if self.yes:
            return
        if not sys.stdin.isatty():
            asked = "stdin is no terminal, so this cannot be asked: add --yes if it is meant"
            raise Misused(what, further=[*further, asked])
        if not typer.confirm("\n".join(map(visible, [what, *further, "Go on?"])), err=True):
            raise Declined("nothing was done")

    def typed(self, what: str) -> str:
        """Have something typed."""
        return str(typer.prompt(visible(what), err=True, default="", show_default=False))


def as_text(data: Any, indent: int | None = None) -> str:  # noqa: ANN401
    """Data as JSON."""
    # Of what is not shown JSON leaves DEL alone as it is; `visible` would write it as no JSON has it.
    return json.dumps(plain(data), indent=indent, default=str).replace("\x7f", "\\u007f")


def _marked(row: Sequence[str], shape: Sequence[Column]) -> list[str]:
    """The cells with a mark before each state, and moments short."""
    told = []
    for text, column in zip(row, shape, strict=True):
        if column.key in STATES and text in MARKS:
            told.append(f"{MARKS[text][0]} {text}")
        else:
            told.append(short(text) if column.key.endswith("_at") and text != "-" else text)
    return told


def _drawn(shape: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    from rich.text import Text  # noqa: PLC0415

    screen = console()
    found = layout(shape, cells, screen.width)
    for n, pieces in enumerate(lines(found, shape, cells)):
        line = Text()
        for i, (text, column) in enumerate(pieces):
            state = text.strip().partition(" ")[2]
            style = "bold" if n == 0 and found.widths else ""
            if column.key in STATES and state in MARKS:
                style = MARKS[state][1]
            line.append(text if i == 0 else f"{GAP}{text}", style)
        line.rstrip()
        screen.print(line, soft_wrap=True)
    if found.dropped:
        names = ", ".join(column.head for column in found.dropped)
        sys.stderr.write(f"not shown at {screen.width} columns: {names}; --json has all\n")


def console(*, err: bool = False) -> Console:
    """A console on stdout or stderr: colours and wrapping only where a person looks."""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False, markup=False)
    return Console(file=stream, highlight=False, width=UNBOUNDED, no_color=True, markup=False)
