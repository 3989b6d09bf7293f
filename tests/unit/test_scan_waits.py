"""A scan that waits: until each date that it asked for has a batch that is newer than the scan, and is settled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from support.commands import run_command
from support.fake_coordinator import FakeCoordinator, serving, view

DAY = "2026-01-20"
BEFORE, OF_DATE = "GET /batches?limit=1", f"GET /batches?game_date={DAY}"
OLD = view("batch_2026-01-20_aaaaaaaa", created_at="2026-01-20T20:00:00+00:00")
NEW = view("regen_2026-01-20_bdb_upgrade_bbbbbbbb", created_at="2026-01-21T09:00:00+00:00")
LATE = {"triggered": [DAY], "games": [], "counts": {}, "zones": []}
NEWS = {"status": "scanned", "triggered": [DAY], "games": 3, "news": [], "counts": {}}
SCANS = [("bdb", "/bdb/scan", LATE), ("news", "/news/scan", NEWS)]


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as served:
        served.say(BEFORE, (200, {"batches": [OLD]}))
        served.say(OF_DATE, (200, {"batches": [OLD]}))
        yield served


def scanned(fake: FakeCoordinator, home: Path, *arguments: str) -> Result:
    env = {"REGEN_LOCAL_HOME": str(home), "REGEN_CONFIG": str(home / "c"), "API_KEY": "k", "REGEN_PROFILE": ""}
    return run_command([*arguments, "--json"], {**env, "PROJECT_ID": "", "COORDINATOR_URL": fake.url})


@pytest.mark.parametrize(("kind", "path", "report"), SCANS, ids=[kind for kind, *_ in SCANS])
def test_a_scan_waits_for_batches_that_are_not_opened_yet(
    fake: FakeCoordinator, tmp_path: Path, kind: str, path: str, report: dict[str, object]
) -> None:
    fake.say(f"POST {path}", (200, report))
    under_way = (200, {"batches": [OLD]})
    fake.say(OF_DATE, under_way, (200, {"batches": [NEW, OLD]}))
    fake.say(f"GET /batches/{NEW['batch_id']}", (200, NEW))
    ended = scanned(fake, tmp_path, kind, "scan", "--wait")
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout) == report
    assert f"{NEW['batch_id']} is promoted" in ended.stderr


@pytest.mark.parametrize("status", ["rejected", "failed", "cancelled"])
def test_a_scan_whose_batch_is_not_promoted_falls_short(fake: FakeCoordinator, tmp_path: Path, status: str) -> None:
    ended_so = {**NEW, "status": status}
    fake.say("POST /bdb/scan", (200, LATE))
    fake.say(OF_DATE, (200, {"batches": [ended_so, OLD]}))
    fake.say(f"GET /batches/{NEW['batch_id']}", (200, ended_so))
    ended = scanned(fake, tmp_path, "bdb", "scan", "--wait")
    assert ended.exit_code == 1, ended.output
    assert json.loads(ended.stderr.splitlines()[-1])["next"] == f"regen status {NEW['batch_id']}"


def test_a_scan_without_a_batch_in_time_says_so(fake: FakeCoordinator, tmp_path: Path) -> None:
    fake.say("POST /bdb/scan", (200, LATE))
    ended = scanned(fake, tmp_path, "bdb", "scan", "--wait", "--timeout", "0.1")
    assert ended.exit_code == 5, ended.output
    assert f"no batch of {DAY} was opened" in ended.stderr


@pytest.mark.parametrize("more", [[], ["--wait", "--dry-run"]], ids=["not asked to", "dry run"])
def test_a_scan_that_need_not_wait_looks_at_no_batch(fake: FakeCoordinator, tmp_path: Path, more: list[str]) -> None:
    fake.say("POST /bdb/scan", (200, LATE))
    assert scanned(fake, tmp_path, "bdb", "scan", *more).exit_code == 0
    assert [route for route, *_ in fake.asked if route != "POST /bdb/scan"] == []
