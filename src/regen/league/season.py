"""Simulation of the league's seasons, date by date: reports, lines, then games."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from msgspec import Struct, field

from regen.data.rosters import Rosters
from regen.data.slates import Game
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones
from regen.league import fixtures, games, injuries, lines, sizes
from regen.league.games import Side, Strength
from regen.league.names import TEAMS, Names
from regen.league.players import Player, draft

NO_REPORT = frozenset({date(2025, 12, 8)})
"""Dates without an availability report, in addition to the whole previous season."""
_TRADES = 14
_ABLE = 8
"""Number of available players at which a team gets no further absences."""


class League(Struct, frozen=True):
    """All data that an invented league has published, each list in order of dates."""

    logs: tuple[GameLog, ...]
    lines: tuple[PropLine, ...]
    zones: tuple[ShotZones, ...]
    injuries: tuple[InjuryReport, ...]


class _Play(Struct):
    random: Random
    rosters: dict[str, list[Player]]
    strengths: dict[str, Strength]
    unheard: float
    published: Rosters = field(default_factory=Rosters)
    logs: list[GameLog] = field(default_factory=list)
    lines: list[PropLine] = field(default_factory=list)
    zones: list[ShotZones] = field(default_factory=list)
    injuries: list[InjuryReport] = field(default_factory=list)

    def play_date(self, season: fixtures.Season, day: date, today: tuple[Game, ...]) -> None:
        """Simulate one date: reports and lines first, then the games."""
        fit: dict[str, list[Player]] = {}
        reports: dict[str, InjuryReport] = {}
        for team in (team for game in today for team in (game.home, game.away)):
            fit[team] = self._available(team, day, reports)
        if season.first == fixtures.EARLIER_FIRST or day in NO_REPORT:
            reports.clear()
        offered, outlook = self._market(today, fit, reports)
        if day in sizes.DEMO_PLAYERS:
            self._fit_size(day, today, fit, reports, offered, outlook)
        self.injuries.extend(reports[key] for key in sorted(reports))
        for key in sorted(offered):
            self.lines.extend(offered[key])
        played: list[GameLog] = []
        for game in today:
            logs, zones = games.play(
                self.random, game, season.name, self._side(game.home, fit), self._side(game.away, fit)
            )
            played.extend(logs)
            self.zones.extend(zones)
        boxes = {log.player_lookup: log for log in played}
        for team in fit:
            for player in self.rosters[team]:
                if (box := boxes.get(player.key)) is not None:
                    player.played(box.points, box.minutes)
                player.drift(self.random)
        self.logs.extend(played)
        self.published.play(played)

    def _side(self, team: str, fit: dict[str, list[Player]]) -> Side:
        return Side(team, sorted(fit[team], key=lambda player: -player.able), self.strengths[team])

    def _available(self, team: str, day: date, reports: dict[str, InjuryReport]) -> list[Player]:
        fit = []
        for place, player in enumerate(self.rosters[team]):
            fresh = player.back <= day
            if fresh and sum(p.back <= day for p in self.rosters[team]) > _ABLE:
                injuries.strike(self.random, player, day, place)
            if player.back > day:
                status = injuries.absent_status(self.random, fresh=fresh, unheard=self.unheard)
            else:
                status = injuries.present_status(self.random)
                fit.append(player)
            if status:
                reports[player.key] = injuries.report(player, day, status)
        return fit

    def _market(
        self, today: tuple[Game, ...], fit: dict[str, list[Player]], reports: dict[str, InjuryReport]
    ) -> tuple[dict[str, list[PropLine]], dict[str, tuple[Game, float]]]:
        """Lines by player, and the market's value for every player who could get one."""
        offered: dict[str, list[PropLine]] = {}
        outlook: dict[str, tuple[Game, float]] = {}
        for game in today:
            for team, other in ((game.home, game.away), (game.away, game.home)):
                side = self._side(team, {team: self._thought_fit(team, fit, reports)})
                against = self._side(other, fit)
                expected = games.expected_points(side, against, home=team == game.home)
                for player in side.players:
                    minutes, points = expected[player.key]
                    settled = lines.centre(self.random, minutes, points, player.form)
                    outlook[player.key] = (game, settled)
                    if lines.is_lined(self.random, minutes) and points > lines.LOWEST:
                        offered[player.key] = lines.offers(self.random, game, player.key, settled)
        return offered, outlook

    def _thought_fit(self, team: str, fit: dict[str, list[Player]], reports: dict[str, InjuryReport]) -> list[Player]:
        """Players who are expected to play by public data: those not reported out or doubtful."""
        if not reports:
            return fit[team]
        gone = {key for key, report in reports.items() if report.status in {"out", "doubtful"}}
        return [player for player in self.rosters[team] if player.key not in gone]

    def _fit_size(
        self,
        day: date,
        today: tuple[Game, ...],
        fit: dict[str, list[Player]],
        reports: dict[str, InjuryReport],
        offered: dict[str, list[PropLine]],
        outlook: dict[str, tuple[Game, float]],
    ) -> None:
        every = [line for rows in offered.values() for line in rows]
        slate = self.published.slate(day, today, every, list(reports.values()))
        wanted = sizes.DEMO_PLAYERS[day]
        players = {player.key: player for team in fit for player in self.rosters[team]}
        able = {player.key for team in fit for player in fit[team]}
        surplus = len(slate.requested()) - wanted
        for key in sizes.to_rest(slate, able, max(0, surplus)):
            player = players[key]
            player.back, player.reason = max(player.back, day + timedelta(days=1)), "Rest"
            fit[player.team] = [p for p in fit[player.team] if p is not player]
            reports[key] = injuries.report(player, day, "out")
            offered.pop(key, None)
        for key in sizes.to_line(slate, able & outlook.keys(), max(0, -surplus)):
            game, settled = outlook[key]
            offered[key] = lines.offers(self.random, game, key, settled)


def play_seasons(seed: int, unheard: float) -> League:
    """Simulate all seasons of a seed."""
    random = Random(seed)  # noqa: S311
    names = Names(random)
    rosters = {team: draft(random, names, team, number) for number, team in enumerate(TEAMS, start=1)}
    strengths = {team: Strength(random.gauss(0, 0.024), random.gauss(0, 0.036)) for team in TEAMS}
    league = _Play(random, rosters, strengths, unheard)
    for season in fixtures.SEASONS:
        dates = fixtures.schedule(random, season)
        trade_dates = set(random.sample(sorted(dates)[10:], _TRADES)) if season is fixtures.SEASONS[-1] else set()
        for day, today in dates.items():
            if day in trade_dates:
                _trade(random, rosters)
            league.play_date(season, day, today)
        _summer(random, rosters)
    return League(tuple(league.logs), tuple(league.lines), tuple(league.zones), tuple(league.injuries))


def _trade(random: Random, rosters: dict[str, list[Player]]) -> None:
    """Exchange two players between two teams, each for one of the same rank."""
    one, other = random.sample(TEAMS, 2)
    for place in random.sample(range(2, 13), 2):
        mine, theirs = rosters[one][place], rosters[other][place]
        rosters[one][place], rosters[other][place] = theirs, mine
        mine.team, theirs.team = other, one


def _summer(random: Random, rosters: dict[str, list[Player]]) -> None:
    """Start a new season: some players change teams, and all are healthy and without form."""
    for _ in range(40):
        _trade(random, rosters)
    for roster in rosters.values():
        for player in roster:
            player.role = player.touch = player.rust = 0.0
            player.back = date.min
