"""`regen diff`: only what moved, a row for each player and system, with line, side and tier before and after."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regen.client.moves import Move, moved, of_rows
from support.league import entry, names, players
from support.seat import Seat


def test_diff_lists_only_what_moved(seat: Seat) -> None:
    """It listed every player of the batch, those who stayed as they were among them."""
    seat.promoted()
    first = names(10)[0]
    seat.bench.slate([entry(first, form=15.0, lines=(11.5,)), *players(10)[1:]])
    batch = seat.promoted().batch_id
    shown = seat("diff", batch)
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.stdout.splitlines() if line.startswith(first)]
    assert [row[1] for row in rows] == ["bold", "steady"]
    assert rows[1][2] == "+3.00"
    assert not [name for name in names(10)[1:] if f"\n{name}" in shown.stdout]
    told = json.loads(seat("diff", batch, "--json").stdout)
    assert {one["player_lookup"] for one in told["moves"]} == {first}
    assert (told["moves"][0]["old_line"], told["moves"][0]["new_line"]) == (11.5, 11.5)


def test_diff_of_what_did_not_move_says_so(seat: Seat) -> None:
    seat.promoted()
    batch = seat.promoted().batch_id
    assert seat("diff", batch).stdout.startswith("nothing moved: the 20 replaced predictions have")


def _row(**changes: Any) -> Move:
    known: dict[str, Any] = {"game_date": "2026-01-20", "player_lookup": "ann", "system_id": "s", "reason": "x"}
    for side in ("old", "new"):
        known |= {
            f"{side}_points": 20.0,
            f"{side}_line": 19.5,
            f"{side}_recommendation": "OVER",
            f"{side}_tier": "GOLD",
        }
    (move,) = of_rows([{**known, **changes}])
    return move


@pytest.mark.parametrize(
    "change",
    [
        {"new_points": 20.3},
        {"new_recommendation": "PASS"},
        {"new_line": 20.5},
        {"new_points": None, "new_line": None, "new_recommendation": None, "new_tier": None},
    ],
    ids=["points", "side", "line", "withdrawn"],
)
def test_points_side_line_and_withdrawal_are_moves(change: dict[str, Any]) -> None:
    (found,) = moved([_row(), _row(**change), _row(player_lookup="bob")])
    assert (found.player_lookup, found.lines, found.old_points) == ("ann", 1, 20.0)
    assert found.reason == ("x" if "new_points" in change and change["new_points"] is None else None)


def test_several_lines_of_a_player_are_one_row() -> None:
    lines = [_row(old_line=n, new_line=n, new_points=20.0 + n / 10) for n in (17.5, 18.5, 19.5)]
    (found,) = moved(lines)
    assert (found.lines, found.old_line) == (3, 19.5)
