"""Walks through a data folder date by date, knowing at each date only what was known before its games."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Protocol, TypeVar

from regen.data.csvs import DataFolder
from regen.data.injuries import InjuryBoard
from regen.data.rosters import Rosters
from regen.data.slates import RosteredSlate, SlatePlayer, schedule
from regen.domain.inputs import Line, PlayerInputs
from regen.features.context import Fixture
from regen.features.history import History
from regen.features.inputs import player_inputs
from regen.features.records import GameLog, ShotZones

PLAYOFFS = frozenset({"playoff", "playoffs", "playin", "play-in"})


class _Dated(Protocol):
    @property
    def game_date(self) -> date: ...


Row = TypeVar("Row", bound=_Dated)


@dataclass(frozen=True, slots=True)
class GameDay:
    """One date before its games, and their box scores, which belong to what comes after.

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

    def inputs(self, player: SlatePlayer, *, with_zones: bool) -> PlayerInputs:
        """What is known of a player of the slate; to be asked before the walk goes on."""
        season, playoff = self._season(player.game.game_id)
        return player_inputs(
            self.history,
            player.player_lookup,
            Fixture(
                game_date=self.game_date,
                game_id=player.game.game_id,
                team=player.team,
                opponent=player.opponent,
                home=player.home,
                season=season,
                playoff=playoff,
                game_start=player.game.start,
            ),
            lines=[
                Line(line.line, line.bookmaker, line.over_price, line.under_price, line.captured_at)
                for line in player.lines
            ],
            statuses=self.board.statuses(self.game_date, player.team, player.game.start),
            with_zones=with_zones,
        )

    def _season(self, game_id: str) -> tuple[str, bool]:
        log = next(log for log in self.logs if log.game_id == game_id)
        return log.season, log.season_type.lower() in PLAYOFFS


def game_days(data: DataFolder, until: date | None = None) -> Iterator[GameDay]:
    """Every date with box scores, in order; its games enter the history when the walk goes on."""
    history, rosters, board = History(), Rosters(), InjuryBoard(data.injuries)
    lines, injuries, zones = _by_date(data.lines), _by_date(data.injuries), _by_date(data.zones)
    for day, group in groupby(data.logs, key=lambda log: log.game_date):
        if until is not None and day > until:
            return
        for idle in sorted(other for other in zones if other < day):  # shots of games that have no box scores
            history.feed(idle, (), zones.pop(idle))
        logs = tuple(group)
        slate = rosters.slate(day, schedule(logs), lines.get(day, []), injuries.get(day, []))
        shots = tuple(zones.pop(day, ()))
        yield GameDay(day, slate, logs, shots, history, board)
        rosters.play(logs)
        history.feed(day, logs, shots)


def _by_date(rows: Sequence[Row]) -> defaultdict[date, list[Row]]:
    dated: defaultdict[date, list[Row]] = defaultdict(list)
    for row in rows:
        dated[row.game_date].append(row)
    return dated
