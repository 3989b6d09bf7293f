"""Conventions of the tests themselves (docs/testing.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONGEST_NAME = 60


def test_test_names_have_at_most_60_characters() -> None:
    long = [
        f"{path.relative_to(TESTS)}: {name} has {len(name)} characters: name the behaviour in at most {LONGEST_NAME}"
        for path in sorted(TESTS.rglob("*.py"))
        for name in names_of_tests(path.read_text(encoding="utf-8"))
        if len(name) > LONGEST_NAME
    ]
    assert not long, "\n".join(long)


def test_every_kind_of_test_function_is_found() -> None:
    text = "def test_a(): ...\nasync def test_b(): ...\nclass TestC:\n    def test_d(self): ...\ndef helper(): ...\n"
    assert list(names_of_tests(text)) == ["test_a", "test_b", "test_d"]


def names_of_tests(source: str) -> Iterator[str]:
    """Yield the names of the test functions in a module's source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
