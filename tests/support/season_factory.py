"""A tiny invented season: eight teams of nine, a game every second day, lines near form. Deterministic."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from regen.data.csvs import DataFolder, FolderReport
from regen.domain.values import replace
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

TEAMS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")
LETTERS = "abcdefghi"
FIRST = date(2025, 10, 21)


def game_log(
    day: date = FIRST,
    player: str = "aaaa",
    team: str = "AAA",
    opponent: str = "BBB",
    *,
    points: int = 10,
    minutes: float = 24.0,
    home: bool = True,
    season: str = "2025-26",
) -> GameLog:
    """One player's game log with plausible shots."""
    fga = max(1, round(points * 0.8))
    return GameLog(
        game_date=day,
        game_id=f"{day:%Y%m%d}_{min(team, opponent)}",
        player_lookup=player,
        team=team,
        opponent=opponent,
        home=home,
        minutes=minutes,
        points=points,
        season=season,
        season_type="regular",
        rebounds=4,
        assists=2,
        fga=fga,
        fgm=points // 3,
        fg3a=fga // 3,
        fg3m=points // 9,
        fta=points // 4,
        ftm=points // 5,
        oreb=1,
        turnovers=1,
    )


def season(
    days: int = 60, seed: int = 7, first: date = FIRST, *, absent: float = 0.1, teams: Sequence[str] = TEAMS
) -> DataFolder:
    """The content of a data folder: logs, lines, zones and one team's injury reports."""
    source = random.Random(seed)  # noqa: S311
    skill = {f"{team.lower()}{letter}": source.uniform(4, 26) for team in teams for letter in LETTERS}
    logs: list[GameLog] = []
    lines: list[PropLine] = []
    zones: list[ShotZones] = []
    injuries: list[InjuryReport] = []
    for step in range(days):
        day = first + timedelta(days=2 * step)
        order = list(teams)
        source.shuffle(order)
        for index in range(0, len(order), 2):
            for team, opponent, home in (
                (order[index], order[index + 1], True),
                (order[index + 1], order[index], False),
            ):
                for letter in LETTERS:
                    player = f"{team.lower()}{letter}"
                    if source.random() < absent:
                        if team == "AAA":
                            injuries.append(InjuryReport(day, player, "out", team))
                        continue
                    mean = skill[player]
                    points = max(0, round(source.gauss(mean, 2 + 0.25 * mean)))
                    minutes = round(min(42.0, max(8.0, 12 + mean + source.gauss(0, 3))), 2)
                    logs.append(game_log(day, player, team, opponent, points=points, minutes=minutes, home=home))
                    zones.append(zone_row(day, player, logs[-1].game_id, points))
                    if mean > 8:
                        line = round(mean + source.gauss(0, 1)) + 0.5
                        seen = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
                        lines.append(PropLine(day, player, "draftkings", line, -110, -110, seen))
    report = FolderReport(rows={})
    return DataFolder(tuple(logs), tuple(lines), tuple(zones), tuple(injuries), report)


def with_whole_games(folder: DataFolder) -> DataFolder:
    """The same content with minutes that make a whole game of each team's: only such are graded."""
    played: dict[tuple[str, str], float] = {}
    for log in folder.logs:
        played[log.game_id, log.team] = played.get((log.game_id, log.team), 0.0) + log.minutes
    logs = [replace(log, minutes=round(log.minutes * 240 / played[log.game_id, log.team], 2)) for log in folder.logs]
    return replace(folder, logs=tuple(logs))


def zone_row(day: date, player: str, game_id: str, points: int) -> ShotZones:
    """A zone row whose shots match the points."""
    made = points // 3
    return ShotZones(day, game_id, player, 3, 0, 1, 2, 2, made + 2, 1, 0, 0, 1, 1, made)


def write(folder: DataFolder, root: Path, logs: Sequence[GameLog] | None = None) -> Path:
    """Write the content as CSV files; return the folder."""
    _write(root / "player_game_logs.csv", folder.logs if logs is None else logs, {})
    lines = {"captured_at": "snapshot_utc", "game_start": "start_utc"}
    # What a warehouse's view says of a source is in no file.
    _write(root / "prop_lines.csv", folder.lines, lines, left_out=("rank", "is_fallback"))
    _write(root / "shot_zones.csv", folder.zones, {})
    _write(root / "injury_reports.csv", folder.injuries, {})
    return root


def _write(
    path: Path,
    rows: Sequence[GameLog | PropLine | ShotZones | InjuryReport],
    names: dict[str, str],
    left_out: Sequence[str] = (),
) -> None:
    if not rows:
        return
    fields = [field for field in type(rows[0]).__struct_fields__ if field not in left_out]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([names.get(field, field) for field in fields])
        for row in rows:
            writer.writerow([_text(getattr(row, field)) for field in fields])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)
