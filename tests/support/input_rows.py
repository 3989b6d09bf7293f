"""Rows of the input tables for a date: games of ten players a side, complete unless asked otherwise."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
SIDES = ("NYK", "BOS")


def start_of(day: date, number: int = 0) -> datetime:
    """The start of a date's n-th game: ten past seven in US Eastern, and each further game an hour later."""
    return datetime.combine(day + timedelta(days=1), time(number, 10), UTC)


def inputs(
    day: date,
    games: int = 2,
    players: int = 20,
    *,
    without: Collection[tuple[str, int]] = (),
    played: bool = False,
    called_off: Collection[int] = (),
    come: bool = False,
) -> Rows:
    """The rows of a date.

    Args:
        players: of each game.
        without: inputs that lack a game, each with the game's number.
        played: whether the box scores are there.
        come: whether the play-by-play is there.
    """
    made = start_of(day) - timedelta(hours=5)
    found: Rows = {
        name: []
        for name in (
            "upcoming_player_game_context", "player_prop_lines", "ml_feature_store_v2", "player_game_summary", "pending_bdb_games",
        )
    }  # fmt: skip
    for number in range(games):
        game_id, start = f"00225{day:%m%d}{number}", start_of(day, number)
        off = number in called_off
        found["pending_bdb_games"].append(
            {
                "game_date": day, "game_id": game_id, "status": "bdb_available" if come else "pending_bdb", "game_start_time": start,
                "bdb_available_at": start + timedelta(hours=40) if come else None, "bdb_check_count": 0, "attempts": 0,
                "fallback_source": "none", "created_at": made, "updated_at": made,
            }
        )  # fmt: skip
        for one in range(players):
            key = {"game_date": day, "game_id": game_id, "player_lookup": f"player{number}x{one}"}
            team, other = SIDES if one % 2 else SIDES[::-1]
            sides = {"team_abbr": team, "opponent_team_abbr": other}
            if ("slate", number) not in without:
                found["upcoming_player_game_context"].append(
                    {**key, **sides, "home_game": True, "game_start": start, "game_status": "postponed" if off else None,
                     "created_at": made}
                )  # fmt: skip
            if ("lines", number) not in without and not off:
                found["player_prop_lines"].append(
                    {**key, "game_id": None, "market": "points", "bookmaker": "dk", "line": 9.5, "captured_at": made}
                )
            if ("features", number) not in without and not off:
                found["ml_feature_store_v2"].append({**key, "created_at": made, "data_source": "x", **_FEATURES})
            if played and ("box_scores", number) not in without:
                found["player_game_summary"].append(
                    {**key, **sides, "minutes_played": 20.0, "points": 9, "processed_at": start + timedelta(hours=9)}
                )
    return found


_FEATURES: dict[str, Any] = {
    "features": [1.0], "feature_names": ["form"], "feature_count": 1, "feature_version": "v1", "feature_quality_score": 90.0,
}  # fmt: skip


def together(*parts: Rows) -> Rows:
    """The rows of several dates."""
    names = [name for part in parts for name in part]
    return {name: [row for part in parts for row in part[name]] for name in dict.fromkeys(names)}
