"""Rows of `prediction_accuracy`, for the watch on live quality."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from regen.schemas import table

AS_OF = date(2026, 1, 19)
"""The last date of the windows while it is 2026-01-20."""


def grade(number: int, day: date = AS_OF, system: str = "ensemble_v1", game: int = 0, **more: Any) -> dict[str, Any]:
    """A grade: predicted 20, scored as `points` says, at a line of 19.5."""
    points, line = more.pop("points", 20), more.get("line_value", 19.5)
    known = {
        "prediction_id": f"{day}-{system}-{game}-{number}",
        "player_lookup": f"player{number}",
        "game_id": f"00225{day:%m%d}{game}",
        "game_date": day,
        "system_id": system,
        "predicted_points": 20.0,
        "recommendation": "OVER" if number % 2 else "UNDER",
        "line_value": line,
        "over_probability": 0.5,
        "actual_points": points,
        "absolute_error": float(abs(20 - points)),
        "signed_error": float(20 - points),
        "prediction_correct": None if line is None else number % 3 != 0,
        "is_voided": False,
        "is_superseded_prediction": False,
        "retrospective": False,
        "graded_at": None,
        **more,
    }
    return {name: known.get(name) for name in table("prediction_accuracy").columns}


def sound(days: int = 28, games: int = 3, players: int = 10, **more: Any) -> Iterator[dict[str, Any]]:
    """Grades that are within every limit: the errors are 4 in both directions, and a little more or less by game."""
    for back in range(days):
        for game in range(games):
            for number in range(players):
                off = (4 if number % 2 else -4) + (back + game) % 3 - 1
                yield grade(number, AS_OF - timedelta(days=back), game=game, **{"points": 20 + off, **more})
