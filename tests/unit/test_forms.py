"""Types are looked at by msgspec in one thread, when modules are imported: two at once in a new process ended it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.api.forms import Form
from regen.domain.slate import Exclusion

SOURCE = Path(__file__).parents[2] / "src" / "regen"
MADE = ("msgspec", "Form(", "Body(", "Stored(")
FILES = sorted(p for p in SOURCE.rglob("*.py") if any(word in p.read_text() for word in MADE))

ELSEWHERE = {"api/forms.py", "settings.py", "web/settings.py"}
"""Where types are made known, and the settings, which are read before a function answers anything."""


def first_uses(tree: ast.Module) -> Iterator[str]:
    """Calls that may be the first use of a type, and are not made when the module is imported."""
    at_import = {id(node) for statement in tree.body for node in _outside_functions(statement)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        typed = called in {"msgspec.convert", "convert"} or any(k.arg == "type" for k in node.keywords)
        lazy = (
            called in {"Form", "Body", "Stored", "msgspec.json.Decoder", "msgspec.msgpack.Decoder"}
            and id(node) not in at_import
        )
        if (called.startswith("msgspec.") and typed and "Raw" not in ast.unparse(node)) or lazy:
            yield f"{called} in line {node.lineno}"


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_type_is_prepared_at_import(path: Path) -> None:
    found = list(first_uses(ast.parse(path.read_text())))
    assert not found or str(path.relative_to(SOURCE)) in ELSEWHERE


def test_search_finds_types_prepared_late() -> None:
    text = "import msgspec\nGOOD = Form(X)\ndef f():\n    Form(X)\n    msgspec.convert({}, X)\n    msgspec.json.decode(b'', type=X)\n"
    assert [line.rpartition(" ")[2] for line in first_uses(ast.parse(text))] == ["4", "5", "6"]


def test_a_form_reads_plain_data_texts_and_packed_data() -> None:
    form = Form(Exclusion)
    assert form.convert({"player_lookup": "a", "reason": "out"}) == form.json('{"player_lookup":"a","reason":"out"}')
    assert form.msgpack(b"\x82\xadplayer_lookup\xa1a\xa6reason\xa3out").reason == "out"
