"""The league's state, fed date by date: the one memory from which features are made, live, in training and in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from regen.features.player_state import PlayerState
from regen.features.records import GameLog, ShotZones
from regen.features.rotation import Rotation, member_of
from regen.features.team_state import LEAGUE_HALF_LIFE, PRIOR_GAMES, TeamGame, TeamState, team_games
from regen.features.tracks import Track
from regen.features.window import window_from

REGULAR_MINUTES = 15.0
"""From this exponentially weighted mean of minutes on, a team-mate counts as a regular."""
REGULAR_GAMES = 5
ROSTER_DAYS = 45
"""A player who has not played for so long no longer counts as one of the team (the break between seasons apart)."""
# League means until games have been seen: points per 100 possessions, possessions per 48 minutes (2024-25).
_LEAGUE_RATING, _LEAGUE_PACE = 114.0, 99.5
_LEAGUE_SPLIT = (57.0, 40.0, 17.0)
_PRIOR_TEAM_GAMES = 20.0


_Fed = tuple[date, Sequence[GameLog], Sequence[ShotZones]]


class History:
    """Every player, every team and the league, as known after the dates fed so far: of this season and the last.

    What is older is forgotten when a season begins, so that a history of many years and one that was fed two seasons
    say the same.
    """

    def __init__(self, *, forgets: bool = True) -> None:
        """An empty history.

        Args:
            forgets: whether it may be fed more than one window, and so has to keep what it was fed.
        """
        self._forgets = forgets
        self._games: list[_Fed] = []
        self._late_zones: list[tuple[int, _Fed]] = []
        """Zones that came later, each with the number of dates fed before them."""
        self._reset()

    def _reset(self) -> None:
        self.players: dict[str, PlayerState] = {}
        self.teams: dict[str, TeamState] = {}
        self.last_day: date | None = None
        self.season = ""
        self.season_start: date | None = None
        self._pace = Track(LEAGUE_HALF_LIFE, 2)
        self._split = Track(LEAGUE_HALF_LIFE, 3)
        self._team_games = 0
        self._zones = Track(LEAGUE_HALF_LIFE, 4)
        self._rotations: dict[str, Rotation] = {}

    def feed(self, day: date, logs: Sequence[GameLog], zones: Sequence[ShotZones] = ()) -> None:
        """Take in all games of the next date. Dates come in order, each once."""
        self.enter(day)
        if self.last_day is not None and day <= self.last_day:
            raise ValueError(f"{day} was fed after {self.last_day}: dates come in order, each once")
        if any(log.game_date != day for log in logs) or any(row.game_date != day for row in zones):
            raise ValueError(f"rows of another date than {day}")
        if self._forgets:
            self._games.append((day, logs, zones))
        self._take(day, logs, zones)

    def enter(self, day: date) -> None:
        """Forget what lies before the window of a date that is about to be fed or asked about."""
        first = window_from(day)
        if not self._games or self._games[0][0] >= first:
            return
        gone = sum(fed[0] < first for fed in self._games)
        late = [(number - gone, fed) for number, fed in self._late_zones if fed[0] >= first]
        kept = self._games[gone:]
        self._reset()
        self._games, self._late_zones = kept, late
        for number, fed in enumerate(kept):
            for _, zones in (one for one in late if one[0] == number):
                self._take_zones(*zones)
            self._take(*fed)
        for _, zones in (one for one in late if one[0] >= len(kept)):
            self._take_zones(*zones)

    def copy(self) -> History:
        """The same, to go on from apart."""
        other = History(forgets=self._forgets)
        other._games, other._late_zones = self._games.copy(), self._late_zones.copy()
        other.players = {name: state.copy() for name, state in self.players.items()}
        other.teams = {name: state.copy() for name, state in self.teams.items()}
        other.last_day, other.season, other.season_start = self.last_day, self.season, self.season_start
        other._pace, other._split, other._zones = self._pace.copy(), self._split.copy(), self._zones.copy()
        other._team_games = self._team_games
        return other

    def _take(self, day: date, logs: Sequence[GameLog], zones: Sequence[ShotZones]) -> None:
        self._start_season(day, logs)
        games = team_games(logs)
        mates = {key: _mates(self.rotation(game.team, day), game) for key, game in games.items()}
        residuals: dict[tuple[str, str], list[float]] = {}
        ratings = {team: self.def_rating(team) for team in {log.opponent for log in logs}}
        for log in logs:
            state = self.player(log.player_lookup)
            form = state.form[12]
            if state.games >= REGULAR_GAMES and form.sums[1] >= REGULAR_MINUTES * form.weight:
                gain = log.points - form.sums[0] / form.weight
                residuals.setdefault((log.game_id, log.opponent), []).append(gain)
            self._move(log, state, day)
            state.add(log, ratings[log.opponent], mates[log.game_id, log.team](log.player_lookup))
        for (game_id, _), game in games.items():
            self._team_played(game, games.get((game_id, game.opponent)))
        for (_, team), gains in residuals.items():
            self.team(team).edge.add((sum(gains) / len(gains),))
        self._take_zones(day, logs, zones)
        self.last_day = day
        self._rotations.clear()

    def rotation(self, team: str, before: date) -> Rotation:
        """The team's rotation before a date, reckoned once per date fed."""
        rotation = self._rotations.get(team)
        if rotation is None or rotation.before != before:
            rotation = self._rotations[team] = self._rotation(team, before)
        return rotation

    def _rotation(self, team: str, before: date) -> Rotation:
        state = self.team(team)
        played = state.last[-1].players if state.last else frozenset()
        members = {}
        for name in self.roster(team, before):
            player = self.players[name]
            form = player.form[12]
            regular = player.games >= REGULAR_GAMES and form.sums[1] >= REGULAR_MINUTES * form.weight
            members[name] = member_of(player, state, self.season_start, regular=regular)
        return Rotation(before, played, members)

    def player(self, lookup: str) -> PlayerState:
        """The player's state; a new one for a player never seen."""
        state = self.players.get(lookup)
        if state is None:
            state = self.players[lookup] = PlayerState()
        return state

    def team(self, name: str) -> TeamState:
        """The team's state; a new one for a team never seen."""
        state = self.teams.get(name)
        if state is None:
            state = self.teams[name] = TeamState()
        return state

    def roster(self, team: str, before: date) -> tuple[str, ...]:
        """Players whose latest game was for this team, and this season (before its first games: the last one)."""
        state = self.teams.get(team)
        if state is None or not state.members:
            return ()
        latest = max(state.members.values())
        since = latest if (before - latest).days > ROSTER_DAYS else before
        return tuple(sorted(name for name, day in state.members.items() if (since - day).days <= ROSTER_DAYS))

    def league(self, index: int) -> float | None:
        """League means: 0 rating, 1 pace, 2 to 4 points per 100 possessions from twos, threes and free throws.

        The usual ones stand for a league that has not played yet; None of one that has, in box scores that do not say.
        """
        split = index >= 2
        track = self._split if split else self._pace
        if self._team_games and not track.weight:
            return None
        prior = (_LEAGUE_RATING, _LEAGUE_PACE, *_LEAGUE_SPLIT)[index]
        return track.shrunk(index - 2 if split else index, prior, _PRIOR_TEAM_GAMES)

    def def_rating(self, team: str) -> float | None:
        """Points allowed per 100 possessions, shrunk towards the league; rounded so that tables keep it exactly."""
        usual = self.league(0)
        return None if usual is None else round(self.team(team).attack.shrunk(1, usual, PRIOR_GAMES), 3)

    def zone_rate(self, index: int) -> float | None:
        """League field goal share by zone: 0 paint, 1 mid-range."""
        return self._zones.ratio(2 * index + 1, 2 * index)

    def _start_season(self, day: date, logs: Sequence[GameLog]) -> None:
        season = max((log.season for log in logs), default=self.season)
        if season != self.season:
            self.season, self.season_start = season, day

    def _move(self, log: GameLog, state: PlayerState, day: date) -> None:
        if state.team and state.team != log.team:
            self.team(state.team).members.pop(log.player_lookup, None)
        self.team(log.team).members[log.player_lookup] = day

    def _team_played(self, own: TeamGame, other: TeamGame | None) -> None:
        pace, split = self.team(own.team).add(own, other)
        self._team_games += other is not None
        if pace is not None:
            self._pace.add(pace)
        if split is not None:
            self._split.add(split)

    def feed_zones(self, day: date, logs: Sequence[GameLog], zones: Sequence[ShotZones]) -> None:
        """Take in shot zones of a date that was fed: with it, or when they arrive.

        Args:
            logs: the box scores of the games, which say whom the shots were taken against.
        """
        if zones:
            if self._forgets:
                self._late_zones.append((len(self._games), (day, logs, zones)))
            self._take_zones(day, logs, zones)

    def _take_zones(self, day: date, logs: Sequence[GameLog], zones: Sequence[ShotZones]) -> None:
        opponents: Mapping[tuple[str, str], str] = {(log.game_id, log.player_lookup): log.opponent for log in logs}
        sums: dict[tuple[str, str], list[float]] = {}
        for row in zones:
            self.player(row.player_lookup).add_zones(row)
            if (opponent := opponents.get((row.game_id, row.player_lookup))) is not None:
                total = sums.setdefault((row.game_id, opponent), [0.0] * 4)
                total[0] += row.paint_ra_fga + row.paint_nonra_fga
                total[1] += row.paint_ra_fgm + row.paint_nonra_fgm
                total[2] += row.midrange_fga
                total[3] += row.midrange_fgm
        for (_, team), total in sums.items():
            state = self.team(team)
            state.zones.add(total)
            state.zones_day = day
            self._zones.add(total)


def _mates(rotation: Rotation, game: TeamGame) -> Callable[[str], tuple[float, ...]]:
    """What the absent left and what those who played beside a player usually have: minutes and points of each."""
    usual = rotation.usual(game.players)
    left = rotation.absent(game.players)
    minutes, points = (sum(values[index] for values in usual.values()) for index in (0, 1))

    def beside(player: str) -> tuple[float, ...]:
        return *left, minutes - usual[player][0], points - usual[player][1]

    return beside
