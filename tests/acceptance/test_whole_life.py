"""The whole life, from the import to the report, typed as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.conftest import Local
from acceptance.life import Life

DAY = "2025-12-17"
FIRST, LAST = "2025-12-09", "2025-12-13"
WITHOUT_SLATE = "2025-12-11"
BAD = "2025-12-12"


def test_a_date_from_import_to_redrive(local: Local, league: Path) -> None:
    life = Life(local, league)
    life.started(DAY)
    first = local.current(DAY)
    late = life.late_data_comes(DAY)
    assert life.regen("diff", late)["replaced"] == len(first)

    better = local.current(DAY)
    again = life.triggered(DAY, "pubsub_test")
    moved = life.regen("diff", DAY)
    assert (moved["batch_id"], moved["replaced"], moved["withdrawn"]) == (again, len(better), 0)
    life.verified(DAY)

    life.regen("rollback", again, "--yes", "--wait")
    assert sorted(local.current(DAY).values()) == sorted(better.values())
    life.verified(DAY)

    bad = life.rejected(DAY, "--fail-share", "0.5")
    life.redriven(DAY, bad)
    life.verified(DAY)
    assert {graded["mae"] > 0 for graded in life.regen("grade", DAY)["dates"]} == {True}


def test_a_range_is_backfilled_though_its_command_is_killed(local: Local, league: Path, tmp_path: Path) -> None:
    life = Life(local, league)
    life.imported(FIRST, LAST)
    life.imported(BAD, BAD, "--fail-share", "1")
    begun = life.begun(FIRST, LAST, "first", "--max-concurrent", "2")
    begun.killed()
    short = begun.resumed(code=1)
    assert {d["game_date"]: d["status"] for d in short["dates"]} == {
        FIRST: "promoted",
        "2025-12-10": "promoted",
        WITHOUT_SLATE: "no_slate",
        BAD: "rejected",
        LAST: "promoted",
    }
    assert f"no slate: {WITHOUT_SLATE}" in begun.said.read_text()

    life.imported(BAD, BAD)
    life.regen("redrive", next(d["batch_id"] for d in short["dates"] if d["game_date"] == BAD), "--yes", "--wait")
    dates = life.checked(begun.resumed())
    assert all(d["mae_after"] > 0 and d["mae_before"] is None for d in dates.values() if d["status"] == "promoted")
    life.verified(FIRST, LAST)

    life.imported(FIRST, LAST, "--zones-arrive")
    ended = life.regen("backfill", FIRST, LAST, "--reason", "late_zones")
    again = life.checked(ended)
    for day, row in again.items():
        assert row["superseded"] == dates[day]["inserted"]
        assert row["status"] == "no_slate" or row["mae_before"] == pytest.approx(dates[day]["mae_after"], abs=0.002)
    life.verified(FIRST, LAST)

    page = tmp_path / "report.html"
    local.regen("report", ended["backfill_id"], "-o", str(page))
    written = page.read_text()
    assert all(text in written for text in (ended["backfill_id"], f"{WITHOUT_SLATE}: no slate", "MAE before"))
