"""docs/bring-your-own.md: its package is built, installed and checked as the page says, and prints what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.systems import admit
from support.commands import run_command
from support.tiny_package import install
from tutorial import commands

PAGE = (Path(__file__).parents[2] / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
NAME = "season_mean_v1"
PASSING = re.compile(r"\d+(\.\d+)?(?= of )|(?<=-)[0-9a-f]{16}")
"""Milliseconds, and the hash of the release's artefact."""


def file(name: str) -> str:
    """A file as the page has it."""
    found = re.search(rf"`season-mean/{re.escape(name)}`:\n\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("pyproject.toml", "season_mean.py"):
        (tmp_path / name).write_text(file(name))
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tmp_path, check=True, timeout=120)
    (wheel,) = (tmp_path / "dist").iterdir()
    assert f"./wheels/{wheel.name}\n" in PAGE
    monkeypatch.syspath_prepend(str(install(wheel, tmp_path / "installed")))
    yield
    sys.modules.pop("season_mean", None)
    admit(())


def shown(words: list[str]) -> list[list[str]]:
    """The lines that the page shows for a command."""
    block = PAGE.partition(f"$ regen {' '.join(words)}\n")[2]
    lines = re.split(r"^(?:\$ |```)", block, maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    return [PASSING.sub("*", line).split() for line in lines]


@pytest.mark.usefixtures("installed")
def test_each_command_prints_what_the_page_shows() -> None:
    typed = [words for words, _ in commands(PAGE)]
    assert [words[:2] for words in typed] == [["systems", "list"], ["systems", "check"]]
    for words in typed:
        result = run_command(words, {"REGEN_EXTERNAL_SYSTEMS": ""})
        assert result.exit_code == 0, result.output
        said = [PASSING.sub("*", line).split() for line in result.stdout.splitlines()]
        assert [line for line in shown(words) if line not in said] == []


def test_the_page_is_the_first_how_to() -> None:
    text = (Path(__file__).parents[2] / "mkdocs.yml").read_text(encoding="utf-8")
    assert text.partition("  - How-to:\n")[2].lstrip().startswith("- Bring your own system: bring-your-own.md")
