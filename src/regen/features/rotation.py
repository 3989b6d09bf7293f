"""The players of a team who will probably play: chances from games missed in a row, or from an availability report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from regen.features.player_state import PlayerState
from regen.features.team_state import TeamState

# Shares of regulars who played the team's next game, by games missed in a row (2024-10 to 2025-11; 15,626 at none).
PLAYS_AFTER_MISSING = (0.92, 0.47, 0.31, 0.24, 0.20, 0.18, 0.15)
PLAYS_AFTER_SUMMER = 0.57
"""The same for a regular who has not played yet this season, after the team has."""
PLAYS_IF_REPORTED = {"out": 0.0, "doubtful": 0.1, "questionable": 0.55, "probable": 0.9, "available": 0.97}
PLAYS_IF_NOT_NAMED = 0.97
"""The same for a player whom the team's report does not list and who has not been out of the rotation for long."""
NEWCOMER = (8.0, 3.0)
"""Usual minutes and points of a player never seen."""


class Member(Struct, frozen=True):
    """One of a team's players before a game.

    Attributes:
        minutes, points: the player's usual minutes and points.
        regular: whether the player counts as a regular.
        missed: number of the team's last games that the player missed in a row; None without a game this season.
    """

    minutes: float
    points: float
    regular: bool
    missed: int | None

    def plays(self, status: str | None, *, reported: bool) -> float:
        """The chance that the player plays, given the reported status, if the team has reported."""
        if status is not None:
            return PLAYS_IF_REPORTED[status]
        if self.missed is None:
            return PLAYS_AFTER_SUMMER
        usual = PLAYS_AFTER_MISSING[min(self.missed, len(PLAYS_AFTER_MISSING) - 1)]
        return PLAYS_IF_NOT_NAMED if reported and self.missed <= 1 else usual


class Rotation(Struct, frozen=True):
    """A team's players as known before a date; `played` are those of its last game."""

    before: date
    played: frozenset[str]
    members: Mapping[str, Member]

    def absent(self, playing: frozenset[str]) -> tuple[float, float]:
        """Usual minutes and points of the regulars who are not among `playing`."""
        gone = [member for name, member in self.members.items() if member.regular and name not in playing]
        return sum(member.minutes for member in gone), sum(member.points for member in gone)

    def usual(self, playing: frozenset[str]) -> dict[str, tuple[float, float]]:
        """Usual minutes and points of the players in `playing`."""
        found = {}
        for name in sorted(playing):
            member = self.members.get(name)
            found[name] = NEWCOMER if member is None else (member.minutes, member.points)
        return found


def member_of(state: PlayerState, team: TeamState, season_start: date | None, *, regular: bool) -> Member:
    """A player as a member of the team of the player's last game."""
    last = state.last_day
    minutes, points = state.form[6].mean(1) or 0.0, state.form[12].mean(0) or 0.0
    if last is None or (season_start is not None and last < season_start):
        return Member(minutes, points, regular, None)
    return Member(minutes, points, regular, sum(game.game_date > last for game in team.last))
