"""Carries out one import: walks through the dates and makes the rows of every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct, field

from regen.data.aliases import likeliest
from regen.data.csvs import DataFolder
from regen.data.damage import broken
from regen.data.gamedays import GameDay, game_days, upcoming
from regen.data.import_options import ImportOptions, Loader, Part
from regen.data.import_plan import writes_lines
from regen.data.import_report import ImportReport
from regen.data.input_rows import (
    FEATURES,
    HISTORY,
    LINES,
    PENDING,
    SLATES,
    Arrival,
    Row,
    feature_row,
    history_row,
    line_row,
    made_before,
    pending_row,
    slate_row,
    zones_arrival,
)
from regen.domain.errors import InvalidInput
from regen.domain.inputs import SourceTier


class Import(Struct):
    """One import: rows are gathered date by date, and loaded when there are enough of them."""

    data: DataFolder
    loader: Loader
    options: ImportOptions
    tables: Sequence[str]
    arriving: bool = False
    lined: frozenset[date] = frozenset()
    rows: dict[str, list[Row]] = field(default_factory=dict)
    dates: dict[str, list[date]] = field(default_factory=dict)
    loaded: Counter[str] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)
    requested: dict[date, int] = field(default_factory=dict)
    without_zones: set[str] = field(default_factory=set)
    unplaced: dict[date, tuple[str, ...]] = field(default_factory=dict)
    late_lines: int = 0
    older_lines: int = 0
    late_reports: int = 0
    failing: int = 0
    vanished: int = 0

    def run(self) -> ImportReport:
        """Do it."""
        played = {log.game_date for log in self.data.logs} | set(upcoming(self.data, self.options.dates or ()))
        wanted = self.options.dates
        if idle := sorted((wanted or set()) - played):
            raise InvalidInput("dates", f"dates with games in {_span(played)}; {idle[0]} has none")
        until = None if wanted is None else max(wanted, default=date.min)
        last = max(played, default=date.min) if until is None else until
        self.lined = frozenset(line.game_date for line in self.data.lines)
        self._empty()
        previous = None
        for day in game_days(self.data, until, wanted, self.options.unreported):
            self._after(previous)
            if sum(map(len, self.rows.values())) >= self.options.rows_per_load:
                self._flush()  # between two dates: a load holds whole ones
            if wanted is None or day.game_date in wanted:
                self._before(day, last)
            previous = day
        self._after(previous)
        self._flush()
        return self._report(played)

    def _before(self, day: GameDay, last: date) -> None:
        """Rows that were there before the games."""
        requested = [player.player_lookup for player in day.slate.requested()]
        self.requested[day.game_date] = len(requested)
        if SLATES in self.tables:
            players = day.history.players
            for player in day.slate.players:
                state = players.get(player.player_lookup)
                made = self.options.now or made_before(player)
                self.rows[SLATES].append(slate_row(player, state.games if state else 0, made))
            self.dates[SLATES].append(day.game_date)
        if LINES in self.tables:
            self.unplaced |= {day.game_date: day.slate.unplaced} if day.slate.unplaced else {}
            self.late_lines += day.slate.late_lines
            self.older_lines += day.slate.older_lines
            self.late_reports += day.slate.late_reports
        if LINES in self.tables and writes_lines(self.data, self.lined, day.game_date):
            games = {player.player_lookup: player.game.game_id for player in day.slate.players}
            self.rows[LINES].extend(line_row(line, games.get(line.player_lookup)) for line in day.slate.lines)
            self.dates[LINES].append(day.game_date)
        golden = self._features(day, requested)
        if PENDING in self.tables:
            self._pending(day, last, golden)

    def _features(self, day: GameDay, requested: Sequence[str]) -> set[str]:
        """Feature rows of a date; returns the games of players whose rows are GOLD."""
        golden = set()
        fail, vanish = self.options.damage.victims(day.game_date, requested)
        for player in day.slate.players:
            if not player.lines and (player.minutes_last_7 or 0.0) < self.options.feature_minutes:
                continue
            if player.player_lookup in vanish:
                self.vanished += 1
                continue
            inputs = day.inputs(player, with_zones=self._has_zones(day))
            gold = inputs.data_source_tier is SourceTier.GOLD
            usual = zones_arrival(player.game) if self._arrives(day) else made_before(player)
            state = day.history.players.get(player.player_lookup)
            row = feature_row(player, inputs, state, self.options.now or usual)
            if player.player_lookup in fail:
                self.failing += 1
                row = broken(row)
            self.rows[FEATURES].append(row)
            self.tiers[inputs.data_source_tier] += 1
            if gold:
                golden.add(player.game.game_id)
            elif self._has_zones(day):
                self.without_zones.add(player.player_lookup)
        self.dates[FEATURES].append(day.game_date)
        return golden

    def _arrives(self, day: GameDay) -> bool:
        return self.arriving or day.game_date in self.options.arrived

    def _has_zones(self, day: GameDay) -> bool:
        return self.options.zones or day.game_date in self.options.arrived

    def _pending(self, day: GameDay, last: date, golden: set[str]) -> None:
        shots: Counter[str] = Counter()
        for row in day.zones:
            shots[row.game_id] += row.fga
        for game in day.slate.games:
            come = self._has_zones(day) and (shots[game.game_id] or game.game_id in golden)
            arrival = Arrival(shots[game.game_id], was_there=not self._arrives(day)) if come else None
            self.rows[PENDING].append(pending_row(game, last, arrival, self.options.now))
        self.dates[PENDING].append(day.game_date)

    def _after(self, day: GameDay | None) -> None:
        """Rows of what happened in a date's games; to be called when they have entered the history."""
        if day is None or not day.logs or HISTORY not in self.tables:
            return
        players = day.history.players
        for log in day.logs:
            self.rows[HISTORY].append(history_row(log, players[log.player_lookup], self.options.now))
        self.dates[HISTORY].append(day.game_date)

    def _empty(self) -> None:
        self.rows = {table: [] for table in self.tables}
        self.dates = {table: [] for table in self.tables}

    def _flush(self) -> None:
        parts = [Part(table, self.rows[table], self.dates[table]) for table in self.tables if self.dates[table]]
        if parts:
            self.loader.replace(parts)
        for part in parts:
            self.loaded[part.table] += len(part.rows)
        self._empty()

    def _report(self, played: Collection[date]) -> ImportReport:
        idle = {line.game_date for line in self.data.lines} - set(played)
        return ImportReport(
            folder=self.data.report,
            rows=dict(self.loaded),
            requested=self.requested,
            tiers=dict(self.tiers),
            without_zones=tuple(sorted(self.without_zones)),
            failing=self.failing,
            vanished=self.vanished,
            unplaced=self.unplaced,
            likeliest=self._likeliest(),
            late_lines=self.late_lines,
            older_lines=self.older_lines,
            late_reports=self.late_reports,
            idle_dates=tuple(sorted(idle)),
        )

    def _likeliest(self) -> dict[str, str]:
        """Of each name that has no game, the player of the box scores who is most like it."""
        players = {log.player_lookup for log in self.data.logs} if self.unplaced else set()
        names = {name for day in self.unplaced.values() for name in day if name not in players}
        names |= {report.player_lookup for report in self.data.injuries if report.player_lookup not in players}
        return {name: found for name in sorted(names) if (found := likeliest(name, players))}


def _span(dates: Collection[date]) -> str:
    return f"{min(dates)}..{max(dates)}" if dates else "no date"
