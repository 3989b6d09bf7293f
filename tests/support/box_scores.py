"""Complete box scores for grading: two teams of at least eight with 240 minutes each."""

from __future__ import annotations

from datetime import date
from typing import Any

from support.warehouses import DAY, T0

GAME = "0022500601"


def scored(
    player: str, points: int | None, minutes: float | None = 30.0, game: str = GAME, **more: Any
) -> dict[str, Any]:
    """One player's box score row; without points the player did not play."""
    return {
        "player_lookup": player,
        "game_id": game,
        "game_date": DAY,
        "team_abbr": "NYK",
        "opponent_team_abbr": "BOS",
        "minutes_played": None if points is None else minutes,
        "points": points,
        "processed_at": T0,
        **more,
    }


def box(game: str = GAME, day: date = DAY, /, **points: int | None) -> list[dict[str, Any]]:
    """A complete box score that includes these players, all of one team, whose others play the rest of its minutes."""
    played = 30.0 * sum(value is not None for value in points.values())
    share = {"NYK": max(0.5, (240.0 - played) / 8), "BOS": 30.0}
    rest = [(team, f"{team.lower()}{n}") for team in share for n in range(8)]
    rows = [scored(player, 10, share[team], game, team_abbr=team, game_date=day) for team, player in rest]
    return rows + [scored(player, value, 30.0, game, game_date=day) for player, value in points.items()]
