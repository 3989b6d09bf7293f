"""What an import would do, before it writes: which dates each table gets anew, with how many rows, and who has no game."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from msgspec import Struct

from regen.data.csvs import INJURY_REPORTS, PROP_LINES, SCHEDULE, DataFolder
from regen.data.gamedays import slate_days
from regen.data.import_options import ImportOptions
from regen.data.input_rows import FEATURES, HISTORY, LINES, PENDING, SLATES
from regen.data.slates import UNKNOWN, Game
from regen.domain.values import replace
from regen.features.records import InjuryReport, PropLine

_LINE_FIELDS = ("game_date", "player_lookup", "bookmaker", "line", "over_price", "under_price", "captured_at")
_SLATE_FIELDS = (
    "game_date", "game_id", "player_lookup", "team_abbr", "opponent_team_abbr", "home_game", "game_start", "player_status",
    "injury_report", "created_at",
)  # fmt: skip


class Standing(Protocol):
    """What the tables hold now."""

    def held(self, table: str, dates: Collection[date]) -> int:
        """How many rows of these dates a table has."""
        ...

    def rows(self, table: str, columns: Sequence[str], dates: Collection[date]) -> Sequence[Mapping[str, Any]]:
        """The rows of these dates."""
        ...


class TablePlan(Struct, frozen=True):
    """What one table gets.

    Attributes:
        dates: that are replaced.
        gains: rows that come.
        loses: rows that are there of these dates now; None if they were not counted.
    """

    table: str
    dates: tuple[date, ...]
    gains: int
    loses: int | None = None


class ImportPlan(Struct, frozen=True):
    """What an import would do.

    Attributes:
        dates: with slates.
        games: of these dates.
        placed: lines that count and whose players are in one of the games.
        unplaced: lines whose players are in none.
        tables: one each.
    """

    dates: tuple[date, ...]
    games: int
    placed: int
    unplaced: int
    tables: tuple[TablePlan, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan for people."""
        said = [f"slates of {_dates(self.dates)}, {self.games} games; {self.placed} lines placed, {self.unplaced} not"]
        for one in self.tables:
            lost = "" if one.loses is None else f" in place of {one.loses}"
            said.append(f"{one.table}: {one.gains} rows{lost}, of {_dates(one.dates)}")
        return tuple(said)

    def as_dict(self) -> dict[str, Any]:
        """The plan for programs."""
        tables = [
            {"table": t.table, "dates": [str(day) for day in t.dates], "gains": t.gains, "loses": t.loses}
            for t in self.tables
        ]
        known = {"dates": [str(day) for day in self.dates], "games": self.games}
        return {**known, "placed": self.placed, "unplaced": self.unplaced, "tables": tables}


def plan_import(
    data: DataFolder, options: ImportOptions, tables: Sequence[str], standing: Standing | None = None
) -> ImportPlan:
    """What an import of these tables would do; nothing is written."""
    gains: Counter[str] = Counter()
    dates: defaultdict[str, list[date]] = defaultdict(list)
    until = None if options.dates is None else max(options.dates, default=date.min)
    lined = {line.game_date for line in data.lines}
    games = placed = unplaced = 0

    def add(table: str, day: date, rows: int) -> None:
        if table in tables:
            dates[table].append(day)
            gains[table] += rows

    for day in slate_days(data, until, options.dates):
        if day.logs:
            add(HISTORY, day.game_date, len(day.logs))
        if options.dates is not None and day.game_date not in options.dates:
            continue
        slate = day.slate
        names = {player.player_lookup for player in slate.players}
        here = sum(line.player_lookup in names for line in slate.lines)
        games, placed, unplaced = games + len(slate.games), placed + here, unplaced + len(slate.lines) - here
        _, vanish = options.damage.victims(day.game_date, [p.player_lookup for p in slate.requested()])
        predicted = [p for p in slate.players if p.lines or (p.minutes_last_7 or 0.0) >= options.feature_minutes]
        add(SLATES, day.game_date, len(slate.players))
        if writes_lines(data, lined, day.game_date):
            add(LINES, day.game_date, len(slate.lines))
        add(FEATURES, day.game_date, sum(player.player_lookup not in vanish for player in predicted))
        add(PENDING, day.game_date, len(slate.games))
    planned = tuple(
        TablePlan(name, tuple(dates[name]), gains[name], None if standing is None else standing.held(name, dates[name]))
        for name in tables
        if dates[name]
    )
    days = next((one.dates for one in planned if one.table in {SLATES, PENDING}), ())
    return ImportPlan(days, games, placed, unplaced, planned)


def writes_lines(data: DataFolder, lined: Collection[date], day: date) -> bool:
    """Whether the table of lines gets a date anew: a file has lines of it. Without such a file, the table stays as it is."""
    return PROP_LINES not in data.report.missing_files and day in lined


def with_standing(data: DataFolder, dates: Collection[date], standing: Standing) -> DataFolder:
    """The data, with what it has no file of as the tables have it: lines, statuses and starts of the dates."""
    missing = set(data.report.missing_files)
    if not dates or not missing & {PROP_LINES, INJURY_REPORTS}:
        return data
    rows = standing.rows(SLATES, _SLATE_FIELDS, dates)
    if PROP_LINES in missing:
        lines = tuple(_line(row) for row in standing.rows(LINES, _LINE_FIELDS, dates))
        data = replace(data, lines=lines)
        if not any(file.makes == SCHEDULE for file in data.report.files):
            data = replace(data, games=_games(rows))
    if INJURY_REPORTS in missing:
        data = replace(data, injuries=_reports(rows))
    return data


def _line(row: Mapping[str, Any]) -> PropLine:
    return PropLine(
        _day(row["game_date"]),
        row["player_lookup"],
        row["bookmaker"],
        float(row["line"]),
        row["over_price"],
        row["under_price"],
        _moment(row["captured_at"]),
    )


def _games(rows: Sequence[Mapping[str, Any]]) -> tuple[Game, ...]:
    found = {}
    for row in rows:
        if (start := _moment(row["game_start"])) is None or row["home_game"] is None:
            continue
        sides = (row["team_abbr"], row["opponent_team_abbr"])
        home, away = sides if row["home_game"] else sides[::-1]
        found[row["game_id"]] = Game(row["game_id"], _day(row["game_date"]), home, away, start)
    return tuple(found[name] for name in sorted(found))


def _reports(rows: Sequence[Mapping[str, Any]]) -> tuple[InjuryReport, ...]:
    newest: dict[tuple[date, str], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: str(row["created_at"])):
        newest[_day(row["game_date"]), row["player_lookup"]] = row
    return tuple(
        InjuryReport(day, name, status, row["team_abbr"], row["injury_report"])
        for (day, name), row in sorted(newest.items(), key=lambda item: item[0])
        if (status := (row["player_status"] or UNKNOWN).lower()) != UNKNOWN
    )


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _dates(dates: Sequence[date]) -> str:
    if not dates:
        return "no date"
    return f"{len(dates)} date{'s' if len(dates) > 1 else ''}, {dates[0]} to {dates[-1]}"
