"""Writes a league as the CSV files of a data folder."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from regen.data.csvs import GAME_LOGS, INJURY_REPORTS, PROP_LINES, SHOT_ZONES
from regen.data.parse import season_of
from regen.league.players import ZONES
from regen.league.season import League


def _words(text: str) -> list[str]:
    return text.split()


_LOG = _words(
    "season season_type game_date game_id player_lookup player_name nba_player_id team opponent home starter position "
    "minutes points rebounds assists fga fgm fg3a fg3m fta ftm oreb dreb steals blocks turnovers fouls"
)
_LINE = _words("season game_date player_lookup market bookmaker line over_price under_price snapshot_utc start_utc")
_ZONE = ["game_date", "game_id", "player_lookup", *(f"{z}_{what}" for what in ("fga", "fgm") for z in sorted(ZONES))]
_INJURY = _words("game_date player_lookup team status reason reported")


def write_league(league: League, folder: Path) -> None:
    """Write the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{GAME_LOGS}.csv", _LOG, (_plain(log, _LOG) for log in league.logs))
    _write(
        folder / f"{PROP_LINES}.csv",
        _LINE,
        (
            (
                season_of(line.game_date),
                line.game_date,
                line.player_lookup,
                "points",
                line.bookmaker,
                line.line,
                line.over_price,
                line.under_price,
                _moment(line.captured_at),
                _moment(line.game_start),
            )
            for line in league.lines
        ),
    )
    _write(folder / f"{SHOT_ZONES}.csv", _ZONE, (_plain(zones, _ZONE) for zones in league.zones))
    _write(folder / f"{INJURY_REPORTS}.csv", _INJURY, (_plain(report, _INJURY) for report in league.injuries))


def _plain(row: object, columns: Sequence[str]) -> list[object]:
    values = (getattr(row, column) for column in columns)
    return [int(value) if isinstance(value, bool) else value for value in values]


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%MZ")


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
