"""One small invented league of real teams: four of them, a game every second day, the last date yet to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from regen.data.csvs import DataFolder, FolderReport
from regen.data.formats.native import ZONES
from regen.data.names import key
from regen.data.slates import Game
from regen.domain.dates import EASTERN
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

TEAMS = {
    "ATL": ("Atlanta Hawks", "ATL", "ATL", 1),
    "BKN": ("Brooklyn Nets", "BRK", "BKN", 3),
    "NOP": ("New Orleans Pelicans", "NOP", "NO", 19),
    "UTA": ("Utah Jazz", "UTA", "UTAH", 29),
}
"""By code: the full name, and the team's code or number at Basketball-Reference, ESPN and balldontlie."""
FIRST, TONIGHT = date(2026, 1, 6), date(2026, 1, 20)
OUT = ("aldoaske", "cydellarjr")
_NAMES = {
    "ATL": ("Aldo Aske", "Bo Attar", "Cy Abeline", "Di Ardent", "Ed Alcott", "Fin Amory"),
    "BKN": ("Đorđe Bųlić", "Ben Boone III", "Cal Bright", "Dov Bell", "Eli Brand", "Foy Birch"),
    "NOP": ("Ara O'Neal-Noe", "Bix Norden", "Cy Dellar Jr.", "Dag Nash", "Ewa Norell", "Flo Nunn"),
    "UTA": ("Ane Ullman", "Bas Uther", "Cem Uzun", "Dee Usher", "Ebo Udall", "Fay Upton"),
}
PLACES = {
    "above_break3": ("Above the Break 3", 10, 260, True),
    "backcourt": ("Backcourt", 10, 600, True),
    "corner3": ("Left Corner 3", 225, 20, True),
    "midrange": ("Mid-Range", 150, 60, False),
    "paint_nonra": ("In The Paint (Non-RA)", -20, 100, False),
    "paint_ra": ("Restricted Area", 0, 10, False),
}
"""By zone: what NBA.com calls it, a place in it in tenths of feet from the hoop, and whether a shot is worth three."""


def league() -> DataFolder:
    """A game every second day for each team; the last date is to come, with its lines, reports and schedule."""
    logs: list[GameLog] = []
    lines: list[PropLine] = []
    zones: list[ShotZones] = []
    games: list[Game] = []
    codes = tuple(TEAMS)
    for number in range((TONIGHT - FIRST).days // 2 + 1):
        day = FIRST + timedelta(days=2 * number)
        order = (codes[0], codes[1 + number % 3], *(c for c in codes[1:] if c != codes[1 + number % 3]))
        start = datetime.combine(day + timedelta(days=1), time(0, 10), UTC)
        for index in (0, 2):
            home, away = order[index : index + 2] if number % 2 else order[index : index + 2][::-1]
            game = Game(f"00225{600 + 10 * number + index:05d}", day, home, away, start)
            games.append(game)
            for team in (home, away):
                for place, name in enumerate(_NAMES[team]):
                    mean = 6 + 4 * place
                    lookup = key(name) or ""
                    if place:
                        lines += [
                            PropLine(
                                day, lookup, "draftkings", mean + 0.5, -110, -115, start - timedelta(hours=4), start
                            ),
                            PropLine(
                                day, lookup, "prizepicks", mean + 0.5, None, None, start - timedelta(hours=5), start
                            ),
                        ]
                    if day < TONIGHT and (number + place) % 7:
                        zone = _shots(day, game.game_id, lookup, place, number)
                        zones.append(zone)
                        logs.append(_log(game, team, name, zone, minutes=18 + 3 * place + number % 3))
    reports = [
        InjuryReport(TONIGHT, name, "out", team, "Injury/Illness - Knee", _said())
        for name, team in zip(OUT, ("ATL", "NOP"), strict=True)
    ]
    return DataFolder(tuple(logs), tuple(lines), tuple(zones), tuple(reports), FolderReport(rows={}), tuple(games))


def _said() -> datetime:
    return datetime.combine(TONIGHT, time(17, 30), EASTERN).astimezone(UTC)


def _shots(day: date, game_id: str, lookup: str, place: int, number: int) -> ShotZones:
    tried = {
        "above_break3": 2 + place,
        "corner3": 1,
        "midrange": 2,
        "paint_nonra": 2,
        "paint_ra": 2 + number % 2,
        "backcourt": 0,
    }
    made = {"above_break3": 1 + place // 2, "midrange": 1, "paint_nonra": 1, "paint_ra": 1 + number % 2}
    counts = {f"{zone}_fga": tried[zone] for zone in ZONES} | {f"{zone}_fgm": made.get(zone, 0) for zone in ZONES}
    return ShotZones(day, game_id, lookup, **counts)


def _log(game: Game, team: str, name: str, zone: ShotZones, minutes: int) -> GameLog:
    made = {kind: getattr(zone, f"{kind}_fgm") for kind in ZONES}
    threes = sum(count for kind, count in made.items() if PLACES[kind][3])
    return GameLog(
        game_date=game.game_date, game_id=game.game_id, player_lookup=key(name) or "", team=team,
        opponent=game.away if team == game.home else game.home, home=team == game.home, minutes=float(minutes),
        points=2 * sum(made.values()) + threes + 2, season="2025-26", season_type="regular", player_name=name, rebounds=5,
        assists=3, fga=zone.fga, fgm=sum(made.values()), fg3a=sum(getattr(zone, f"{k}_fga") for k in ZONES if PLACES[k][3]),
        fg3m=threes, fta=3, ftm=2, oreb=1, dreb=4, steals=1, blocks=0, turnovers=2, fouls=3,
    )  # fmt: skip
