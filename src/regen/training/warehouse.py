"""Conversion of input tables' rows to the records of a data folder, so that one fit serves both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from regen.data.csvs import GAME_LOGS, INJURY_REPORTS, PROP_LINES, SHOT_ZONES, DataFolder, FolderReport
from regen.data.parse import season_of
from regen.domain.inputs import BEST_RANK
from regen.features.records import GameLog, PropLine

HISTORY_DAYS = 730
"""How many days back are read: two seasons, and at most that many partitions per statement."""
ABSENT = (
    "season_type", "player_name", "nba_player_id", "starter", "position", "fgm", "fg3m", "ftm", "steals", "blocks", "turnovers",
    "fouls",
)  # fmt: skip
"""Columns of box scores that `player_game_summary` lacks; signals made of them are unknown to the fit."""

Row = Mapping[str, Any]
Made = TypeVar("Made")


def tables_as_data(games: Iterable[Row], lines: Iterable[Row]) -> DataFolder:
    """Box scores and lines of the tables. Invalid rows are left out; notes name them and the missing columns."""
    notes: list[str] = []
    sided = list(games)
    logs = _made(sided, _log, "player_game_summary", notes)
    played = [log for log in logs if log.minutes > 0]
    if len(played) < len(logs):
        notes.append(f"player_game_summary: {len(logs) - len(played)} rows with no minutes: no appearance")
    logs = played
    offers = _made(lines, _line, "prop_lines_input", notes)
    named = sum(offer.is_fallback for offer in offers)
    if named:
        notes.append(f"prop_lines_input: {named} lines are the fallback's, without price and time")
    unknown = sum(row.get("home_game") is None for row in sided)
    if unknown:
        notes.append(f"player_game_summary: home_game is unknown in {unknown} rows, which count as away games")
    if not logs:
        notes.append("player_game_summary: no games of these dates")
    report = FolderReport(
        rows={GAME_LOGS: len(logs), PROP_LINES: len(offers), SHOT_ZONES: 0, INJURY_REPORTS: 0},
        missing_files=(SHOT_ZONES, INJURY_REPORTS),
        absent_columns={GAME_LOGS: ABSENT},
        notes=tuple(notes),
    )
    logs.sort(key=lambda log: log.game_date)
    offers.sort(key=lambda line: line.game_date)
    return DataFolder(tuple(logs), tuple(offers), (), (), report)


def remarks(report: FolderReport) -> list[str]:
    """Caveats about the source of an artefact."""
    known = [f"the tables hold no {name.replace('_', ' ')}" for name in report.missing_files]
    known += [f"{name}: no {', '.join(columns)}" for name, columns in report.absent_columns.items()]
    return [*known, *report.notes]


def _made(rows: Iterable[Row], make: Callable[[Row], Made], table: str, notes: list[str]) -> list[Made]:
    found: list[Made] = []
    odd: list[str] = []
    for row in rows:
        try:
            found.append(make(row))
        except (TypeError, ValueError, KeyError):
            odd.append(f"{row.get('player_lookup')} on {row.get('game_date')}")
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        notes.append(f"{table}: left out as invalid: {', '.join(odd[:3])}{more}")
    return found


def _log(row: Row) -> GameLog:
    day = date.fromisoformat(row["game_date"])
    offensive, defensive = _count(row["offensive_rebounds"]), _count(row["defensive_rebounds"])
    points = _count(row["points"])
    if points is None:
        raise ValueError("no points")
    return GameLog(
        game_date=day,
        game_id=_text(row["game_id"]),
        player_lookup=_text(row["player_lookup"]),
        team=_text(row["team_abbr"]),
        opponent=_text(row["opponent_team_abbr"]),
        home=bool(row["home_game"]),
        minutes=_size(row["minutes_played"]),
        points=points,
        season=season_of(day),
        season_type="regular",
        rebounds=None if defensive is None else defensive + (offensive or 0),
        assists=_count(row["assists"]),
        fga=_count(row["fg_attempts"]),
        fg3a=_count(row["three_pt_attempts"]),
        fta=_count(row["ft_attempts"]),
        oreb=offensive,
        dreb=defensive,
    )


def _line(row: Row) -> PropLine:
    seen = row["captured_at"]
    return PropLine(
        game_date=date.fromisoformat(row["game_date"]),
        player_lookup=_text(row["player_lookup"]),
        bookmaker=_text(row["bookmaker"]).lower(),
        line=_size(row["line"]),
        over_price=row["over_price"],
        under_price=row["under_price"],
        captured_at=None if seen is None else datetime.fromisoformat(seen),
        rank=row.get("rank") or BEST_RANK,
        is_fallback=bool(row.get("is_fallback")),
        game_start=None if (start := row.get("game_start")) is None else datetime.fromisoformat(start),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no text")
    return value


def _size(value: object) -> float:
    number = float(str(value))
    if not math.isfinite(number) or number < 0:
        raise ValueError("no size")
    return number


def _count(value: object) -> int | None:
    return None if value is None else int(_size(value))
