"""Walks through data date by date, knowing at each date only what was known before its games."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from msgspec import Struct, field

from regen.data.csvs import DataFolder
from regen.data.injuries import InjuryBoard
from regen.data.parse import kind_of_game, season_of
from regen.data.rosters import Rosters
from regen.data.slates import Game, RosteredSlate, SlatePlayer, schedule
from regen.domain.inputs import PlayerInputs
from regen.domain.values import replace
from regen.features.context import Fixture
from regen.features.history import History
from regen.features.inputs import TeamInputs
from regen.features.records import GameLog, ShotZones

PLAYOFFS = frozenset({"playoff", "playoffs", "playin", "play-in"})


class _Dated(Protocol):
    @property
    def game_date(self) -> date: ...


Row = TypeVar("Row", bound=_Dated)


class SlateDay(Struct, frozen=True):
    """One date before its games, and their box scores, which belong to what comes after.

    Attributes:
        slate: as known before tip-off.
        logs: what then happened; nothing yet of a date that the schedule alone knows.
    """

    game_date: date
    slate: RosteredSlate
    logs: tuple[GameLog, ...]


class GameDay(Struct, frozen=True):
    """A date with all that is known of its players.

    Attributes:
        slate: as known before tip-off.
        logs: what then happened.
        zones: the shots of the date's games; they come late.
    """

    game_date: date
    slate: RosteredSlate
    logs: tuple[GameLog, ...]
    zones: tuple[ShotZones, ...]
    history: History
    board: InjuryBoard
    _teams: dict[str, TeamInputs] = field(default_factory=dict)

    def inputs(self, player: SlatePlayer, *, with_zones: bool) -> PlayerInputs:
        """What is known of a player of the slate; to be asked before the walk goes on."""
        team = self._teams.get(player.team)
        if team is None:
            team = self._teams[player.team] = self._team(player)
        return team.of(player.player_lookup, lines=player.offers, with_zones=with_zones)

    def _team(self, player: SlatePlayer) -> TeamInputs:
        """What is known of the player's team."""
        season, playoff = self._season(player.game.game_id)
        fixture = Fixture(
            game_date=self.game_date,
            game_id=player.game.game_id,
            team=player.team,
            opponent=player.opponent,
            home=player.home,
            season=season,
            playoff=playoff,
            game_start=player.game.start,
        )
        statuses = self.board.statuses(self.game_date, player.team, player.game.start)
        lined = {one.player_lookup for one in self.slate.players if one.team == player.team and one.lines}
        return TeamInputs(self.history, fixture, statuses, lined)

    def _season(self, game_id: str) -> tuple[str, bool]:
        log = next((log for log in self.logs if log.game_id == game_id), None)
        if log is None:
            return season_of(self.game_date), kind_of_game(game_id) in PLAYOFFS
        return log.season, log.season_type.lower() in PLAYOFFS


def slate_days(
    data: DataFolder, until: date | None = None, wanted: Collection[date] | None = None
) -> Iterator[SlateDay]:
    """Every date with box scores, and those of `upcoming`, in order; its games enter the rosters when the walk goes on."""
    rosters = Rosters()
    lines, injuries, logs = _by_date(data.lines), _by_date(data.injuries), _by_date(data.logs)
    planned = _by_date(data.games)
    ahead = set(upcoming(data, wanted or ()))
    for day in sorted(logs.keys() | ahead):
        if until is not None and day > until:
            return
        played = tuple(sorted(logs.get(day, []), key=log_order))
        games = _games(played, planned.get(day, []), ahead=day in ahead)
        slate = rosters.slate(day, games, lines.get(day, []), injuries.get(day, []))
        yield SlateDay(day, slate, played)
        rosters.play(played)


def game_days(
    data: DataFolder,
    until: date | None = None,
    wanted: Collection[date] | None = None,
    unreported: Collection[date] = (),
) -> Iterator[GameDay]:
    """Every date of `slate_days`, with the history before it; its games enter the history when the walk goes on.

    Args:
        unreported: dates whose availability reports the inputs do not know; the slates do.
    """
    history, zones = History(), _by_date(data.zones)
    board = InjuryBoard(report for report in data.injuries if report.game_date not in unreported)
    for day in slate_days(data, until, wanted):
        for idle in sorted(other for other in zones if other < day.game_date):  # shots of games without box scores
            history.feed(idle, (), tuple(sorted(zones.pop(idle), key=zones_order)))
        shots = tuple(sorted(zones.pop(day.game_date, ()), key=zones_order))
        yield GameDay(day.game_date, day.slate, day.logs, shots, history, board)
        history.feed(day.game_date, day.logs, shots)


def upcoming(data: DataFolder, wanted: Collection[date] = ()) -> tuple[date, ...]:
    """The dates of scheduled games that get a slate before they are played.

    They are the last date with box scores, the next one, those that are asked for, and those of which lines or reports are known.
    """
    last = max((log.game_date for log in data.logs), default=date.min)
    later = sorted({game.game_date for game in data.games if game.game_date > last})
    known = {*wanted, *(line.game_date for line in data.lines), *(report.game_date for report in data.injuries)}
    same = {game.game_date for game in data.games if game.game_date == last}
    return tuple(sorted({*same, *later[:1], *(day for day in later if day in known)}))


def log_order(log: GameLog) -> tuple[str, ...]:
    """The order of a date's box scores: whatever a file's rows were in, the same sums."""
    return (log.game_id, log.team, log.player_lookup)


def zones_order(row: ShotZones) -> tuple[str, ...]:
    """The order of a date's shot zones."""
    return (row.game_id, row.player_lookup)


def _games(logs: Sequence[GameLog], planned: Sequence[Game], *, ahead: bool) -> tuple[Game, ...]:
    """The games of a date: those that were played, with the schedule's starts; of a date to come those of the schedule, too."""
    starts = {game.game_id: game.start for game in planned}
    games = {game.game_id: replace(game, start=starts.get(game.game_id)) for game in schedule(logs)}
    if ahead:
        games = {game.game_id: game for game in planned} | games
    return tuple(games[game_id] for game_id in sorted(games))


def starts_of(data: DataFolder) -> dict[str, datetime]:
    """The starts that a schedule names, by game."""
    return {game.game_id: game.start for game in data.games if game.start is not None}


def _by_date(rows: Sequence[Row]) -> defaultdict[date, list[Row]]:
    dated: defaultdict[date, list[Row]] = defaultdict(list)
    for row in rows:
        dated[row.game_date].append(row)
    return dated
