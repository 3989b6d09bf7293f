"""What is known of the teams' players before a date, and the slate that follows from it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from regen.data.offers import Offers, offers, tip_offs
from regen.data.slates import AVAILABLE, UNKNOWN, Game, RosteredSlate, SlatePlayer
from regen.domain.tip_off import newest_reports
from regen.features.records import GameLog, InjuryReport, PropLine

ROSTER_GAMES = 15
"""A player is on the roster of his latest team if he appeared in any of its last 15 games, about a month."""
MINUTES_GAMES = 7
"""Appearances that the average of minutes looks back on."""


class _Known(Struct):
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
            lines: of the date, whenever they were seen.
            injuries: the availability reports of the date, whenever they were made.
        """
        if game_date <= self._latest:
            raise ValueError(f"a slate of {game_date} must not know the box scores of {self._latest}")
        offered: defaultdict[str, list[PropLine]] = defaultdict(list)
        for line in lines:
            offered[line.player_lookup].append(line)
        playing = {team: game for game in games for team in (game.home, game.away)}
        starts = self._starts(playing, offered)
        reports = newest_reports(injuries, lambda report: starts.get(self._game_of(report, playing)))
        for report in reports.values():
            if report.team:
                self._place(report.player_lookup, report.team)
        starts = self._starts(playing, offered)
        sifted = self._sifted(playing, offered, starts)
        known_lines = {name: found.lines for name, found in sifted.items() if found.lines}
        teams = {name: known.team for name in (*known_lines, *reports) if (known := self._players.get(name))}
        listed = {name for name, team in teams.items() if team in playing}
        for team in playing:
            listed.update(self._recent(team))
        timed = {
            g.game_id: Game(g.game_id, g.game_date, g.home, g.away, g.start or starts.get(g.game_id)) for g in games
        }
        reporting = {report.team for report in reports.values()}
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
                    lines=known_lines.get(name, ()),
                    minutes_last_7=round(sum(known.minutes) / len(known.minutes), 2) if known.minutes else None,
                    last_game=known.last_game,
                    status=found.status if found else AVAILABLE if known.team in reporting else UNKNOWN,
                    status_reason=found.reason if found else None,
                )
            )
        players.sort(key=lambda player: (player.game.game_id, player.team, player.player_lookup))
        return RosteredSlate(
            game_date,
            tuple(timed.values()),
            tuple(players),
            unplaced=tuple(sorted(name for name in known_lines if name not in listed)),
            lines=tuple(line for name in sorted(known_lines) for line in known_lines[name]),
            late_lines=sum(len(found.late) for found in sifted.values()),
            older_lines=sum(found.older for found in sifted.values()),
            late_reports=len(injuries) - len(reports),
        )

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

    def _game_of(self, report: InjuryReport, playing: Mapping[str, Game]) -> str:
        """The game that a report is about; no game's id if its team does not play."""
        known = self._players.get(report.player_lookup)
        team = report.team or (known.team if known else "")
        return playing[team].game_id if team in playing else ""

    def _starts(self, playing: Mapping[str, Game], offered: Mapping[str, Sequence[PropLine]]) -> dict[str, datetime]:
        """The start of each game: the schedule's, else what its players' lines say."""
        games = {
            name: playing[known.team].game_id
            for name in offered
            if (known := self._players.get(name)) and known.team in playing
        }
        return tip_offs(offered, games) | {g.game_id: g.start for g in playing.values() if g.start}

    def _sifted(
        self, playing: Mapping[str, Game], offered: Mapping[str, Sequence[PropLine]], starts: Mapping[str, datetime]
    ) -> dict[str, Offers]:
        """The lines on each player that count; those on a player without a known team are bounded by the start that they name."""
        own = tip_offs(offered, {name: name for name in offered})
        found = {}
        for name, lines in offered.items():
            known = self._players.get(name)
            game = playing.get(known.team) if known else None
            found[name] = offers(lines, own.get(name) if game is None else starts.get(game.game_id))
        return found
