"""SQL stands in .sql files, where it is found and judged: none hides in a Python string of src or tools."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from googlesql.discovery import ROOT, found
from googlesql.recognising import has_sql

#: Files that speak another SQL, or none: why.
OTHERS = {
    "src/regen/local/bigquery_runs.py": "runs inside the emulator, and speaks its engine's SQL (DuckDB)",
    "src/regen/local/bigquery_shortcuts.py": "runs inside the emulator, and speaks its engine's SQL (DuckDB)",
    "src/regen/local/bigquery_translations.py": "runs inside the emulator, and speaks its engine's SQL (DuckDB)",
    "src/regen/local/bigquery_repairs.py": "runs inside the emulator, and speaks its engine's SQL (DuckDB)",
    "tools/infra_adopt.py": "writes DDL for a person to look at, from the schema files",
}


def strings(text: str) -> Iterator[tuple[int, str]]:
    """Every text but documentation, what is joined or formatted as a whole, with {} for what is put in."""
    tree = ast.parse(text)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            skipped.add(id(node.value))
        if id(node) not in skipped and isinstance(node, ast.expr) and _has_text(node):
            skipped.update(id(below) for below in _pieces(node))
            yield node.lineno, _joined(node)


def _pieces(node: ast.expr) -> Iterator[ast.AST]:
    """The parts of a text that are no text of their own."""
    if isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for side in (node.left, node.right):
            yield side
            yield from _pieces(side)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from (e for a in node.args if isinstance(a, (ast.List, ast.Tuple)) for e in a.elts)


def _has_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _has_text(node.left) or _has_text(node.right)
    return isinstance(node, ast.JoinedStr) or _is_join(node)


def _is_join(node: ast.AST) -> bool:
    """`" ".join([...])` of a list that stands there."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
        and len(node.args) == 1
        and isinstance(node.args[0], (ast.List, ast.Tuple))
    )


def _joined(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        value = node.value
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_joined(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined(node.left) + _joined(node.right)
    if isinstance(node, ast.Call) and _is_join(node):
        parts = [_joined(part) for part in node.args[0].elts]  # type: ignore[attr-defined]
        return str(node.func.value.value).join(parts)  # type: ignore[attr-defined]
    return "{}"


def hidden(text: str) -> list[int]:
    return sorted(line for line, found in strings(text) if has_sql(found))


def sources() -> list[Path]:
    return found(".py")


def test_python_strings_hold_no_sql() -> None:
    lines = {str(f.relative_to(ROOT)): hidden(f.read_text(encoding="utf-8")) for f in sources()}
    assert {name: at for name, at in lines.items() if at and name not in OTHERS} == {}
    assert all(lines.get(name) for name in OTHERS), "an exception that excepts nothing is to be removed"


@pytest.mark.parametrize(
    "line",
    [
        'client.query(f"DELETE FROM `{target}` WHERE game_date IN UNNEST(@dates)")',
        'reader.query("SELECT COUNT(*) AS n FROM {promotion_fence}")',
        '"select a, b from " + table',
        'query("""\nWITH x AS (\n  SELECT *\n  FROM t\n) SELECT 1""")',
        'x = ("UPDATE t SET a = 1", "b")',
        'f"MERGE `{a}` USING b ON c"',
        'f"ALTER TABLE `{t}` ADD COLUMN c INT64"',
        '"INSERT INTO " f"{t} VALUES (1)"',
        'x = "DROP TABLE IF EXISTS t"',
    ],
)
def test_sql_in_a_string_is_found(line: str) -> None:
    assert hidden(line) == [1]


@pytest.mark.parametrize(
    "line",
    [
        '"SELECT " + columns',
        '"SELECT" + " " + columns',
        '" ".join(["SELECT", columns])',
        '"SELECT %s FROM %s" % (a, b)',
        'b"SELECT 1"',
        """query = 'select lower(x) as y from t where z = 1'""",
    ],
)
def test_sql_is_found_however_a_text_is_made(line: str) -> None:
    assert hidden(line) == [1]


@pytest.mark.parametrize(
    "line",
    ['"""SELECT * FROM t: a docstring."""', '"select a date from the list"', '"to update a batch set its round"'],
)
def test_prose_is_not_taken_for_sql(line: str) -> None:
    assert hidden(line) == []
