"""Features of who will probably play tonight: from who has a line, games missed in a row, and the availability report."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from regen.features.form import Features
from regen.features.player_state import PlayerState
from regen.features.rotation import PLAYS_IF_REPORTED, Member, Rotation
from regen.features.team_state import TeamState

MIN_LINED = 4
"""With fewer of a team's players on offer its lines have not come yet: that a player has none says nothing."""
# Shares who played, of players of teams that had lines (2024-10 to 2025-11; 21,500). With a line: after playing the last game,
# after missing it, and in the season's first game.
LINED, LINED_AFTER_MISSING, LINED_AFTER_SUMMER = 0.965, 0.75, 0.985
STEP_POINTS = 4.0
# Without one, by usual points in steps of 4: the more a player scores, the more a missing line says.
UNLINED = (0.63, 0.83, 0.88, 0.76, 0.56, 0.16)
UNLINED_AFTER_ONE_OR_TWO = (0.36, 0.42, 0.27, 0.08, 0.08, 0.03)
UNLINED_AFTER_MORE = (0.16, 0.15, 0.09, 0.05, 0.05, 0.01)
UNLINED_AFTER_SUMMER = (0.25, 0.37, 0.39, 0.05, 0.05, 0.05)
SURE = frozenset({"out", "doubtful"})
"""What a report says of a player whom no line contradicts: bookmakers are slow to take a line away."""
ALIKE_MINUTES = 24.0
"""A game whose lineup differs by players of so many usual minutes more counts a third as much."""
ALIKE_PRIOR_GAMES = 2.0


class Lineup:
    """A team before a game: each member's chance to play, and how alike its last games' lineups were."""

    def __init__(
        self, rotation: Rotation, team: TeamState, statuses: Mapping[str, str] | None, lined: Collection[str]
    ) -> None:
        """Reckon what the players share.

        Args:
            rotation: the team's, before the game.
            team: the team's earlier games.
            statuses: the availability report of the team; None: no report.
            lined: players on whom there is a line.
        """
        self._members = rotation.members
        status = (statuses or {}).get
        offered = {name for name in self._members if name in lined and status(name) != "out"}
        self._lined = offered if len(offered) >= MIN_LINED else None
        reported = statuses is not None
        self.chances = {n: self._chance(n, m, status(n), reported=reported) for n, m in self._members.items()}
        apart = {game.game_id: self._apart(game.players) for game in team.last}
        nearest = min(apart.values(), default=0.0)
        self._likeness = {game_id: math.exp((nearest - far) / ALIKE_MINUTES) for game_id, far in apart.items()}

    def _chance(self, name: str, member: Member, status: str | None, *, reported: bool) -> float:
        """The chance that a member plays."""
        told = member.plays(status, reported=reported)
        if self._lined is None or status in SURE:
            return told
        if name in self._lined:
            return _lined_chance(member)
        unlined = _unlined_chance(member)
        return unlined if status is None else min(unlined, PLAYS_IF_REPORTED[status])

    def _apart(self, players: frozenset[str]) -> float:
        """How many usual minutes of players a game's lineup differs by from the one that is expected."""
        chances = self.chances
        return sum(abs(chances[name] - (name in players)) * one.minutes for name, one in self._members.items())

    def features(self, player: str, state: PlayerState) -> Features:
        """The player's own chance, the team-mates of tonight, and the player's games beside alike ones."""
        others = [(self.chances[name], member) for name, member in self._members.items() if name != player]
        regulars = [(chance, member) for chance, member in others if member.regular]
        lined = self._lined
        features: Features = {
            "lined_mates": None if lined is None else float(len(lined - {player})),
            "lined_tonight": None if lined is None else float(player in lined),
            "chance_tonight": self.chances.get(player),
            "absent_minutes_tonight": sum([(1 - chance) * one.minutes for chance, one in regulars]),
            "absent_points_tonight": sum([(1 - chance) * one.points for chance, one in regulars]),
            "mates_minutes_tonight": sum([chance * one.minutes for chance, one in others]),
            "mates_points_tonight": sum([chance * one.points for chance, one in others]),
        }
        features["alike_lineup_minutes"], features["alike_lineup_points"] = self._beside_alike(state)
        return features

    def _beside_alike(self, state: PlayerState) -> tuple[float | None, float | None]:
        """By how much the player's minutes and points beside alike lineups differ from those of all the team's last games."""
        games = [(self._likeness[game.game_id], game) for game in state.recent if game.game_id in self._likeness]
        if not games:
            return None, None
        weight = sum([alike for alike, _ in games])
        trust = weight / (weight + ALIKE_PRIOR_GAMES)
        minutes = sum([alike * game.minutes for alike, game in games]) / weight
        points = sum([alike * game.points for alike, game in games]) / weight
        plain_minutes = sum([game.minutes for _, game in games]) / len(games)
        plain_points = sum([game.points for _, game in games]) / len(games)
        return trust * (minutes - plain_minutes), trust * (points - plain_points)


def _lined_chance(member: Member) -> float:
    if member.missed is None:
        return LINED_AFTER_SUMMER
    return LINED_AFTER_MISSING if member.missed else LINED


def _unlined_chance(member: Member) -> float:
    shares = UNLINED_AFTER_MORE
    if member.missed is None:
        shares = UNLINED_AFTER_SUMMER
    elif member.missed <= 2:
        shares = UNLINED_AFTER_ONE_OR_TWO if member.missed else UNLINED
    return shares[min(int(member.points // STEP_POINTS), len(shares) - 1)]
