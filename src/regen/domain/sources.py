"""The freshness of the inputs: what each has of a date, by when it should be there, and whether it has shrunk.

The measure of a shrunken input is that of the checks before a promotion (`evidence.is_smaller`), and its limit has the default of
`slate_size`: what is reported here is what is refused there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain.bdb import OVERDUE_AFTER
from regen.domain.checks.evidence import is_smaller
from regen.domain.words import counted

LOOK_BACK = timedelta(days=21)
"""Time before the first date from which the usual size is taken."""
USUAL_DATES, LEAST_DATES = 14, 3
"""Dates of which the usual size is the median: at most, and at least, else it is unknown."""
IN_SEASON = 3
"""Days with games in a row after which a day without any is one whose slate is missing."""
_USUAL_TIP = time(0, 0, tzinfo=UTC)
"""Of the next day: the evening in US Eastern, for games whose start is unknown."""


class Source(StrEnum):
    """The inputs."""

    SLATE = "slate"
    LINES = "lines"
    FEATURES = "features"
    BOX_SCORES = "box_scores"
    PLAY_BY_PLAY = "play_by_play"


class Standing(StrEnum):
    """How an input stands on a date."""

    OK = "ok"
    WAITING = "waiting"
    """It is not complete, and need not be yet."""
    LATE = "late"
    """It should be there by now, and games are missing."""
    SHRUNK = "shrunk"
    """Every game is there, with far fewer players than usual."""


class SourceDay(Struct, frozen=True):
    """What an input has of a date.

    Attributes:
        rows: all of them.
        players: distinct ones; of play-by-play the games whose data has come.
        newest: when the newest row was made.
        games: those with rows.
        known_games: all games of the date that any input knows, those called off apart.
        first_start: of the date's games, if one is known; `last_start` likewise.
    """

    source: str
    game_date: date
    rows: int
    players: int
    newest: datetime | None
    games: tuple[str, ...]
    known_games: tuple[str, ...]
    first_start: datetime | None = None
    last_start: datetime | None = None


class SourceState(Struct, frozen=True):
    """The judgement of an input on a date.

    Attributes:
        expected_by: when it should be complete; None if no game of the date is known.
        missing_games: games of the date without a row.
        usual: the players that it usually has of as many games; None if too few dates are known.
    """

    source: str
    game_date: date
    standing: Standing
    rows: int
    players: int
    newest: datetime | None
    expected_by: datetime | None
    missing_games: tuple[str, ...]
    usual: int | None

    @property
    def why(self) -> str:
        """The judgement in words."""
        if self.standing is Standing.SHRUNK:
            return f"{self.source}: {counted(self.players, 'player')}, usually {self.usual}"
        if self.expected_by is None:
            return f"{self.source}: no game is known, after {IN_SEASON} days with games"
        missing = f"{len(self.missing_games)} of the games are missing: {', '.join(self.missing_games)}"
        return f"{self.source}: {missing}; expected by {self.expected_by.isoformat()}"


class Expected(Struct, frozen=True):
    """By when inputs should be complete.

    Attributes:
        before_hours: hours before the first start of a date: slate, lines and features.
        after_hours: hours after the last start: box scores. Play-by-play has its own time, that of the scan for late data.
        shrunk_pct: the most, in percent, by which an input may be smaller than usual.
    """

    before_hours: float
    after_hours: float
    shrunk_pct: float

    def by(self, day: SourceDay) -> datetime:
        """When an input of a date should be complete."""
        usual = datetime.combine(day.game_date + timedelta(days=1), _USUAL_TIP)
        if day.source == Source.PLAY_BY_PLAY:
            return (day.last_start or usual) + OVERDUE_AFTER
        if day.source == Source.BOX_SCORES:
            return (day.last_start or usual) + timedelta(hours=self.after_hours)
        return (day.first_start or usual) - timedelta(hours=self.before_hours)


def judge(days: Sequence[SourceDay], first: date, last: date, now: datetime, expected: Expected) -> list[SourceState]:
    """How each input stands on each date of a range.

    Args:
        days: of the range, and of the dates before it (`LOOK_BACK`), from which the usual size is taken.
    """
    by_source: defaultdict[str, dict[date, SourceDay]] = defaultdict(dict)
    for day in days:
        by_source[day.source][day.game_date] = day
    played = {day.game_date for day in days if day.known_games}
    found: list[SourceState] = []
    for number in range((last - first).days + 1):
        wanted = first + timedelta(days=number)
        if wanted in played:
            found += [
                _judged(by_source[source], wanted, now, expected) for source in Source if wanted in by_source[source]
            ]
        elif _is_missed(wanted, played, now, expected):
            found.append(SourceState(Source.SLATE, wanted, Standing.LATE, 0, 0, None, None, (), None))
    return found


def _judged(days: Mapping[date, SourceDay], wanted: date, now: datetime, expected: Expected) -> SourceState:
    day = days[wanted]
    by = expected.by(day)
    missing = tuple(sorted(set(day.known_games) - set(day.games)))
    usual = _usual(days, wanted, len(day.known_games))
    standing = Standing.OK
    if now < by:
        standing = Standing.WAITING if missing else Standing.OK
    elif missing:
        standing = Standing.LATE
    elif usual is not None and is_smaller(day.players, usual, expected.shrunk_pct):
        standing = Standing.SHRUNK
    return SourceState(day.source, wanted, standing, day.rows, day.players, day.newest, by, missing, usual)


def _usual(days: Mapping[date, SourceDay], wanted: date, games: int) -> int | None:
    """The median of players per game on the dates before, for this many games."""
    before = sorted((day for day in days if day < wanted and days[day].games), reverse=True)[:USUAL_DATES]
    if len(before) < LEAST_DATES:
        return None
    sizes = sorted(days[day].players / len(days[day].games) for day in before)
    return round((sizes[(len(sizes) - 1) // 2] + sizes[len(sizes) // 2]) / 2 * games)


def _is_missed(wanted: date, played: set[date], now: datetime, expected: Expected) -> bool:
    """Whether a date without a game is likely to have lost its slate: the days before it had games, and its evening is near."""
    before = {wanted - timedelta(days=number) for number in range(1, IN_SEASON + 1)}
    start = datetime.combine(wanted + timedelta(days=1), _USUAL_TIP)
    return before <= played and now >= start - timedelta(hours=expected.before_hours)
