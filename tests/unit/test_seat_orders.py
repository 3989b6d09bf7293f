"""Orders beside those on an ended batch, typed at the seat: withdraw, close, halt, resume, start what is missing."""

from __future__ import annotations

import json

from support.league import DAY, players
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


def test_a_halt_shows_wherever_batches_are_listed(seat: Seat) -> None:
    assert seat("resume", "--yes").exit_code == 3
    assert seat("halt", "--yes").exit_code == 2, "a reason is asked for"
    assert seat("halt", "--reason", "a drill", "--dry-run").stdout == (
        "would halt the platform: triggers are recorded, no batch is opened\n"
    )
    halted = seat("halt", "--reason", "a drill", "--yes")
    assert (halted.exit_code, "by api_key:old: a drill" in halted.stdout) == (0, True)
    opened = seat("regenerate", DATE)
    assert (opened.exit_code, opened.stdout.splitlines()[-1]) == (0, "next: regen resume")
    assert seat("regenerate", DATE, "--wait").exit_code == 1
    assert "halted since" in seat("status").stderr
    resumed = seat("resume", "--yes")
    assert (resumed.exit_code, resumed.stdout) == (0, "the platform runs\n")
    assert seat("wait", "--date", DATE).exit_code == 0
    assert "halted" not in seat("status").stderr


def test_a_start_of_what_is_missing_fills_the_gap_alone(seat: Seat) -> None:
    assert seat("start", DATE, "--only", "half").exit_code == 2
    seat.bench.slate(players(6))
    assert seat("start", DATE, "--wait").exit_code == 0
    seat.bench.slate(players(10))
    assert "4 players" in seat("start", DATE, "--only", "missing", "--dry-run").stdout
    filled = seat("start", DATE, "--only", "missing", "--wait")
    assert filled.exit_code == 0, filled.output
    assert len({player for player, _, _ in seat.bench.current()}) == 10
    assert {e.metadata.get("only") for e in seat.bench.audited("promoted")} == {None, "missing"}
    nobody = seat("start", DATE, "--only", "missing", "--wait")
    assert (nobody.exit_code, nobody.stdout) == (0, f"complete: {DATE}: no player is missing\n")


def test_closing_a_batch_says_who_fails(seat: Seat) -> None:
    seat.delivers = False
    assert seat("regenerate", DATE).exit_code == 0
    seat.bench.step(events=False)
    told = seat("close", DATE, "--dry-run")
    assert "the 6 pending of 10 players fail as closed; what the other 4 have is verified now" in told.stdout
    seat.bench.queue.waiting.clear()
    seat.delivers = True
    assert seat("close", DATE, "--yes", "--wait").exit_code == 1, "coverage is too low"
    assert seat("close", DATE, "--yes").exit_code == 3
