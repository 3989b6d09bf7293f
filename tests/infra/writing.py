"""Which tables each function changes, read from the sources: its services, the statements and loads they run, their targets."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from regen import schemas

SOURCES = Path(__file__).parents[2] / "src" / "regen"
_TARGET = re.compile(r"\b(?:INSERT INTO|UPDATE|MERGE(?: INTO)?|DELETE FROM|DELETE) \{(\w+)\}")

#: `deps.store.get`, and `self._deps.store.get` in a route.
PORT_CALL = re.compile(r"\b_?deps\.(store|queue|warehouse|books|archive|models)\.(\w+)")


def written_by(function: str) -> set[str]:
    """Tables that a statement changes which a service changes by which the function's routes may run."""
    found: set[str] = set()
    for service in _services(SOURCES / "web" / f"{function}.py"):
        for method in _methods(service):
            found |= _loaded().get(method, set())
            for statement in _statements().get(method, set()):
                found |= set(_TARGET.findall((SOURCES / "sql" / f"{statement}.sql").read_text()))
    return found


def _services(start: Path) -> set[Path]:
    """Modules that the routes import, directly or not, among routes and services."""
    seen: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith(("regen.services", "regen.web"))
            ):
                base = SOURCES.parent.joinpath(*node.module.split("."))
                names = [base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)]
                todo += [p for p in names if p.is_file() and p.name != "bootstrap.py"]
    return seen


def _methods(path: Path) -> set[str]:
    """Methods of warehouse and books that a module calls."""
    return {name for port, name in PORT_CALL.findall(path.read_text()) if port in {"warehouse", "books"}}


@cache
def _loaded() -> dict[str, set[str]]:
    """Tables that each method of the adapter loads rows into; staging tables, which it makes itself, are none."""
    found: dict[str, set[str]] = {}
    for path in (SOURCES / "adapters" / "bigquery").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and "self.jobs.load(" in (text := ast.unparse(node)):
                names = re.findall(r"self\._names\.table\((\w+)\)", text)
                found.setdefault(node.name, set()).update(getattr(schemas, name) for name in names)
    return found


@cache
def _statements() -> dict[str, set[str]]:
    """Statements that each method of the adapter renders."""
    found: dict[str, set[str]] = {}
    for path in (SOURCES / "adapters" / "bigquery").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                names = {
                    str(call.args[0].value)
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
                }
                found.setdefault(node.name, set()).update(n for n in names if (SOURCES / "sql" / f"{n}.sql").is_file())
    return found
