"""Reads the rows of one recognised file into records, and keeps from where each came."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from regen.data import parse
from regen.data.formats.shape import GAME_LOGS, INJURY_REPORTS, PROP_LINES, SHOT_ZONES, Format, Source, Values, plain
from regen.data.parse import BadValue
from regen.data.reading import Opened, table_of
from regen.data.slates import Game
from regen.domain.errors import InvalidInput
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

_LINE = PropLine.__struct_fields__
_SEASON = re.compile(r"\d{4}-\d{2}")


class LogDraft(Struct, frozen=True):
    """A box score before it is known of which game it is.

    Attributes:
        home: None where the file does not say.
        corrected_at: when the row was made, where the file says.
    """

    log: GameLog
    home: bool | None
    file: str
    line: int
    corrected_at: datetime | None = None


class FileReport(Struct, frozen=True):
    """What was made of one file.

    Attributes:
        name: of the file.
        format: what it was taken for.
        makes: the kind of record.
        read: rows that it has.
        used: rows, or what was made of several, that count.
        set_aside: rows that do not, by reason.
    """

    name: str
    format: str
    makes: str
    read: int
    used: int
    set_aside: Mapping[str, int] = field(default_factory=dict)


class Drafts(Struct):
    """The records of all files, in the order in which they were read."""

    logs: list[LogDraft] = field(default_factory=list)
    lines: list[PropLine] = field(default_factory=list)
    zones: list[ShotZones] = field(default_factory=list)
    reports: list[InjuryReport] = field(default_factory=list)
    games: list[Game] = field(default_factory=list)

    def read(self, opened: Opened, form: Format) -> FileReport:
        """Take in one file.

        Raises:
            InvalidInput: a value cannot be what its column says.
        """
        source = Source(opened.path.name)
        counted = [0]
        used = 0
        for number, values in form.rows(_converted(opened, form, source, counted), source):
            self._add(form.makes, number, values, source.name)
            used += 1
        return FileReport(source.name, form.name, form.makes, counted[0], used, dict(source.set_aside))

    def _add(self, kind: str, number: int, values: Values, file: str) -> None:
        if kind == GAME_LOGS:
            self._add_log(number, values, file)
        elif kind == PROP_LINES:
            self.lines.append(PropLine(**{name: values[name] for name in _LINE if name in values}))
        elif kind == SHOT_ZONES:
            self.zones.append(ShotZones(**values))
        elif kind == INJURY_REPORTS:
            self.reports.append(InjuryReport(**values))
        else:
            self.games.append(_game(values))

    def _add_log(self, number: int, values: Values, file: str) -> None:
        corrected, home = values.pop("corrected_at", None), values.pop("home", None)
        played = values["game_date"]
        season = values.get("season")
        if not season or not _SEASON.fullmatch(season):
            values["season"] = parse.season_of(played)
        game_id = values["game_id"] = values.get("game_id") or ""
        values["season_type"] = values.get("season_type") or parse.kind_of_game(game_id) or "regular"
        self.logs.append(LogDraft(GameLog(home=bool(home), **values), home, file, number, corrected))


def sample(opened: Opened, form: Format, number: int) -> list[Values]:
    """The first rows of a file as regen reads them."""
    found: list[Values] = []
    for _, values in form.rows(_converted(opened, form, Source(opened.path.name), [0]), Source(opened.path.name)):
        found.append(values)
        if len(found) == number:
            break
    return found


def mapped(head: Iterable[str], form: Format) -> dict[str, str | None]:
    """By field the column of this file that fills it; None where it has none."""
    there = {plain(name): name for name in reversed(list(head))}
    found: dict[str, str | None] = {}
    for column in form.columns:
        name = next((there[plain(n)] for n in column.names if plain(n) in there), None)
        found[column.field] = name or found.get(column.field)
    return found


def table(opened: Opened, form: Format) -> tuple[tuple[str, ...], Iterable[tuple[int, list[str]]]]:
    """Header and rows of a file, whichever kind of file it is."""
    records = form.records(opened.document) if form.records and opened.document is not None else None
    if records is not None:
        return table_of(records)
    if opened.head is None or form.json_only:
        raise InvalidInput(opened.path.name, f"a JSON document of {form.title}")
    return form.headed(opened.head), opened.rows()


def _converted(opened: Opened, form: Format, source: Source, counted: list[int]) -> Iterator[tuple[int, Values]]:
    head, rows = table(opened, form)
    if missing := form.wanting(head):
        if opened.head is None and not head:
            return
        raise InvalidInput(
            f"{source.name}:1 {', '.join(missing)}",
            f"a column of this name each; the file has {', '.join(head) or 'no columns'}",
        )
    places = {plain(name): index for index, name in reversed(list(enumerate(head)))}
    fixed = [(c.field, _constant(source, c.names, c.convert, form)) for c in form.columns if _is_fixed(c.names, form)]
    plan = [
        (column.field, place, column.convert)
        for column in form.columns
        if (place := next((places[plain(n)] for n in column.names if plain(n) in places), None)) is not None
    ]
    seats = {name: place for name, place, _ in reversed(plan)}
    plays = _Plays(source) if form.plays(head) else None
    skipping = [seats.get(name) for name in form.skip_by]
    texts = {name: value for column in form.columns for name, value in _given(column.names, column.field, form)}
    for number, row in rows:
        counted[0] += 1
        if skipping:
            said = [texts.get(n, "") if i is None else row[i] for n, i in zip(form.skip_by, skipping, strict=True)]
            if (reason := form.skip(*said)) is not None:
                source.set_aside[reason] += 1
                continue
        if plays is not None and plays.is_again(row):
            continue
        try:
            values = {name: convert(row[index]) for name, index, convert in plan}
        except BadValue:
            _blame(source.name, number, row, plan, head)
        if fixed:
            values.update((name, value) for name, value in fixed if values.get(name) is None)
        yield number, values


class _Plays:
    """The rows of a file that tells plays apart: one that is there again is known."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen: set[int] = set()

    def is_again(self, row: Sequence[str]) -> bool:
        """Whether the row was there before; if so, it is counted."""
        play = hash(tuple(row))
        again = play in self._seen
        self._seen.add(play)
        if again:
            self._source.set_aside["there twice"] += 1
        return again


def _is_fixed(names: tuple[str, ...], form: Format) -> bool:
    return any(name in form.constants for name in names)


def _given(names: tuple[str, ...], field_: str, form: Format) -> Iterator[tuple[str, str]]:
    yield from ((field_, form.constants[name]) for name in names if name in form.constants)


def _constant(source: Source, names: tuple[str, ...], convert: Callable[[str], object], form: Format) -> object:
    name = next(name for name in names if name in form.constants)
    try:
        return convert(form.constants[name])
    except BadValue as error:
        raise InvalidInput(f"{source.name} {name}", f"{error}, found {form.constants[name]!r} in the mapping") from None


def _blame(file: str, number: int, row: list[str], plan: list[tuple[str, int, Any]], head: tuple[str, ...]) -> None:
    for _, index, convert in plan:
        try:
            convert(row[index])
        except BadValue as error:
            raise InvalidInput(f"{file}:{number} {head[index]}", f"{error}, found {row[index]!r}") from None


def _game(values: Values) -> Game:
    day, home, away = values["game_date"], values["home"], values["away"]
    game_id = values.get("game_id") or f"{day:%Y%m%d}-{away}@{home}"
    return Game(game_id, day, home, away, values.get("start"))
