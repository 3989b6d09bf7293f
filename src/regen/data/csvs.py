"""Reads data: a folder or some files, each recognised by its columns, as one body of records.

Unknown columns, unknown files and missing kinds of data are accepted and named in the report; a value that cannot be what its
column says is an `InvalidInput` that names file, line and field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from regen.data import assembling
from regen.data.aliases import FILE as ALIASES
from regen.data.aliases import Aliases, read_aliases
from regen.data.drafts import Drafts, FileReport
from regen.data.formats.shape import GAME_LOGS, INJURY_REPORTS, KINDS, PROP_LINES, SCHEDULE, SHOT_ZONES, Format, plain
from regen.data.games import Notes
from regen.data.reading import Opened
from regen.data.recognising import Found, candidates, recognised
from regen.data.slates import Game
from regen.domain.errors import InvalidInput
from regen.domain.values import replace
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

__all__ = [
    "FILES", "GAME_LOGS", "INJURY_REPORTS", "PROP_LINES", "SCHEDULE", "SHOT_ZONES", "DataFolder", "FileReport",
    "FolderReport", "folder_of", "read_folder", "read_paths",
]  # fmt: skip
FILES = (GAME_LOGS, PROP_LINES, SHOT_ZONES, INJURY_REPORTS)
"""The kinds of data without which an import says what it lacks."""


class FolderReport(Struct, frozen=True):
    """What was found, for people to read.

    Attributes:
        rows: records, by kind.
        missing_files: kinds of data that no file has.
        unknown_columns: columns that nothing reads, by file.
        absent_columns: known optional columns that are not there, by file.
        unknown_files: files that are not read, each with the reason in brackets.
        notes: rows left out or changed, and why.
        files: what each file was taken for, and what was made of its rows.
    """

    rows: dict[str, int]
    missing_files: tuple[str, ...] = ()
    unknown_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown_files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[FileReport, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person should know of the files, one sentence each."""
        said = [f"{name}: missing" for name in self.missing_files]
        said += [f"{name}: not read" for name in self.unknown_files]
        said += [f"{name}: unknown columns {', '.join(columns)}" for name, columns in self.unknown_columns.items()]
        said += [f"{name}: no columns {', '.join(columns)}" for name, columns in self.absent_columns.items()]
        for file in self.files:
            if file.format not in KINDS:
                said.append(f"{file.name}: taken for {file.format}, {file.used} of {file.makes} from {file.read} rows")
            said += [f"{file.name}: {number} rows {why} left out" for why, number in file.set_aside.items()]
            if not file.read:
                said.append(f"{file.name}: no rows below the header")
            elif not file.used:
                said.append(f"{file.name}: not one of its {file.read} rows counts")
        return (*said, *self.notes)


class DataFolder(Struct, frozen=True):
    """Everything that was read, each list in the order of dates.

    Attributes:
        games: of the schedule, if there is one.
    """

    logs: tuple[GameLog, ...]
    lines: tuple[PropLine, ...]
    zones: tuple[ShotZones, ...]
    injuries: tuple[InjuryReport, ...]
    report: FolderReport
    games: tuple[Game, ...] = ()


def read_folder(folder: Path | str) -> DataFolder:
    """Read the files of a folder.

    Raises:
        InvalidInput: there is no folder, no game logs, a required column is missing, or a value is not acceptable.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInput("data folder", f"a folder with {GAME_LOGS}.csv or .csv.gz; {root} is none")
    return read_paths([root])


def folder_of(data: DataFolder | Path | str) -> DataFolder:
    """Data that has been read, or else what a folder has; raises like `read_folder`."""
    return data if isinstance(data, DataFolder) else read_folder(data)


def read_paths(paths: Sequence[Path], taken_for: str | None = None) -> DataFolder:
    """Read folders and files together.

    Args:
        paths: files, and folders whose files are read.
        taken_for: a format for the files that are named themselves, instead of the one that is recognised.

    Raises:
        InvalidInput: as `read_folder`; and a file that is named itself is not understood.
    """
    files, unread = recognised(paths, taken_for)
    if not any(found.form.makes == GAME_LOGS for found in files):
        others = "; ".join(_unread(path, unread) for path in sorted(unread)) or "nothing else"
        raise InvalidInput(GAME_LOGS, f"box scores in {_names(paths)}, such as {GAME_LOGS}.csv; found {others}")
    aliases = Aliases()
    for path in candidates(paths):
        if path.name == ALIASES:
            aliases = read_aliases(path)
    drafts = Drafts()
    reports = [drafts.read(found.opened, found.form) for found in files]
    if not drafts.logs and not sum(r.read for r in reports if r.makes == GAME_LOGS):
        name = next(found.opened.path.name for found in files if found.form.makes == GAME_LOGS)
        raise InvalidInput(name, "rows below the header: there is none")
    return _assembled(drafts, aliases, files, reports, unread)


def _assembled(
    drafts: Drafts, aliases: Aliases, files: Sequence[Found], reports: Sequence[FileReport], unread: Mapping[Path, str]
) -> DataFolder:
    notes = Notes()
    logs, calendar = assembling.box_scores(drafts, aliases, notes)
    players = frozenset(log.player_lookup for log in logs)
    drafts.lines = assembling.renamed(drafts.lines, aliases, players, "lines", notes)
    drafts.zones = assembling.renamed(drafts.zones, aliases, players, "shot zones", notes)
    drafts.reports = assembling.renamed(drafts.reports, aliases, players, "availability reports", notes)
    games = assembling.schedule(drafts, calendar)
    teams = frozenset(log.team for log in logs) | {log.opponent for log in logs} | {g.home for g in games}
    lines = assembling.lines(drafts, notes)
    zones = assembling.zones(drafts, logs, calendar, notes)
    injuries = assembling.reports(drafts, teams | {game.away for game in games}, players, notes)
    made = {found.form.makes for found in files}
    report = FolderReport(
        rows={GAME_LOGS: len(logs), PROP_LINES: len(lines), SHOT_ZONES: len(zones), INJURY_REPORTS: len(injuries)},
        missing_files=tuple(name for name in FILES if name not in made),
        unknown_columns=_unknown_columns(files),
        absent_columns=_absent_columns(files),
        unknown_files=tuple(_unread(path, unread) for path in sorted(unread) if path.name != ALIASES),
        notes=tuple(notes.sentences),
        files=tuple(_counted(report, notes) for report in reports),
    )
    return DataFolder(logs, lines, zones, injuries, report, games)


def _counted(report: FileReport, notes: Notes) -> FileReport:
    """The report of a file with the rows that were left out when all files were put together."""
    later = {why: number for (file, why), number in notes.set_aside.items() if file == report.name}
    if not later:
        return report
    counted = dict(Counter(report.set_aside) + Counter(later))
    used = report.used - sum(later.values())
    return replace(report, used=used, set_aside=counted)


def _unread(path: Path, why: Mapping[Path, str]) -> str:
    return f"{path.name} ({why[path]})" if why[path] else path.name


def _key(found: Found) -> str:
    """A file's name in the report: that of its kind for regen's own files."""
    return found.form.name if found.form.name in KINDS else found.opened.path.name


def _unknown_columns(files: Sequence[Found]) -> dict[str, tuple[str, ...]]:
    unknown = {}
    for found in files:
        if found.form.name not in KINDS or found.opened.head is None:
            continue
        known = {plain(name) for column in found.form.columns for name in column.names} | {"market", "season"}
        if columns := tuple(name for name in found.opened.head if plain(name) not in known):
            unknown[_key(found)] = columns
    return unknown


def _absent_columns(files: Sequence[Found]) -> dict[str, tuple[str, ...]]:
    absent = {}
    for found in files:
        if columns := _lacking(found.opened, found.form):
            absent[_key(found)] = columns
    return absent


def _lacking(opened: Opened, form: Format) -> tuple[str, ...]:
    if opened.head is None or form.name not in KINDS:
        return ()
    there = {plain(name) for name in opened.head} | {plain(name) for name in form.constants}
    return tuple(
        column.names[0]
        for column in form.columns
        if column.field != "corrected_at" and not there & {plain(name) for name in column.names}
    )


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)
