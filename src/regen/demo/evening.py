"""The game of the demo's second act, as it is known before a star is ruled out, and after."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from regen.data.csvs import DataFolder
from regen.data.gamedays import slate_days
from regen.data.slates import Game, SlatePlayer
from regen.domain.values import replace
from regen.features.records import InjuryReport, PropLine

AHEAD = timedelta(minutes=90)
"""How long before tip-off the star is ruled out."""


class Evening(Struct, frozen=True):
    """A game before it begins, and its star, who will not play.

    Attributes:
        line: the star's first line, in points.
        before: all that is known ninety minutes before tip-off; of the date's games it has this one.
        after: the same with the report that rules the star out.
    """

    game: Game
    start: datetime
    star: str
    team: str
    line: float
    before: DataFolder
    after: DataFolder

    @property
    def day(self) -> date:
        """The game's date."""
        return self.game.game_date


def evening_of(data: DataFolder, day: date) -> Evening | None:
    """The game of the date's greatest star who was to be predicted and did not play; None if all have played.

    The absence is that of the data: box scores do not have the player, although the last report does not rule it out.
    """
    found = next((one for one in slate_days(data, day) if one.game_date == day), None)
    if found is None:
        return None
    played = {log.player_lookup for log in found.logs}
    absent = [one for one in found.slate.requested() if one.lines and one.player_lookup not in played]
    timed = [one for one in absent if one.game.start is not None]
    star = max(timed, key=lambda one: (one.lines[0].line, one.player_lookup), default=None)
    if star is None or star.game.start is None:
        return None
    mates = {one.player_lookup for one in found.slate.players if one.game.game_id == star.game.game_id}
    before = _known(data, star.game, star.game.start - AHEAD, mates)
    report = _report(star, star.game.start - AHEAD)
    after = replace(before, injuries=(*before.injuries, report))
    return Evening(star.game, star.game.start, star.player_lookup, star.team, star.lines[0].line, before, after)


def _known(data: DataFolder, game: Game, at: datetime, players: set[str]) -> DataFolder:
    """The data as it is at a moment before the game; lines that were seen later count as seen just before."""
    day = game.game_date
    return replace(
        data,
        logs=tuple(log for log in data.logs if log.game_date < day),
        zones=tuple(row for row in data.zones if row.game_date < day),
        injuries=tuple(row for row in data.injuries if row.game_date <= day),
        lines=tuple(
            _seen_by(line, at) if line.game_date == day else line
            for line in data.lines
            if line.game_date < day or (line.game_date == day and line.player_lookup in players)
        ),
        games=(game,),
    )


def _seen_by(line: PropLine, at: datetime) -> PropLine:
    seen = at - timedelta(minutes=1)
    return line if line.captured_at is None or line.captured_at <= seen else replace(line, captured_at=seen)


def _report(star: SlatePlayer, at: datetime) -> InjuryReport:
    return InjuryReport(star.game.game_date, star.player_lookup, "out", star.team, "scratched before tip-off", at)
