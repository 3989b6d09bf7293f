"""SQL stands in .sql files, where it is found and judged: none hides in a Python string of src or tools."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from googlesql.discovery import ROOT

SQL = re.compile(
    r"""\b(?:SELECT\s+(?:DISTINCT\s+|AS\s+STRUCT\s+)?(?:[*`{@(\d]|\w+(?:\(|\s*,|\.\w|\s+(?:FROM|AS)\b))
    |DELETE\s+FROM\s+[`{\w]|INSERT\s+INTO\s+[`{\w]|MERGE\s+(?:INTO\s+)?[`{]
    |UPDATE\s+\S+\s+(?:AS\s+\w+\s+)?SET\b|TRUNCATE\s+TABLE\b
    |(?:ALTER|CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:TEMP\s+)?(?:TABLE|VIEW|SCHEMA|FUNCTION|PROCEDURE)\s+\S
    |BEGIN\s+TRANSACTION\b)""",
    re.VERBOSE | re.IGNORECASE,
)
#: Files that speak another SQL, or none: why.
OTHERS = {
    "src/regen/local/bigquery_shortcuts.py": "runs inside the emulator, and speaks its engine's SQL (DuckDB)",
    "tools/infra_adopt.py": "writes DDL for a person to look at, from the schema files",
}


def strings(text: str) -> Iterator[tuple[int, str]]:
    """Every text but documentation, an f-string as a whole with {} for what is put in."""
    tree = ast.parse(text)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
            parts = (str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
            yield node.lineno, "".join(parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def hidden(text: str) -> list[int]:
    return sorted(line for line, found in strings(text) if SQL.search(found))


def sources() -> list[Path]:
    return sorted(f for folder in ("src", "tools", "functions") for f in (ROOT / folder).rglob("*.py"))


def test_python_strings_hold_no_sql() -> None:
    found = {str(f.relative_to(ROOT)): hidden(f.read_text(encoding="utf-8")) for f in sources()}
    assert {name: lines for name, lines in found.items() if lines and name not in OTHERS} == {}
    assert all(found.get(name) for name in OTHERS), "an exception that excepts nothing is to be removed"


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
    ['"""SELECT * FROM t: a docstring."""', '"select a date from the list"', '"to update a batch set its round"'],
)
def test_prose_is_not_taken_for_sql(line: str) -> None:
    assert hidden(line) == []
