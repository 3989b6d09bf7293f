"""Decisions have one form, consecutive numbers and an index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:5] for path in PAGES] == [f"{number:04}-" for number in range(1, len(PAGES) + 1)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_decision_has_the_form_of_the_others(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith(f"# {int(path.name[:4])}. "), "its number and what was decided"
    assert re.match(r"\d{4}-\d{2}-\d{2}, (accepted|replaced by \[\d+\]\()", lines[2]), "its date and status"
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0] == "## Context"
    assert headings[-1] == "## Consequences"
    assert "## Decision" in headings


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_index_has_each_decision_by_its_title(path: Path) -> None:
    title = path.read_text().splitlines()[0].removeprefix("# ").partition(". ")[2]
    number = int(path.name[:4])
    assert f"| {number} | [{title}]({path.name}) | " in (FOLDER / "README.md").read_text()
