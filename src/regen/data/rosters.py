"""What is known of the teams' players before a date, and the slate that follows from it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from regen.data.slates import AVAILABLE, UNKNOWN, Game, RosteredSlate, SlatePlayer
from regen.features.records import GameLog, InjuryReport, PropLine

ROSTER_GAMES = 15
"""A player is on the roster of his latest team if he appeared in any of its last 15 games, about a month."""
MINUTES_GAMES = 7
"""Appearances that the average of minutes looks back on."""


@dataclass(slots=True)
class _Known:
    team: str
    name: str | None = None
    last_game: date | None = None
    minutes: deque[float] = field(default_factory=lambda: deque(maxlen=MINUTES_GAMES))


class Rosters:
    """What is known of the teams' players; fed one date after the other, asked for a slate before the date is fed."""

    def __init__(self, roster_games: int = ROSTER_GAMES) -> None:
        self._players: dict[str, _Known] = {}
        self._team_players: defaultdict[str, set[str]] = defaultdict(set)
        self._team_dates: defaultdict[str, deque[date]] = defaultdict(lambda: deque(maxlen=roster_games))
        self._latest = date.min

    def play(self, logs: Sequence[GameLog]) -> None:
        """Take in the box scores of the next date."""
        for log in logs:
            if log.game_date < self._latest:
                raise ValueError(f"box scores of {log.game_date} after those of {self._latest}")
            self._latest = log.game_date
            dates = self._team_dates[log.team]
            if not dates or dates[-1] != log.game_date:
                dates.append(log.game_date)
            known = self._place(log.player_lookup, log.team)
            known.name = log.player_name or known.name
            known.last_game = log.game_date
            known.minutes.append(log.minutes)

    def slate(
        self,
        game_date: date,
        games: Sequence[Game],
        lines: Iterable[PropLine] = (),
        injuries: Sequence[InjuryReport] = (),
    ) -> RosteredSlate:
        """The slate of a date after all that was fed so far.

        Args:
            game_date: later than everything fed.
            games: the date's schedule.
            lines: of the date.
            injuries: the availability report of the date.
        """
        if game_date <= self._latest:
            raise ValueError(f"a slate of {game_date} must not know the box scores of {self._latest}")
        reports = {report.player_lookup: report for report in injuries}
        for report in injuries:
            if report.team:
                self._place(report.player_lookup, report.team)
        offered: defaultdict[str, list[PropLine]] = defaultdict(list)
        for line in lines:
            offered[line.player_lookup].append(line)
        playing = {team: game for game in games for team in (game.home, game.away)}
        teams = {name: known.team for name in (*offered, *reports) if (known := self._players.get(name))}
        listed = {name for name, team in teams.items() if team in playing}
        for team in playing:
            listed.update(self._recent(team))
        starts = self._starts(playing, teams, offered)
        timed = {g.game_id: Game(g.game_id, g.game_date, g.home, g.away, starts.get(g.game_id, g.start)) for g in games}
        reporting = {report.team for report in injuries}
        players = []
        for name in listed:
            known = self._players[name]
            found = reports.get(name)
            players.append(
                SlatePlayer(
                    game=timed[playing[known.team].game_id],
                    player_lookup=name,
                    player_name=known.name,
                    team=known.team,
                    lines=tuple(offered.get(name, ())),
                    minutes_last_7=round(sum(known.minutes) / len(known.minutes), 2) if known.minutes else None,
                    last_game=known.last_game,
                    status=found.status if found else AVAILABLE if known.team in reporting else UNKNOWN,
                    status_reason=found.reason if found else None,
                )
            )
        players.sort(key=lambda player: (player.game.game_id, player.team, player.player_lookup))
        unplaced = tuple(sorted(name for name in offered if name not in listed))
        return RosteredSlate(game_date, tuple(timed.values()), tuple(players), unplaced)

    def _place(self, name: str, team: str) -> _Known:
        """Put a player on a team: his latest, by box score or availability report."""
        known = self._players.get(name)
        if known is None:
            known = self._players[name] = _Known(team)
        elif known.team != team:
            self._team_players[known.team].discard(name)
            known.team = team
        self._team_players[team].add(name)
        return known

    def _recent(self, team: str) -> Iterable[str]:
        dates = self._team_dates[team]
        since = dates[0] if dates else date.min
        for name in self._team_players[team]:
            last = self._players[name].last_game
            if last is not None and last >= since:
                yield name

    @staticmethod
    def _starts(
        playing: Mapping[str, Game], teams: Mapping[str, str], offered: Mapping[str, Sequence[PropLine]]
    ) -> dict[str, datetime]:
        """Tip-off by game: what most of its players' lines say."""
        votes: defaultdict[str, Counter[datetime]] = defaultdict(Counter)
        for name, lines in offered.items():
            if teams.get(name) in playing:
                votes[playing[teams[name]].game_id].update(line.game_start for line in lines if line.game_start)
        return {game_id: max(sorted(count), key=count.__getitem__) for game_id, count in votes.items() if count}
