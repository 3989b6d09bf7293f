"""The schedule: dates with few and many games, back-to-backs, tip-off times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from msgspec import Struct

from regen.data.slates import Game
from regen.league.names import TEAMS

FIRST = date(2025, 10, 21)
LAST = date(2026, 1, 31)
EARLIER_FIRST, EARLIER_LAST = date(2025, 3, 17), date(2025, 4, 13)
"""The end of the season before, so that the first dates have a history."""

DEMO_GAMES = {
    date(2026, 1, 20): 5,
    date(2026, 1, 21): 3,
    date(2026, 1, 22): 5,
    date(2026, 1, 23): 7,
    date(2026, 1, 24): 7,
    date(2026, 1, 25): 3,
}
_NO_GAMES = {date(2025, 11, 4), date(2025, 11, 27), date(2025, 12, 11), date(2025, 12, 15), date(2025, 12, 24)}
_PER_WEEKDAY = (7.6, 7.1, 8.8, 6.3, 9.1, 7.0, 8.5)
_REST_WEIGHT = {1: 0.08, 2: 2.2, 3: 3.2, 4: 5.0}
"""Relative odds of a game by days since the last one; more than 4 days count as 4."""
_TIP_OFFS = ((19, 0), (19, 30), (19, 30), (20, 0), (20, 30), (21, 0), (22, 0), (22, 30))  # US Eastern
_SUMMER_TIME = ((date(2025, 3, 9), date(2025, 11, 2)),)


class Season(Struct, frozen=True):
    """The dates of one season, or of the part of it that the league plays."""

    name: str
    first: date
    last: date
    prefix: str


SEASONS = (
    Season("2024-25", EARLIER_FIRST, EARLIER_LAST, "00224"),
    Season("2025-26", FIRST, LAST, "00225"),
)


def tip_off(day: date, hour: int, minute: int) -> datetime:
    """A US Eastern time of a date, in UTC."""
    summer = any(start <= day < end for start, end in _SUMMER_TIME)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return local + timedelta(hours=4 if summer else 5)


def schedule(random: Random, season: Season) -> dict[date, tuple[Game, ...]]:
    """All games of a season by date, in order of dates."""
    played = dict.fromkeys(TEAMS, season.first - timedelta(days=3))
    before = dict.fromkeys(TEAMS, season.first - timedelta(days=6))
    opponent: dict[str, str] = {}
    at_home = dict.fromkeys(TEAMS, 0)
    games: dict[date, tuple[Game, ...]] = {}
    number = 0
    for offset in range((season.last - season.first).days + 1):
        day = season.first + timedelta(days=offset)
        count = _count(random, day)
        fit = [team for team in TEAMS if (day - before[team]).days > 2]
        chosen = _choose(random, fit, {team: (day - played[team]).days for team in fit}, min(count, len(fit) // 2))
        today = []
        for home, away in _pairs(random, chosen, opponent, at_home):
            number += 1
            start = tip_off(day, *random.choice(_TIP_OFFS))
            today.append(Game(f"{season.prefix}{number:05d}", day, home, away, start))
            for team, other in ((home, away), (away, home)):
                before[team], played[team], opponent[team] = played[team], day, other
            at_home[home] += 1
            at_home[away] -= 1
        if today:
            games[day] = tuple(today)
    return games


def _count(random: Random, day: date) -> int:
    if day in DEMO_GAMES:
        return DEMO_GAMES[day]
    if day in _NO_GAMES:
        return 0
    return max(2, min(15, round(random.gauss(_PER_WEEKDAY[day.weekday()], 2.4))))


def _choose(random: Random, fit: list[str], rest: dict[str, int], games: int) -> list[str]:
    """Teams drawn without replacement, those with more rest more likely."""
    ranked = sorted(fit, key=lambda team: -(random.random() ** (1 / _REST_WEIGHT[min(4, rest[team])])))
    return ranked[: 2 * games]


def _pairs(
    random: Random, teams: list[str], opponent: dict[str, str], at_home: dict[str, int]
) -> list[tuple[str, str]]:
    random.shuffle(teams)
    pairs = []
    left = list(teams)
    while left:
        one = left.pop()
        other = next((team for team in left if opponent.get(one) != team), left[0])
        left.remove(other)
        home, away = (one, other) if at_home[one] <= at_home[other] else (other, one)
        pairs.append((home, away))
    return pairs
