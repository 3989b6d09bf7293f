"""What `sql/box_scores.sql` makes of the rows of a date, in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from regen.domain.box_scores import BoxScores

_NAMES = ("player_lookup", "game_id", "team_abbr", "opponent_team_abbr")
_COUNTS = (
    "points", "assists", "offensive_rebounds", "defensive_rebounds", "fg_attempts", "three_pt_attempts", "ft_attempts",
)  # fmt: skip

Row = Mapping[str, Any]


def box_scores(day: date, rows: Sequence[Row]) -> BoxScores | None:
    """The box scores of a date; None if no player played."""
    newest: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row["player_lookup"], row["game_id"])
        if key not in newest or _made(row) > _made(newest[key]):
            newest[key] = row
    played = [row for row in newest.values() if (row["minutes_played"] or 0) > 0 and row["points"] is not None]
    if not played:
        return None
    played.sort(key=lambda row: (row["game_id"], row["team_abbr"], row["player_lookup"]))
    games = json.dumps([_texts(row) for row in played], separators=(",", ":"), ensure_ascii=False)
    return BoxScores(day, hashlib.md5(games.encode(), usedforsecurity=False).hexdigest(), games)


def _made(row: Row) -> str:
    return str(row.get("processed_at") or "")


def _texts(row: Row) -> list[str | None]:
    home, minutes = row.get("home_game"), float(row["minutes_played"])
    return [
        *(row[name] for name in _NAMES),
        None if home is None else str(home).lower(),
        f"{minutes:g}" if minutes != int(minutes) else str(int(minutes)),
        *(None if row.get(name) is None else str(row[name]) for name in _COUNTS),
    ]
