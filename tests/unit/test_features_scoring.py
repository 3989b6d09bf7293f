"""Box scores of the warehouse whose points have not come do not reach the history."""

from __future__ import annotations

import json
from datetime import date

import pytest

from regen.features.box_scores import game_logs

DAY = date(2026, 1, 20)


def rows(team: str, opponent: str, points: list[int], minutes: float = 24.0) -> list[list[str | None]]:
    return [
        [f"{team}{n}".lower(), "0022500601", team, opponent, None, str(minutes), str(made), *[None] * 6]
        for n, made in enumerate(points)
    ]


@pytest.mark.parametrize(
    ("points", "minutes", "kept"),
    [
        ([0] * 10, 24.0, 8),
        ([2] * 10, 24.0, 8),
        ([0] * 9 + [49], 24.0, 18),
        ([0] * 10, 2.0, 18),
    ],
    ids=["zeros", "hardly a point", "the lowest ever", "a game that has just begun"],
)
def test_a_team_whose_points_have_not_come_is_left_out(points: list[int], minutes: float, kept: int) -> None:
    text = json.dumps(rows("NYK", "BOS", points, minutes) + rows("BOS", "NYK", [12] * 8, 30.0))
    logs, lost = game_logs(DAY, text)
    assert (len(logs), lost) == (kept, 18 - kept)
