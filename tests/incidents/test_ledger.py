"""The page and the tests agree: every incident is accounted for, by a test that is there."""

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "incident_page.py"))


def test_incidents_page_is_complete_and_up_to_date(tool: dict[str, Any]) -> None:
    assert tool["problems"]() == []


def test_the_page_names_every_test_and_no_other(tool: dict[str, Any]) -> None:
    named = [line.split("`")[1] for line in tool["PAGE"].read_text().splitlines() if line.startswith("- test: ")]
    assert named == [proof.name for proof in tool["proofs"]()]
    collected = {p.name for f in (ROOT / "tests" / "incidents").glob("test_*.py") for p in tool["_proofs"](f)}
    assert set(named) == collected


def test_incident_test_without_its_three_statements_is_refused(tool: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text('def test_i01_x() -> None:\n    """A rule."""\n')
    with pytest.raises(tool["Incomplete"], match="test_i01_x"):
        tool["proofs"](tmp_path)
