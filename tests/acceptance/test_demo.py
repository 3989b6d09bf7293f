"""`regen demo`: with its defaults, and on data that must be rejected."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import requests

from acceptance.conftest import REGEN, Local, Up, clean_environment
from regen.cli.settings import read_env

FIVE = {"2026-01-20": 81, "2026-01-21": 52, "2026-01-22": 88, "2026-01-23": 116, "2026-01-24": 116}


def demo(home: Path, *arguments: str) -> tuple[int, str, str, dict[str, object]]:
    figures = home.with_suffix(".json")
    done = subprocess.run(
        [REGEN, "demo", "--json", str(figures), *arguments],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr, json.loads(figures.read_text()) if figures.exists() else {}


@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.long)])
def test_demo_regenerates_its_dates(tmp_path: Path, count: int) -> None:
    """Without an option there are five."""
    days = dict(list(FIVE.items())[:count])
    code, out, err, figures = demo(tmp_path / "home", *(["--to", max(days)] if count < len(FIVE) else []))
    assert code == 0, err
    assert figures["passed"] is True
    dates = {row["game_date"]: row for row in figures["dates"]}  # type: ignore[attr-defined]
    assert {day: row["requested"] for day, row in dates.items()} == days
    assert all(row["status"] == "promoted" and row["superseded"] == row["inserted"] for row in dates.values())
    moved_and_why(out, figures)
    second_act(out, figures)
    said, last = out.rstrip("\n").splitlines()[-2:]
    numbers = re.fullmatch(
        rf"OK: {count} of {count} dates promoted, {sum(days.values())} players have current predictions, (\d+) old ones "
        rf"superseded, each with a replacement, (\d+) inserted, {count} audit rows, nothing lost, [\d.]+ s\.",
        last,
    )
    assert numbers, last
    assert numbers[1] == numbers[2] == str(sum(row["superseded"] for row in dates.values()))
    page = Path(said.removeprefix("report: ")).read_text()
    assert all(day[5:] in page for day in days)
    assert f"<b>{numbers[1]}</b><span>rows superseded" in page


def moved_and_why(out: str, figures: dict[str, object]) -> None:
    """The ensemble moves, the inputs that changed are named, and the error of played dates has an interval."""
    assert all(row["moved"] > 0 for row in figures["dates"])  # type: ignore[attr-defined]
    movers: list[dict[str, object]] = figures["movers"]  # type: ignore[assignment]
    assert abs(float(str(movers[0]["move"]))) > 0.2
    assert all("absent_" in str(one["changed"]) for one in movers[:3])
    assert str(movers[0]["player_lookup"]) in out
    errors: dict[str, float] = figures["errors"]  # type: ignore[assignment]
    assert errors["margin"] > 0
    assert f"change {errors['change']:+.3f} (95 %, by games: " in out


def second_act(out: str, figures: dict[str, object]) -> None:
    """The star is withdrawn; team-mates move."""
    act: dict[str, object] = figures["second_act"]  # type: ignore[assignment]
    assert act["status"] == "promoted"
    assert "availability_change" in str(act["batch_id"])
    movers: list[dict[str, object]] = act["movers"]  # type: ignore[assignment]
    assert act["star"] not in {one["player_lookup"] for one in movers}
    assert abs(float(str(movers[0]["move"]))) >= 0.05
    assert f"second act: {act['star']} ({act['team']}, line " in out
    assert f"predictions of {act['star']} withdrawn" in out


def test_demo_keeps_its_stack_and_console_until_it_is_ended(tmp_path: Path) -> None:
    home = tmp_path / "stack-demo"
    up = Up.start(home, "--to", "2026-01-20", "--no-emulators", command=("demo", "--keep"), local=tmp_path / "stack")
    try:
        out = up.output()
        assert "OK: 1 of 1 dates promoted, 81 players have current predictions" in out
        link = re.search(r"^console: (\S+)$", out, re.MULTILINE)
        assert link
        assert "2026-01-20" in requests.get(link[1], timeout=30).text
        assert f"REGEN_LOCAL_HOME={home}" in out
        found = Local(home, read_env(home / "env")).regen("status", "--json").data
        assert [batch["status"] for batch in found] == ["promoted"] * 4
        assert found[0]["reason"] == "availability_change"
    finally:
        up.stop()


@pytest.mark.long
def test_demo_passes_when_damaged_data_is_rejected(tmp_path: Path) -> None:
    code, out, err, figures = demo(tmp_path / "one", "--from", "2026-01-21", "--coverage", "0.8", "--no-emulators")
    assert code == 0, err
    assert [row["status"] for row in figures["dates"]] == ["rejected"]  # type: ignore[attr-defined]
    totals = figures["totals"]
    assert totals["kept_rows"] == totals["old_rows"] > 0  # type: ignore[index]
    assert totals["new_rows"] == totals["lost_rows"] == 0  # type: ignore[index]
    assert "are in the audit: checks failed: coverage" in out
    said, last = out.rstrip("\n").splitlines()[-2:]
    assert last.startswith("OK: 0 of 1 dates promoted, 1 rejected")
    assert "Nothing was replaced" in Path(said.removeprefix("report: ")).read_text()
    assert "in-process" in err
