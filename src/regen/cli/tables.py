"""Tables that fit the screen: ids, dates and states stay whole, columns drop out by importance, long texts wrap.

A column whose cells and head fit is drawn as wide as it needs. Where the screen is too narrow, the columns that may go
leave first, the least important of them before the others; then texts wrap; and where even that does not do, each record
is drawn as lines of its own. Nothing is ever cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

GAP = "  "
LEAST_TEXT = 20
"""A text column narrower than this is not worth its place."""
MARKS: Mapping[str, tuple[str, str]] = {
    "promoted": ("✓", "green"),
    "done": ("✓", "green"),
    "ok": ("✓", "green"),
    "rejected": ("✗", "red"),
    "failed": ("✗", "red"),
    "FAILED": ("✗", "red"),
    "BROKEN": ("✗", "red"),
    "unreadable": ("?", "red"),
    "held": ("‖", "yellow"),
    "cancelled": ("-", "yellow"),
    "rolled_back": ("↶", "yellow"),
    "waived": ("!", "yellow"),
    "warns": ("!", "yellow"),
    **dict.fromkeys(("created", "dispatching", "running", "complete", "verifying", "promoting"), ("…", "cyan")),
}
"""A mark and a colour beside the word of a state: neither alone tells it."""


class Column(Struct, frozen=True):
    """A column of a table.

    Attributes:
        key: its values' name in the records.
        number: whether its values stand to the right.
        rank: 0 for ids, dates and states, which never leave; the larger, the sooner it does.
        text: whether its values may wrap.
    """

    key: str
    head: str = ""
    number: bool = False
    rank: int = 0
    text: bool = False


class Layout(Struct, frozen=True):
    """How a table is drawn on a screen of some width.

    Attributes:
        columns: those that are shown, in order; `dropped` those that are not.
        widths: of each shown column; empty if each record is drawn as lines of its own.
    """

    columns: tuple[Column, ...]
    dropped: tuple[Column, ...]
    widths: tuple[int, ...]


def layout(shape: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Layout:
    """Which columns are shown, and how wide.

    Args:
        rows: the cells, in the order of the columns.
    """
    natural = {
        column.key: max([len(column.head), *(len(row[i]) for row in rows)], default=0) for i, column in enumerate(shape)
    }
    shown = list(shape)
    while True:
        widths = [natural[column.key] for column in shown]
        over = sum(widths) + len(GAP) * (len(shown) - 1) - width
        if over <= 0:
            return Layout(tuple(shown), _without(shape, shown), tuple(widths))
        texts = [i for i, column in enumerate(shown) if column.text]
        give = sum(max(0, widths[i] - LEAST_TEXT) for i in texts)
        goers = [column for column in shown if column.rank]
        if give >= over and (not goers or max(goer.rank for goer in goers) <= max(shown[i].rank for i in texts)):
            return Layout(tuple(shown), _without(shape, shown), tuple(_narrowed(widths, texts, over)))
        if not goers:
            return Layout(tuple(shape), (), ())
        least = max(goers, key=lambda column: (column.rank, shown.index(column)))
        shown.remove(least)


def _without(shape: Sequence[Column], shown: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(column for column in shape if column not in shown)


def _narrowed(widths: Sequence[int], texts: Sequence[int], over: int) -> list[int]:
    """The widths with `over` taken from the texts, the widest first."""
    narrowed = list(widths)
    for _ in range(over):
        widest = max(texts, key=lambda i: narrowed[i])
        narrowed[widest] -= 1
    return narrowed


def lines(found: Layout, shape: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[list[tuple[str, Column]]]:
    """The lines of a table: pieces of text, each with its column; the heads first."""
    if not found.widths:
        yield from _records(shape, rows)
        return
    yield [
        (_padded(column.head, width, column), column) for column, width in zip(found.columns, found.widths, strict=True)
    ]
    at = [list(shape).index(column) for column in found.columns]
    for row in rows:
        wrapped = [textwrap.wrap(row[i], width) or [""] for i, width in zip(at, found.widths, strict=True)]
        for n in range(max(map(len, wrapped))):
            yield [
                (_padded(cells[n] if n < len(cells) else "", width, column), column)
                for cells, width, column in zip(wrapped, found.widths, found.columns, strict=True)
            ]


def _records(shape: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[list[tuple[str, Column]]]:
    head = max(len(column.head) for column in shape)
    for row in rows:
        for cell, column in zip(row, shape, strict=True):
            yield [(f"{column.head:{head}}", Column(column.key)), (cell, column)]
        yield []


def _padded(text: str, width: int, column: Column) -> str:
    return text.rjust(width) if column.number else text.ljust(width)
