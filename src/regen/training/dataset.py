"""Samples of a data folder: every played player-game, date by date, with the inputs known before it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from regen.data.csvs import DataFolder
from regen.data.gamedays import starts_of
from regen.data.injuries import InjuryBoard
from regen.data.input_rows import tip_off
from regen.data.offers import Offers, offers, tip_offs
from regen.data.played_days import played_days
from regen.data.slates import Game, schedule
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.tip_off import is_known
from regen.domain.values import replace
from regen.features.history import History
from regen.features.inputs import Fixture, player_inputs
from regen.features.player_state import PlayerState
from regen.features.records import GameLog, PropLine
from regen.training.zones import Arrivals, Zones

LATE_LINES = "lines were seen after tip-off and left out"


class Sample(Struct, frozen=True):
    """One player of one game: the inputs known before it, and the box score."""

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
    zones: Zones = Zones.ARRIVED,
    wanted: Callable[[PlayerState], bool] | None = None,
    remarks: Counter[str] | None = None,
) -> Iterator[Sample]:
    """Every player-game up to and including `until`, in order of dates, with the inputs known before tip-off.

    Args:
        zones: which shot zones are known.
        wanted: selects players by their state before the game.
        remarks: counts what is left out.
    """
    offered = lines_by_date(folder.lines)
    board = InjuryBoard(folder.injuries)
    history, arrivals, planned = History(), Arrivals(zones), starts_of(folder)
    for day, logs, shots in played_days(folder, until):
        known = offered.get(day, {})
        games = timed(logs, known, planned)
        if games:
            arrivals.arrive(history, min(tip_off(game) for game in games.values()))
        starts = {log.player_lookup: games[log.game_id].start for log in logs}
        sifted = {name: offers(lines, starts.get(name)) for name, lines in known.items()}
        if remarks is not None and (late := sum(len(found.late) for found in sifted.values())):
            remarks[LATE_LINES] += late
        lined = _lined(logs, games, known)
        for log in logs:
            if wanted is not None and not wanted(history.player(log.player_lookup)):
                continue
            start = games[log.game_id].start
            inputs = player_inputs(
                history,
                log.player_lookup,
                fixture_of(log, start),
                lines=[_line(line) for line in sifted.get(log.player_lookup, Offers()).lines],
                statuses=board.statuses(day, log.team, start),
                lined=lined[log.team],
                with_zones=zones is not Zones.SILVER,
            )
            yield Sample(inputs, log.points, log.minutes)
        arrivals.played(history, day, logs, shots, games)


def _lined(
    logs: Sequence[GameLog], games: Mapping[str, Game], known: Mapping[str, Sequence[PropLine]]
) -> dict[str, set[str]]:
    """The players on whom there was a line before each team's game, whether they played or not."""
    starts = {log.team: games[log.game_id].start for log in logs}
    return {
        team: {name for name, lines in known.items() if any(is_known(line.captured_at, start) for line in lines)}
        for team, start in starts.items()
    }


def fixture_of(log: GameLog, start: datetime | None = None) -> Fixture:
    """The player's side of a played game, as known before it."""
    return Fixture(
        log.game_date, log.game_id, log.team, log.opponent, log.home, log.season, _playoff(log), game_start=start
    )


def timed(
    logs: Sequence[GameLog], offered: Mapping[str, Sequence[PropLine]], planned: Mapping[str, datetime] | None = None
) -> dict[str, Game]:
    """The games of a date, with their starts by the schedule, or else as far as lines tell."""
    starts = tip_offs(offered, {log.player_lookup: log.game_id for log in logs}) | dict(planned or {})
    return {game.game_id: replace(game, start=starts.get(game.game_id)) for game in schedule(logs)}


def lines_by_date(rows: Sequence[PropLine]) -> dict[date, dict[str, list[PropLine]]]:
    """Every line by date and player."""
    found: dict[date, dict[str, list[PropLine]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.game_date][row.player_lookup].append(row)
    return {day: dict(players) for day, players in found.items()}


def _line(row: PropLine) -> Line:
    return Line(
        row.line,
        row.bookmaker,
        row.over_price,
        row.under_price,
        row.captured_at,
        is_fallback=row.is_fallback,
        rank=row.rank,
    )


def _playoff(log: GameLog) -> bool:
    return log.season_type.lower() in {"playoff", "playoffs", "playin", "play-in"}
