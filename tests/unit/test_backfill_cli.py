"""`regen backfill`, `bdb` and `grade` over a coordinator that says what it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen.cli import backfill as command
from support.commands import run_command
from support.fake_coordinator import FakeCoordinator, serving, view

NAME = "backfill_2026-01-20_2026-01-21_a1b2c3d4"
BATCH = "regen_2026-01-20_test_1"
Regen = Callable[..., Result]


def date_of(day: str, status: str, **more: Any) -> dict[str, Any]:
    known = {
        "game_date": day,
        "status": status,
        "batch_id": None,
        "why": None,
        "expected_players": 4,
        "requests": None,
        "attempt": 1,
    }
    known |= dict.fromkeys(("requested_players", "produced", "coverage_pct", "superseded", "inserted", "seconds"))
    return {**known, **more}


def record(status: str, *dates: dict[str, Any]) -> dict[str, Any]:
    return {
        "backfill_id": NAME,
        "status": status,
        "from": "2026-01-20",
        "to": "2026-01-21",
        "reason": "r",
        "only": "all",
        "backwards": False,
        "max_concurrent_dates": 3,
        "created_by": "api_key:ops",
        "created_at": "2026-01-25T20:00:00+00:00",
        "updated_at": "2026-01-25T20:00:00+00:00",
        "ended_at": None,
        "counts": {},
        "dates": list(dates),
    }


PROMOTED = date_of(
    "2026-01-20", "promoted", batch_id=BATCH, requested_players=4, superseded=21, inserted=22, seconds=3.5
)
NO_SLATE = date_of("2026-01-21", "no_slate", why="no slate")


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        fake.say(f"GET /batches/{BATCH}", (200, view(BATCH)))
        yield fake


@pytest.fixture
def regen(fake: FakeCoordinator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Regen:
    env = {
        "COORDINATOR_URL": fake.url,
        "API_KEY": "k",
        "REGEN_LOCAL_HOME": str(tmp_path),
        "REGEN_CONFIG": str(tmp_path / "c"),
    }
    env |= {"PROJECT_ID": "", "BIGQUERY_EMULATOR_HOST": "", "REGEN_PROFILE": ""}
    accuracy = {"pairs": 3, "mae_before": 5.0, "mae_after": 4.5, "mae": 4.6}
    monkeypatch.setattr(command, "before_and_after", lambda *_: {"2026-01-20": accuracy})

    def run(*arguments: str) -> Result:
        return run_command(arguments, env)

    return run


def planned(fake: FakeCoordinator) -> None:
    plan = {"status": "dry_run", "dates": [date_of("2026-01-20", "waiting"), NO_SLATE]}
    fake.say("POST /backfills", (200, plan), (202, record("running", date_of("2026-01-20", "waiting"), NO_SLATE)))


def test_backfill_prints_its_plan_first_and_its_table_last(fake: FakeCoordinator, regen: Regen) -> None:
    planned(fake)
    running = date_of("2026-01-20", "running", batch_id=BATCH)
    fake.say(
        f"GET /backfills/{NAME}", (200, record("running", running, NO_SLATE)), (200, record("done", PROMOTED, NO_SLATE))
    )
    result = regen("backfill", "2026-01-20", "2026-01-21", "-r", "r", "--only", "missing", "--backwards", "--yes")
    assert result.exit_code == 0, result.output
    sent = fake.bodies("POST /backfills")
    assert sent[0] == {**(sent[1] or {}), "dry_run": True}
    assert sent[1] == {
        "from": "2026-01-20",
        "to": "2026-01-21",
        "reason": "r",
        "max_concurrent_dates": 3,
        "only": "missing",
        "backwards": True,
    }
    assert "plan: 1 of 2 dates" in result.stderr
    assert "no slate: 2026-01-21" in result.stderr
    assert f"regen backfill --resume {NAME}" in result.stderr
    row = next(line for line in result.stdout.splitlines() if line.startswith("2026-01-20"))
    assert row.split() == ["2026-01-20", "promoted", "-", "4", "21", "22", "-", "5", "4.5", "3.5", "-"]
    assert "of 2 dates 1 promoted, 1 without a slate" in result.stdout
    assert "MAE 5.000 before, 4.500 after, over 3 players" in result.stdout


@pytest.mark.parametrize("status", ["rejected", "failed", "cancelled"])
def test_backfill_with_a_failed_date_exits_1(fake: FakeCoordinator, regen: Regen, status: str) -> None:
    fake.say(f"POST /backfills/{NAME}/resume", (409, {"title": "Refused", "detail": "it is done"}))
    fake.say(f"GET /backfills/{NAME}", (200, record("done", date_of("2026-01-20", status, batch_id=BATCH), NO_SLATE)))
    result = regen("--json", "backfill", "--resume", NAME)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["dates"][0]["status"] == status


def test_backfill_is_followed_while_the_coordinator_is_away(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"POST /backfills/{NAME}/resume", (202, record("running", NO_SLATE)))
    absent = (503, {"title": "Away", "detail": "x"})
    fake.say(f"GET /backfills/{NAME}", absent, (200, record("done", PROMOTED, NO_SLATE)))
    assert regen("backfill", "--resume", NAME).exit_code == 0


def test_backfill_orders_status_and_dry_run_print_their_result(fake: FakeCoordinator, regen: Regen) -> None:
    planned(fake)
    assert regen("backfill", "2026-01-20", "2026-01-21", "--dry-run").exit_code == 0
    assert len(fake.bodies("POST /backfills")) == 1
    fake.say(f"POST /backfills/{NAME}/pause", (202, record("paused", PROMOTED)))
    assert f"{NAME}: paused" in regen("backfill", "pause", NAME).stdout
    fake.say(f"POST /backfills/{NAME}/cancel", (200, {**record("dry_run"), "would": "cancel", "would_be": "cancelled"}))
    assert f"would cancel {NAME}: it would be cancelled" in regen("backfill", "cancel", NAME, "--dry-run").stdout
    assert fake.bodies(f"POST /backfills/{NAME}/cancel") == [{"dry_run": True}]
    fake.say("GET /backfills", (200, {"backfills": [record("done", PROMOTED)]}))
    assert NAME in regen("backfill", "status").stdout
    assert regen("backfill").exit_code == 2
    assert regen("backfill", "pause").exit_code == 2
    assert regen("backfill", "2026-01-21", "2026-01-20").exit_code == 2


def test_bdb_scan_and_grade_print_their_results(fake: FakeCoordinator, regen: Regen) -> None:
    game: dict[str, Any] = {
        "game_date": "2026-01-20",
        "game_id": "g",
        "was": "bdb_available",
        "act": "regenerate",
        "why": "w",
    }
    game |= {"attempts": 0, "stale_players": 8, "fresh_players": 0}
    fake.say("POST /bdb/scan", (200, {"triggered": ["2026-01-20"], "games": [game], "counts": {"regenerate": 1}}))
    result = regen("bdb", "scan")
    assert "1 regenerate; regenerating 2026-01-20" in result.stdout
    graded = {"game_date": "2026-01-20", "gradable": 9, "graded": 9, "voided": 1, "superseded": 0, "mae": 4.5}
    fake.say("POST /grades", (200, {"dates": [graded]}))
    assert "4.5" in regen("grade", "2026-01-20").stdout
    assert fake.bodies("POST /grades") == [{"from": "2026-01-20", "to": "2026-01-20"}]
    assert regen("bdb", "list", "--status", "lost").exit_code == 2
