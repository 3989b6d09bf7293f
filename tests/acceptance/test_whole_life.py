"""A date and a range of dates, from the import to the report, by the commands that an operator types."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.conftest import Local, Up
from acceptance.life import Life
from regen.cli.settings import read_env
from support.polling import wait_until

DAY = "2025-12-17"
FIRST, LAST = "2025-12-10", "2025-12-13"
WITHOUT_SLATE = "2025-12-11"
BAD = "2025-12-12"

MONTHS = {"sample": ("2025-11-30", "2025-12-01", "2025-12-31"), "real": ("2025-01-07", "2025-01-08", "2025-02-07")}
"""A day and a month of each season, both with shot zones."""


@pytest.mark.long
def test_one_date_from_import_to_redrive(local: Local, league: Path) -> None:
    Life(local, league).live_through(DAY)


@pytest.mark.long
def test_backfill_goes_on_after_its_command_is_killed(local: Local, league: Path) -> None:
    life = Life(local, league)
    life.import_files(BAD, BAD, "--fail-share", "100%")
    backfill = life.begin_backfill(FIRST, LAST, "first", "--max-concurrent", "2")
    backfill.kill_after_first_promotion()
    short = backfill.resume(code=1)
    statuses = {d["game_date"]: d["status"] for d in short["dates"]}
    assert (statuses.pop(WITHOUT_SLATE), statuses.pop(BAD)) == ("no_slate", "rejected")
    assert set(statuses.values()) == {"promoted"}
    assert f"no slate: {WITHOUT_SLATE}" in backfill.stderr.read_text()

    life.import_files(BAD, BAD)
    life.regen("redrive", next(d["batch_id"] for d in short["dates"] if d["game_date"] == BAD), "--yes", "--wait")
    ended = backfill.resume()
    life.check_dates(ended)
    life.verify(FIRST, LAST)


@pytest.fixture(params=list(MONTHS))
def season(request: pytest.FixtureRequest, league: Path, tmp_path: Path) -> Iterator[tuple[Up, Path, str]]:
    """A separate stack, the folder of a whole season, and the season's name."""
    folder = league.with_name("whole-league")
    if request.param == "real":
        if "REGEN_REAL_DATA" not in os.environ:
            pytest.skip("REGEN_REAL_DATA names no folder of real games")
        folder = Path(os.environ["REGEN_REAL_DATA"])
    up = Up.start(tmp_path / "local", "--data", str(folder))
    try:
        yield up, folder, request.param
    finally:
        up.stop()


@pytest.mark.long
def test_month_is_backfilled_although_processes_are_killed(season: tuple[Up, Path, str], tmp_path: Path) -> None:
    up, folder, name = season
    local = Local(up.home, read_env(up.home / "env"))
    if "FIRESTORE_EMULATOR_HOST" not in local.env:
        pytest.skip("without the emulators the functions are one process")
    day, first, last = MONTHS[name]
    life = Life(local, folder, patience=1200)
    life.live_through(day)

    backfill = life.begin_backfill(first, last, "first")
    backfill.kill_after_first_promotion()
    up.kill("coordinator")
    wait_until(lambda: backfill.count("promoted") > 5, life.patience, "a few more dates")
    wait_until(lambda: local.coordinator.batches(status="promoting"), life.patience, "a promotion")
    up.kill("verifier")
    answer = backfill.resume()
    dates = life.check_dates(answer)
    assert any(row["status"] == "no_slate" for row in dates.values()) == (name == "sample")
    life.verify(first, last)

    life.import_files(first, last, "--zones-arrive")
    again = life.begin_backfill(first, last, "late_zones", "--backwards")
    again.kill_after_first_promotion()
    wait_until(lambda: local.coordinator.batches(status="verifying"), life.patience, "a verification")
    up.kill("verifier")
    up.kill("coordinator")
    ended = again.resume()
    check_replaced(dates, life.check_dates(ended))
    life.verify(first, last)
    life.check_report(ended, tmp_path / "report.html")


def check_replaced(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    """Check that every old prediction was superseded, and that its error is the new one's baseline."""
    for day, row in after.items():
        assert row["superseded"] == before[day]["inserted"]
        if row["status"] == "promoted":
            assert row["mae_before"] == pytest.approx(before[day]["mae_after"], abs=0.002)
