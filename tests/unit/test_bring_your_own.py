"""docs/bring-your-own.md: its package is built, installed and checked as the page says, and prints what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.systems import admit
from regen.systems.onnx_model import MOST_BYTES, Manifest
from support.commands import run_command
from support.tiny_onnx import MANIFEST, linear
from support.tiny_package import install
from tutorial import commands

PAGE = (Path(__file__).parents[2] / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
NAME = "season_mean_v1"
ONNX = "## Or bring a model as ONNX"
PASSING = re.compile(r"\d+(\.\d+)?(?= of )|(?<=[-=])[0-9a-f]{16}|(?<=published )[0-9a-f]{16}")
"""Milliseconds and megabytes, and hashes of models."""


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
    typed = [words for words, _ in commands(PAGE.partition(ONNX)[0])]
    assert [words[:2] for words in typed] == [["systems", "list"], ["systems", "check"]]
    for words in typed:
        prints_what_is_shown(words, {"REGEN_EXTERNAL_SYSTEMS": ""})


def prints_what_is_shown(words: list[str], environment: dict[str, str]) -> str:
    result = run_command(words, environment)
    assert result.exit_code == 0, result.output
    said = [PASSING.sub("*", line).split() for line in result.stdout.splitlines()]
    assert [line for line in shown(words) if line not in said] == []
    return result.stdout


def test_the_model_as_onnx_is_published_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the manifest of the page, and what its publishing prints as the setting."""
    found = re.search(r"`gbm.json`:\n\n```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    (tmp_path / "gbm.json").write_text(found[1])
    (tmp_path / "gbm.onnx").write_bytes(linear({"points": ((1.0, 0.1), 0.0)}))
    monkeypatch.chdir(tmp_path)
    publish, check = [words for words, _ in commands(PAGE.partition(ONNX)[2])]
    environment = {"REGEN_MODELS_STORE": str(tmp_path / "models"), "REGEN_ONNX_SYSTEMS": ""}
    name, _, value = prints_what_is_shown(publish, environment).split()[-1].partition("=")
    try:
        prints_what_is_shown(check, {**environment, name: value})
    finally:
        admit(())


def test_the_manifests_fields_are_on_the_page() -> None:
    told = PAGE.partition(ONNX)[2]
    for field in Manifest.__struct_fields__:
        assert re.search(rf'[`"]{field}[`"]', told), field
    assert f"{MOST_BYTES // 1_000_000} MB, in one file" in told
    usual = Manifest(**MANIFEST)
    for field in ("least_points", "most_points", "least_sd", "most_sd"):
        assert f"`{field}` {getattr(usual, field):g}" in told


def test_the_page_is_the_first_how_to() -> None:
    text = (Path(__file__).parents[2] / "mkdocs.yml").read_text(encoding="utf-8")
    assert text.partition("  - How-to:\n")[2].lstrip().startswith("- Bring your own system: bring-your-own.md")
