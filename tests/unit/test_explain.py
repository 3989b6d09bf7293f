"""`regen explain` and docs/reference.md say the same of every check, state and reason that the code has."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from regen.client.explaining import Explained, explained, explanations
from regen.domain.backfill import DateStatus
from regen.domain.batch import Status
from regen.domain.checks import CHECKS
from regen.domain.outcome import OutcomeKind
from regen.domain.reasons import REASONS
from regen.domain.state_texts import BATCH, DATES, PLAYERS
from regen.settings import declared
from support.commands import run_command

ROOT = Path(__file__).parents[2]
FOLDERS = ("domain", "services", "systems")
MAKERS = {"failed_outcome": 1, "close_pending": 3, "_outcome": 2, "Outcome": 3, "InsufficientData": 0}
"""What makes an outcome or a problem of a player -> the place of its reason, where that is not named."""
OTHERS = {
    "healed": "of an audit entry: the batch's own reason stands beside it",
    "malformed": "of an audit entry: the error names the field",
    "rollback": "of a promotion's rows, which the operator's own words replace",
    "follow_up": "of a trigger",
    "daily": "of a batch: a first run",
}
"""Texts named `reason` that are no reasons of players, predictions or ended batches."""
ALL = list(explained())


def _explain(*words: str) -> Result:
    return run_command(["explain", *words], {})


def _given(call: ast.Call) -> Iterator[ast.expr]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    yield from (word.value for word in call.keywords if word.arg == "reason" and name != "Batch")
    if name in MAKERS and len(call.args) > MAKERS[name]:
        yield call.args[MAKERS[name]]


def reasons_in(source: str) -> set[str]:
    """The short codes that code gives as reasons."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        values: list[ast.expr] = list(_given(node)) if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"reason", "why"}:
            values.append(node.value)
        if isinstance(node, ast.Tuple) and "OutcomeKind" in ast.unparse(node) and len(node.elts) == 3:
            values.append(node.elts[1])
        for value in values:
            branches = [n for n in ast.walk(value) if isinstance(n, ast.IfExp)]
            leaves = [value, *(b for n in branches for b in (n.body, n.orelse))]
            found |= {str(leaf.value) for leaf in leaves if isinstance(leaf, ast.Constant) and _is_code(leaf.value)}
    return found


def _is_code(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", value) is not None


def test_the_reference_is_as_the_code_is() -> None:
    assert runpy.run_path(str(ROOT / "tools" / "reference_page.py"))["problems"]() == []


def test_every_reason_in_the_code_is_explained() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / "src" / "regen" / folder).rglob("*.py")]
    sources = {path.name: text for path in files if "reason" in (text := path.read_text()) or "Outcome" in text}
    found = {reason: name for name, text in sources.items() for reason in reasons_in(text)}
    assert len(found) > 15, "the walk finds the reasons"
    missing = {reason: name for reason, name in found.items() if reason not in REASONS.keys() | OTHERS.keys()}
    assert not missing, f"say in src/regen/domain/reasons.py what they mean: {missing}"


def test_a_reason_that_nobody_explains_is_found() -> None:
    assert reasons_in('failed_outcome(p, "gone_astray", 1)\nreason = "a_b" if x else "c_d"') == {
        "gone_astray",
        "a_b",
        "c_d",
    }


def test_every_check_and_state_is_explained() -> None:
    assert {one.name for one in ALL if one.kind == "check"} == {check.name for check in CHECKS}
    assert (set(BATCH), set(DATES), set(PLAYERS)) == (set(Status), set(DateStatus), set(OutcomeKind))


def _is_whole(one: Explained) -> bool:
    kind = one.lines[0].split(":")[0].split()[0]
    settings = set(re.findall(r"`(REGEN_[A-Z_]+)`", one.text))
    ends = all(line.endswith(".") and ".." not in line for line in one.lines)
    return (
        kind == one.kind.title() and one.lines[-1].startswith("What to do: ") and ends and settings <= declared().keys()
    )


def test_each_text_says_what_it_means_and_what_to_do() -> None:
    assert [one.name for one in ALL if not _is_whole(one)] == []


@pytest.mark.parametrize("name", ["coverage", "failed", "no_history"])
def test_explain_prints_what_the_reference_says(name: str) -> None:
    said = _explain(name)
    assert said.exit_code == 0
    page = (ROOT / "docs" / "reference.md").read_text().replace("  \n", "\n")
    assert f"### {name}\n\n{said.stdout}" in page
    assert len(explanations(name)) == said.stdout.count("What to do:")


def test_a_misspelt_name_is_told_the_nearest() -> None:
    missed = _explain("coverge")
    assert missed.exit_code == 4
    assert missed.stderr.splitlines() == [
        "error: no check, state or reason is called coverge; the nearest: coverage, game_coverage",
        "next: regen explain coverage",
    ]
