"""Walks a data folder date by date and yields every played player-game with the inputs known before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from regen.data.csvs import DataFolder
from regen.data.injuries import InjuryBoard
from regen.data.played_days import played_days
from regen.domain.inputs import Line, PlayerInputs
from regen.features.history import History
from regen.features.inputs import Fixture, player_inputs
from regen.features.player_state import PlayerState
from regen.features.records import GameLog, PropLine


@dataclass(frozen=True, slots=True)
class Sample:
    """One player of one game: what was known before it, and what he then did."""

    inputs: PlayerInputs
    points: int
    minutes: float

    @property
    def day(self) -> date:
        """The game's date."""
        return self.inputs.game_date


def samples(
    folder: DataFolder,
    until: date | None = None,
    *,
    with_zones: bool = True,
    wanted: Callable[[PlayerState], bool] | None = None,
) -> Iterator[Sample]:
    """Every player-game up to and including `until`, in order of dates, each with inputs of earlier dates only.

    Args:
        with_zones: whether the play-by-play of earlier games has come.
        wanted: leaves out players by what they had done before the game.
    """
    lines = lines_by_player(folder.lines)
    board = InjuryBoard(folder.injuries)
    history = History()
    for day, logs, zones in played_days(folder, until):
        for log in logs:
            if wanted is not None and not wanted(history.player(log.player_lookup)):
                continue
            inputs = player_inputs(
                history,
                log.player_lookup,
                fixture_of(log),
                lines=lines.get((day, log.player_lookup), ()),
                statuses=board.statuses(day, log.team),
                with_zones=with_zones,
            )
            yield Sample(inputs, log.points, log.minutes)
        history.feed(day, logs, zones)


def fixture_of(log: GameLog) -> Fixture:
    """The player's side of a game that was played, as it was known before."""
    return Fixture(log.game_date, log.game_id, log.team, log.opponent, log.home, log.season, _playoff(log))


def lines_by_player(rows: Sequence[PropLine]) -> dict[tuple[date, str], tuple[Line, ...]]:
    """Every bookmaker's line by date and player."""
    found: dict[tuple[date, str], list[Line]] = {}
    for row in rows:
        line = Line(row.line, row.bookmaker, row.over_price, row.under_price, row.captured_at)
        found.setdefault((row.game_date, row.player_lookup), []).append(line)
    return {key: tuple(values) for key, values in found.items()}


def _playoff(log: GameLog) -> bool:
    return log.season_type.lower() in {"playoff", "playoffs", "playin", "play-in"}
