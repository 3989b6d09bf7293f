"""`regen local up`: its env file, a given data folder, and its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.conftest import Local, Up
from regen.cli.settings import read_env

NAMES = ["COORDINATOR_URL", "WORKER_URL", "VERIFIER_URL", "API_KEY", "PROJECT_ID", "BIGQUERY_EMULATOR_HOST"]


def test_local_up_reports_unknown_columns_of_the_folder(up: Up) -> None:
    assert "player_game_logs: unknown columns surprise" in up.output()


def test_env_file_can_be_sourced_by_a_shell(local: Local) -> None:
    assert [name for name in NAMES if name not in local.env] == []
    assert local.env["PROJECT_ID"] == "nba-props-platform"
    assert local.env["BIGQUERY_EMULATOR_HOST"].startswith("http://127.0.0.1:")
    text = (local.home / "env").read_text()
    assert all(line.count("=") >= 1 and " " not in line for line in text.splitlines())


def test_a_second_stack_in_the_same_place_is_refused(local: Local) -> None:
    refused = local.regen("local", "up", code=1)
    assert "is running in" in refused.out + refused.err
    assert (local.home / "env").exists()


@pytest.mark.long
def test_local_up_without_emulators_takes_another_project(league: Path, tmp_path: Path) -> None:
    up = Up.start(tmp_path / "stack", "--data", str(league), "--project", "another-project", "--no-emulators")
    try:
        env = read_env(up.home / "env")
        assert "in-process" in up.output()
        assert env["PROJECT_ID"] == "another-project"
        assert [name for name in env if name in {"PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"}] == []
        view = Local(up.home, env).regen("start", "2026-01-30", "--wait", "--json").data
        assert view["status"] == "promoted"
    finally:
        up.stop()
