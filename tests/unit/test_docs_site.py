"""The documentation's pages by kind: all are in the site, what is made of the code is up to date, the tutorial's commands parse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import docs_hooks
import lookup_pages
import openapi_bodies
import tutorial
from support.commands import APP, made

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
PAGE = tutorial.PAGE.read_text(encoding="utf-8")


def _files(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    for entry in entries if isinstance(entries, list) else entries.values() if isinstance(entries, dict) else ():
        yield from _files(entry)


def test_every_page_has_its_place_by_kind() -> None:
    kinds = [next(iter(entry)) for entry in SITE["nav"]]
    assert kinds == ["Home", "Tutorial", "How-to", "Reference", "Explanation"]
    named = list(_files(SITE["nav"]))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert len(named) == len(set(named))
    assert pages - set(named) == {page for page in pages if re.match(r"decisions/0", page)}
    assert set(named) <= pages


def test_the_site_asks_no_other_host() -> None:
    assert (SITE["theme"]["font"], SITE["extra"]["generator"], SITE["strict"]) == (False, False, True)
    assert not re.search(r"https?://", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert not [page.name for page in DOCS.rglob("*.md") if "```mermaid" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", lookup_pages.PAGES)
def test_commands_tables_and_routes_are_as_the_code_is(name: str) -> None:
    assert (lookup_pages.ROOT / name).read_text(encoding="utf-8") == lookup_pages.PAGES[name](), (
        "run tools/lookup_pages.py"
    )


def test_the_schemas_of_bodies_are_as_the_structs_are() -> None:
    assert openapi_bodies.problems() == []


def test_links_out_of_the_pages_become_their_words() -> None:
    text = "[a](operations.md#x), [b](../src/regen), ![c](console.png), [d](https://x.example), `[e](../f)`, [g](decisions/)"
    assert docs_hooks.inside(text, DOCS) == (
        "[a](operations.md#x), b, ![c](console.png), [d](https://x.example), `[e](../f)`, g"
    )


@pytest.mark.parametrize("arguments", [c for c, _ in tutorial.commands(PAGE)], ids=" ".join)
def test_each_command_of_the_tutorial_parses(arguments: list[str]) -> None:
    command: Any = made(APP)
    context, rest = None, arguments
    while True:
        context = command.make_context(command.name, list(rest), parent=context)
        if not hasattr(command, "commands"):
            return
        _, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


def test_the_tutorial_shows_outputs_without_what_passes() -> None:
    said = {
        "start": "waiting for the coordinator (2 s)\naccepted: batch_2026-01-20_168edf6d\n2026-01-20 running: 0/81 done; x\n",
        "show": "batch_2026-01-20_168edf6d, regen_2026-01-20_bdb_upgrade_92dd4198 at 2026-01-26 17:13:42\nmore\n",
    }
    page = "a\n```console\n$ regen start X\nold\n$ regen show | head -n 1\n```\n"
    assert tutorial.filled(page, lambda arguments: said[arguments[0]]) == (
        "a\n```console\n$ regen start X\naccepted: batch_2026-01-20_00000001\n$ regen show | head -n 1\n"
        "batch_2026-01-20_00000001, regen_2026-01-20_bdb_upgrade_00000002 at 2026-01-26 17:00:00\n```\n"
    )


def test_the_tutorial_has_a_rejection_and_a_rollback() -> None:
    typed = [" ".join(arguments) for arguments, _ in tutorial.commands(PAGE)]
    assert [name for name in ("bdb scan", "regenerate", "redrive", "rollback") if any(t.startswith(name) for t in typed)] == [
        "bdb scan", "regenerate", "redrive", "rollback"
    ]  # fmt: skip
    assert "Rejected: " in PAGE
    assert "rolled_back" in PAGE
