"""The root as a shell starts it: it imports the file of the command that runs, and no other; its commands are those of the whole."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from regen.cli import MODULES
from regen.cli.lazy import LazyRoot
from regen.cli.main import bare_app
from support.commands import APP

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
