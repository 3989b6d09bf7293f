"""The root as a shell starts it: it imports the file of the command that runs, and no other; its commands are those of the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from regen.cli import MODULES
from regen.cli.lazy import LazyRoot
from regen.cli.main import bare_app
from support.commands import APP
from support.fake_coordinator import FakeCoordinator, serving


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as made:
        yield made


LOADED = "import sys; from regen.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [(["--help"], set()), (["explain", "coverage"], {"regen.cli.explain"})],
    ids=["help", "command"],
)
def test_a_command_imports_its_own_file_alone(words: list[str], wanted: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert loaded & {f"regen.cli.{module}" for module in MODULES} == wanted
    assert "pydantic" not in loaded, "a tenth of a second of each command: see docs/decisions/0003-dependencies.md"


def test_commands_are_made_as_the_whole_makes_them() -> None:
    lazy: Any = typer.main.get_command(bare_app(LazyRoot))
    whole: Any = typer.main.get_command(APP)
    context: Any = None
    assert lazy.list_commands(context) == list(whole.commands)
    for name, command in whole.commands.items():
        made = lazy.get_command(context, name)
        assert type(made) is type(command)
        assert [p.name for p in made.params] == [p.name for p in command.params]


def test_a_name_that_does_not_exist_is_no_command() -> None:
    result = CliRunner().invoke(bare_app(LazyRoot), ["statsu"], prog_name="regen")
    assert result.exit_code == 2
    assert "No such command 'statsu'. Did you mean" in result.output


def test_help_is_the_same_as_the_whole_prints() -> None:
    lazy, whole = (CliRunner().invoke(app, ["--help"], prog_name="regen").output for app in (bare_app(LazyRoot), APP))
    assert "Batches:" in lazy
    assert lazy == whole


@pytest.mark.parametrize(
    "words",
    [
        "coverage 2026-01-20",
        "slate 2026-01-20",
        "verify 2026-01-20",
        "diff 2026-01-20",
        "bdb list",
        "sources 2026-01-20",
    ],
)
def test_a_read_imports_no_official_client(words: str, fake: FakeCoordinator, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "REGEN_LOCAL_HOME": str(tmp_path), "REGEN_CONFIG": str(tmp_path / "none")}
    env |= {"COORDINATOR_URL": fake.url, "API_KEY": "k", "BIGQUERY_EMULATOR_HOST": fake.url, "PROJECT_ID": "a-project"}
    command = [sys.executable, "-c", LOADED, *words.split()]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "regen.adapters.bigquery.queries" in loaded, done.stderr
    heavy = {"google.cloud.bigquery", "google.api_core", "grpc", "cryptography", "google.protobuf"}
    assert not heavy & loaded, "most of a second of each command: see docs/decisions/0024-reading-without-the-client.md"
