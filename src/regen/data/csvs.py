"""Reads a data folder: player_game_logs, prop_lines, shot_zones and injury_reports, as .csv or .csv.gz.

Only player_game_logs is required. Unknown columns, unknown files and missing optional files are accepted and named in
the report; a value that cannot be what its column says is an `InvalidInput` that names file, line and field.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TextIO, TypeVar

from regen.data import parse
from regen.data.parse import BadValue
from regen.domain.dates import eastern_today
from regen.domain.errors import InvalidInput
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

GAME_LOGS = "player_game_logs"
PROP_LINES = "prop_lines"
SHOT_ZONES = "shot_zones"
INJURY_REPORTS = "injury_reports"
NOT_READ = frozenset({"market", "season"})
"""Columns that a file may have beside those that become fields: one chooses rows, the other follows from the date."""
FILES = (GAME_LOGS, PROP_LINES, SHOT_ZONES, INJURY_REPORTS)

Row = TypeVar("Row")
Column = tuple[str, str, Callable[[str], object], bool]
"""Field of the record, column of the file, converter, whether the column must be there."""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What was found in the folder, for people to read.

    Attributes:
        rows: rows accepted, by file.
        missing_files: optional files that are not there.
        unknown_columns: columns that nothing reads, by file.
        absent_columns: known optional columns that are not there, by file.
        unknown_files: CSV files that nothing reads.
        notes: rows left out, and why.
    """

    rows: dict[str, int]
    missing_files: tuple[str, ...] = ()
    unknown_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown_files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Everything that a folder holds, each list in the order of dates."""

    logs: tuple[GameLog, ...]
    lines: tuple[PropLine, ...]
    zones: tuple[ShotZones, ...]
    injuries: tuple[InjuryReport, ...]
    report: FolderReport


def _columns(fields: str, convert: Callable[[str], object], *, required: bool = False) -> list[Column]:
    return [(name, name, convert, required) for name in fields.split()]


_LOG_COLUMNS: list[Column] = [
    *_columns("game_date", parse.day, required=True),
    *_columns("game_id team opponent", parse.parsed_text, required=True),
    *_columns("player_lookup", parse.lookup, required=True),
    *_columns("home", parse.parsed_flag, required=True),
    *_columns("minutes", parse.minutes, required=True),
    *_columns("points", parse.count, required=True),
    *_columns("season season_type player_name nba_player_id position", parse.maybe_text),
    *_columns("starter", parse.maybe_flag),
    *_columns(
        "rebounds assists fga fgm fg3a fg3m fta ftm oreb dreb steals blocks turnovers fouls",
        parse.maybe_count,
    ),
]
_LINE_COLUMNS: list[Column] = [
    *_columns("game_date", parse.day, required=True),
    *_columns("player_lookup", parse.lookup, required=True),
    *_columns("bookmaker", parse.lower, required=True),
    *_columns("line", parse.line, required=True),
    *_columns("over_price under_price", parse.maybe_int),
    ("captured_at", "snapshot_utc", parse.maybe_moment, False),
    ("game_start", "start_utc", parse.maybe_moment, False),
]
_ZONES = "above_break3 backcourt corner3 midrange paint_nonra paint_ra".split()  # noqa: SIM905
_ZONE_COLUMNS: list[Column] = [
    *_columns("game_date", parse.day, required=True),
    *_columns("game_id", parse.parsed_text, required=True),
    *_columns("player_lookup", parse.lookup, required=True),
    *_columns(" ".join(f"{zone}_{what}" for what in ("fga", "fgm") for zone in _ZONES), parse.count, required=True),
]
_INJURY_COLUMNS: list[Column] = [
    *_columns("game_date", parse.day, required=True),
    *_columns("player_lookup", parse.lookup, required=True),
    *_columns("status", parse.injury_status, required=True),
    *_columns("team reason", parse.maybe_text),
    *_columns("reported", parse.maybe_reported),
]


def read_folder(folder: Path | str) -> DataFolder:
    """Read the files of a folder.

    Raises:
        InvalidInput: there is no folder, no game logs, a required column is missing, or a value is not acceptable.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInput("data folder", f"a folder with {GAME_LOGS}.csv or .csv.gz; {root} is none")
    paths = {name: path for name in FILES if (path := _find(root, name)) is not None}
    if GAME_LOGS not in paths:
        raise InvalidInput(GAME_LOGS, f"{GAME_LOGS}.csv or {GAME_LOGS}.csv.gz in {root}")
    notes: list[str] = []
    columns = {GAME_LOGS: _LOG_COLUMNS, PROP_LINES: _LINE_COLUMNS, SHOT_ZONES: _ZONE_COLUMNS}
    columns[INJURY_REPORTS] = _INJURY_COLUMNS
    heads = {name: _head(path, columns[name]) for name, path in paths.items()}
    logs = _logs(paths[GAME_LOGS])
    lines = _lines(paths.get(PROP_LINES), notes)
    zones = _unique(_read(paths.get(SHOT_ZONES), _ZONE_COLUMNS, ShotZones), _player_date, SHOT_ZONES, notes)
    reports = _read(paths.get(INJURY_REPORTS), _INJURY_COLUMNS, InjuryReport)
    injuries = _unique(reports, lambda row: (*_player_date(row), row.reported), INJURY_REPORTS, notes)
    known = {path.name for path in paths.values()}
    others = sorted(p.name for p in root.iterdir() if p.name.endswith((".csv", ".csv.gz")) and p.name not in known)
    report = FolderReport(
        rows={GAME_LOGS: len(logs), PROP_LINES: len(lines), SHOT_ZONES: len(zones), INJURY_REPORTS: len(injuries)},
        missing_files=tuple(name for name in FILES if name not in paths),
        unknown_columns={name: unknown for name, (unknown, _) in heads.items() if unknown},
        absent_columns={name: absent for name, (_, absent) in heads.items() if absent},
        unknown_files=tuple(others),
        notes=tuple(notes),
    )
    return DataFolder(logs, lines, zones, injuries, report)


def _logs(path: Path) -> tuple[GameLog, ...]:
    defaults: dict[str, object] = {"season": None, "season_type": None}
    rows: list[GameLog] = []
    seen: set[tuple[str, str]] = set()
    for number, values in _values(path, _LOG_COLUMNS):
        values = {**defaults, **values}  # noqa: PLW2901
        values["season"] = values["season"] or parse.season_of(values["game_date"])
        values["season_type"] = values["season_type"] or "regular"
        log = GameLog(**values)  # type: ignore[arg-type]
        if (log.player_lookup, log.game_id) in seen:
            raise InvalidInput(
                f"{path.name}:{number} player_lookup", f"one row per player and game; {log.player_lookup} again"
            )
        seen.add((log.player_lookup, log.game_id))
        rows.append(log)
    rows.sort(key=lambda log: log.game_date)
    return tuple(rows)


def _lines(path: Path | None, notes: list[str]) -> tuple[PropLine, ...]:
    if path is None:
        return ()
    rows: list[PropLine] = []
    other_markets = 0
    market: Column = ("market", "market", parse.maybe_text, False)
    for _, values in _values(path, [*_LINE_COLUMNS, market]):
        if values.pop("market", None) in {None, "points"}:
            rows.append(PropLine(**values))  # type: ignore[arg-type]
        else:
            other_markets += 1
    in_utc = [number for number, row in enumerate(rows) if _is_dated_in_utc(row)]
    for number in in_utc:
        rows[number] = replace(rows[number], game_date=rows[number].game_date - timedelta(days=1))
    if in_utc:
        notes.append(f"{path.name}: {len(in_utc)} rows dated in UTC were put on the US Eastern date of their start_utc")
    if other_markets:
        notes.append(f"{path.name}: {other_markets} rows of other markets than points left out")
    return _unique(rows, lambda row: (*_player_date(row), row.bookmaker, row.line, row.captured_at), PROP_LINES, notes)


def _is_dated_in_utc(row: PropLine) -> bool:
    """Whether the date is that of the start in UTC, where US Eastern has the evening before."""
    start = row.game_start
    return start is not None and start.date() == row.game_date and eastern_today(start) < row.game_date


def _player_date(row: PropLine | ShotZones | InjuryReport) -> tuple[object, ...]:
    return (row.game_date, row.player_lookup)


def _unique(
    rows: Sequence[Row], key: Callable[[Row], tuple[object, ...]], name: str, notes: list[str]
) -> tuple[Row, ...]:
    """The last row of each key, in the order of keys' dates; how many gave way is noted."""
    last = {key(row): row for row in rows}
    if len(last) < len(rows):
        notes.append(f"{name}: {len(rows) - len(last)} rows gave way to a later row of the same key")
    return tuple(sorted(last.values(), key=lambda row: str(key(row)[0])))


def _read(path: Path | None, columns: list[Column], make: Callable[..., Row]) -> list[Row]:
    return [] if path is None else [make(**values) for _, values in _values(path, columns)]


def _find(root: Path, name: str) -> Path | None:
    for suffix in (".csv", ".csv.gz"):
        if (path := root / f"{name}{suffix}").is_file():
            return path
    return None


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(path.name, f"a readable CSV file in UTF-8: {error}") from error


def _head(path: Path, columns: list[Column]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with _open(path) as stream:
        head = [name.strip() for name in next(csv.reader(stream), [])]
    known = {column for _, column, _, _ in columns} | NOT_READ
    for _, column, _, required in columns:
        if required and column not in head:
            raise InvalidInput(f"{path.name}:1 {column}", "a column of this name")
    unknown = tuple(name for name in head if name not in known)
    return unknown, tuple(column for _, column, _, _ in columns if column not in head)


def _values(path: Path, columns: list[Column]) -> Iterator[tuple[int, dict[str, object]]]:
    with _open(path) as stream:
        reader = csv.reader(stream)
        head = [name.strip() for name in next(reader, [])]
        plan = [(name, head.index(column), convert) for name, column, convert, _ in columns if column in head]
        width = len(head)
        for row in reader:
            if not row:
                continue
            if len(row) != width:
                raise InvalidInput(f"{path.name}:{reader.line_num}", f"{width} values, found {len(row)}")
            try:
                values = {name: convert(row[index]) for name, index, convert in plan}
            except BadValue:
                _blame(path, reader.line_num, row, plan, head)
            yield reader.line_num, values


def _blame(
    path: Path, number: int, row: list[str], plan: list[tuple[str, int, Callable[[str], object]]], head: list[str]
) -> None:
    for _, index, convert in plan:
        try:
            convert(row[index])
        except BadValue as error:
            raise InvalidInput(f"{path.name}:{number} {head[index]}", f"{error}, found {row[index]!r}") from None
