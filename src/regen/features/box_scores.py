"""Reads box scores as the warehouse gives them: what upstream's table does not hold stays unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import msgspec

from regen.features.records import GameLog
from regen.features.scoring import unscored
from regen.features.window import season_of

MAX_MINUTES = 200.0
"""More than any game has had."""


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """In the order of `sql/box_scores.sql`."""

    player_lookup: str
    game_id: str
    team: str
    opponent: str
    home: bool | None
    minutes: float
    points: int
    assists: int | None
    oreb: int | None
    dreb: int | None
    fga: int | None
    fg3a: int | None
    fta: int | None


_ROWS = msgspec.json.Decoder(list[_Row], strict=False)
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(_Row, strict=False)


def game_logs(day: date, text: str) -> tuple[tuple[GameLog, ...], int]:
    """The box scores of a date, and how many rows are left out: they cannot be read, or their team's points have not come."""
    rows, lost = _rows(text)
    sound = [row for row in rows if _is_sound(row)]
    empty = unscored((row.game_id, row.team, row.minutes, row.points) for row in sound)
    sound = [row for row in sound if (row.game_id, row.team) not in empty]
    sides = _sides(sound)
    season = season_of(day)
    logs = tuple(
        GameLog(
            game_date=day,
            game_id=row.game_id,
            player_lookup=row.player_lookup,
            team=row.team,
            opponent=row.opponent,
            home=sides.get((row.game_id, row.team)),
            minutes=row.minutes,
            points=row.points,
            season=season,
            season_type="",
            rebounds=None if row.dreb is None else row.dreb + (row.oreb or 0),
            assists=row.assists,
            fga=row.fga,
            fg3a=row.fg3a,
            fta=row.fta,
            oreb=row.oreb,
            dreb=row.dreb,
        )
        for row in sound
    )
    return logs, lost + len(rows) - len(sound)


def _rows(text: str) -> tuple[list[_Row], int]:
    try:
        return _ROWS.decode(text), 0
    except msgspec.DecodeError:
        found, lost = [], 0
        for raw in _RAW.decode(text):
            try:
                found.append(_ROW.decode(raw))
            except msgspec.DecodeError:
                lost += 1
        return found, lost


def _is_sound(row: _Row) -> bool:
    counts = (row.points, row.assists, row.oreb, row.dreb, row.fga, row.fg3a, row.fta)
    return (
        bool(row.player_lookup and row.game_id and row.team and row.opponent)
        and row.team != row.opponent
        and math.isfinite(row.minutes)
        and 0 < row.minutes <= MAX_MINUTES
        and all(count is None or 0 <= count <= MAX_MINUTES for count in counts)
    )


def _sides(rows: Sequence[_Row]) -> dict[tuple[str, str], bool]:
    """Which teams were at home: of a game, one side's word says the other's."""
    known: dict[tuple[str, str], bool] = {}
    for row in rows:
        if row.home is not None:
            known[row.game_id, row.team] = row.home
            known.setdefault((row.game_id, row.opponent), not row.home)
    return known
