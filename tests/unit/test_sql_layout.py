"""What `make lint` leaves out of the SQL, and why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["sqlfluff"]
EXCLUDED = SETTINGS["core"]["ignore_paths"]
ROOTS = ("src", "tools", "infra", "docs")


@pytest.mark.parametrize("name", EXCLUDED)
def test_only_sql_that_cannot_be_parsed_is_excluded(name: str) -> None:
    """If this fails, sqlfluff has learned it: take the file out of `ignore_paths` in pyproject.toml."""
    linter = Linter(config=FluffConfig.from_path(str(ROOT / "pyproject.toml")))
    found = linter.parse_string((ROOT / name).read_text()).violations
    assert {violation.rule_code() for violation in found} & {"PRS", "LXR"}


def test_make_lint_looks_at_every_sql_file() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert f"SQL_ROOTS := {' '.join(ROOTS)}\n" in makefile
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"build", *ROOTS}
    strays = [p for folder in folders if not folder.startswith(".") for p in (ROOT / folder).rglob("*.sql")]
    assert strays == []


def test_every_part_has_a_text_that_stands_in_for_it() -> None:
    parts = {part.stem for part in (ROOT / "src" / "regen" / "sql" / "parts").glob("*.sql")}
    texts = {path.read_text(encoding="utf-8") for path in (ROOT / "src" / "regen" / "sql").glob("*.sql")}
    stand_ins = set(SETTINGS["templater"]["placeholder"]) - {"param_regex"}
    assert parts <= stand_ins
    assert {name for name in stand_ins - parts if not any(f"{{{name}}}" in text for text in texts)} == set()
