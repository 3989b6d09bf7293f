"""What a format declares: the columns that regen takes, what is peculiar to it, and how its rows become those of a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

GAME_LOGS = "player_game_logs"
PROP_LINES = "prop_lines"
SHOT_ZONES = "shot_zones"
INJURY_REPORTS = "injury_reports"
SCHEDULE = "schedule"
KINDS = (GAME_LOGS, PROP_LINES, SHOT_ZONES, INJURY_REPORTS, SCHEDULE)

Values = dict[str, Any]
"""One row by field, converted."""
Numbered = tuple[int, Values]
Record = Mapping[str, object]


class Source(Struct):
    """A file while it is read.

    Attributes:
        name: of the file, as messages have it.
        set_aside: rows that are left out, by reason.
    """

    name: str
    set_aside: Counter[str] = field(default_factory=Counter)


class Column(Struct, frozen=True):
    """A column of a file.

    Attributes:
        field: what it fills.
        names: its spellings, the vendor's first; upper and lower case, blanks and underscores are the same.
        convert: turns its text into the value.
        required: whether the format is not itself without it.
    """

    field: str
    names: tuple[str, ...]
    convert: Callable[[str], object]
    required: bool = False


def plain_rows(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    """The rows as they are: one row of the file is one of the record."""
    yield from rows


def as_it_is(head: tuple[str, ...]) -> tuple[str, ...]:
    """The header as it is."""
    return head


def no_skip(*_: str) -> str | None:
    """No row is left out."""
    return None


class Format(Struct, frozen=True):
    """A shape in which people have data.

    Attributes:
        name: for `--as`.
        title: for people.
        makes: the kind of record.
        columns: what is taken.
        marks: columns by which the format is known, beside those it requires.
        never: columns that a file of the format does not have; one that has them is of another.
        headed: the header with names for columns that have none.
        taken: what is taken from where, where a column's name does not say it.
        missing: what regen wants and the format does not have.
        skip_by: fields whose texts tell whether a row is left out.
        skip: why a row is left out, by those texts; None if it is not.
        rows: makes the record's rows from the file's: pairs sides, adds up shots, fills in what follows from a field.
        records: the rows of a JSON document of this shape; None if the document has another.
        play: columns of which one tells plays apart: where a file has it, a row that is there again counts once.
        json_only: whether a CSV file is never of this format.
        constants: values of columns that a file does not have, from a mapping.
    """

    name: str
    title: str
    makes: str
    columns: tuple[Column, ...]
    marks: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    headed: Callable[[tuple[str, ...]], tuple[str, ...]] = as_it_is
    taken: tuple[str, ...] = ()
    missing: str = ""
    skip_by: tuple[str, ...] = ()
    skip: Callable[..., str | None] = no_skip
    rows: Callable[[Iterable[Numbered], Source], Iterator[Numbered]] = plain_rows
    records: Callable[[Any], Iterable[Record] | None] | None = None
    play: tuple[str, ...] = ()
    json_only: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)

    def wanting(self, head: Iterable[str]) -> tuple[str, ...]:
        """The names of required columns that a header lacks."""
        there = {plain(name) for name in head} | {plain(name) for name in self.constants}
        return tuple(c.names[0] for c in self.columns if c.required and not there & {plain(name) for name in c.names})

    def plays(self, head: Iterable[str]) -> bool:
        """Whether a file with this header tells plays apart."""
        return not {plain(name) for name in head}.isdisjoint(plain(name) for name in self.play)

    def fits(self, head: Iterable[str]) -> int:
        """How many columns tell that a header is this format's; 0 if it is not."""
        there = {plain(name) for name in head}
        if not all(plain(mark) in there for mark in self.marks) or self.wanting(there):
            return 0
        if any(plain(name) in there for name in self.never):
            return 0
        return len(self.marks) + sum(column.required for column in self.columns)


def plain(name: str) -> str:
    """A column's name without what spellings differ in."""
    return name.strip().lower().replace(" ", "_")


def columns(fields: str, convert: Callable[[str], object], *, required: bool = False) -> tuple[Column, ...]:
    """Columns from words: `field`, or `field=name|other name` with `_` for a blank."""
    found = []
    for word in fields.split():
        name, _, spellings = word.partition("=")
        found.append(Column(name, tuple((spellings or name).split("|")), convert, required))
    return tuple(found)
