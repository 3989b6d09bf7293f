"""Orders beside those on an ended batch, typed at the seat: withdraw, close, halt, resume, start what is missing."""

from __future__ import annotations

import json

from support.league import DAY
from support.seat import Seat

DATE, GAME = DAY.isoformat(), "0022500601"


def test_a_withdrawal_names_its_counts_before_it_is_given(seat: Seat) -> None:
    assert seat("start", DATE, "--wait").exit_code == 0
    order = ("withdraw", DATE, "--players", "playera,playerb", "--reason", "postponed")
    told = seat(*order, "--dry-run")
    assert (told.exit_code, told.stdout) == (
        0,
        f"would withdraw 4 predictions of 2 players of {DATE} as postponed: playera, playerb\n",
    )
    assert len({player for player, _, _ in seat.bench.current()}) == 10
    assert seat(*order).exit_code == 2, "nobody can be asked"
    done = seat(*order, "--yes", "--wait")
    assert done.exit_code == 0, done.output
    assert "4 rows withdrawn (2 postponed)" in done.output
    assert len({player for player, _, _ in seat.bench.current()}) == 8
    assert seat("withdraw", DATE, "--games", "0", "--reason", "postponed", "--yes").exit_code == 4
    assert seat("withdraw", DATE, "--reason", "postponed", "--yes").exit_code == 2
    assert json.loads(seat(*order, "--dry-run", "--json").stderr.splitlines()[-1])["status"] == 404
