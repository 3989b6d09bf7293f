"""Commands that a text tells a person to type exist: in messages, pages, settings, alerts and documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import APP
from unit.test_cli_commands import commands

ROOT = Path(__file__).parents[2]
KNOWN = frozenset(commands(APP))
FIRST = {path[0] for path in KNOWN} | {"help"}
GROUPS = {path[0] for path in KNOWN if len(path) > 1}
NAMED = re.compile(r"(?:`|<code>|next: |next_=\"|\n    )regen ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
WRITTEN = sorted(
    path
    for folder, kinds in (
        ("src/regen", {".py", ".html", ".json", ".sql"}), ("docs", {".md", ".yaml"}), ("infra", {".tf", ".json"})
    )
    for path in (ROOT / folder).rglob("*")
    if path.suffix in kinds
)  # fmt: skip


def named() -> Iterator[tuple[str, str, str]]:
    """Each command that a text names: where, and its words."""
    for path in [*WRITTEN, ROOT / "README.md"]:
        for first, second in NAMED.findall(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix(), first, second


def test_many_commands_are_named() -> None:
    assert len(set(named())) > 100


@pytest.mark.parametrize("folder", ["src", "docs", "infra", "README.md"])
def test_every_command_that_a_text_names_exists(folder: str) -> None:
    unknown = {(where, word) for where, word, _ in named() if where.startswith(folder) and word not in FIRST}
    parts = {
        (where, f"{word} {second}")
        for where, word, second in named()
        if where.startswith(folder) and word in GROUPS and second and (word, second) not in KNOWN
    }
    assert unknown | parts == set()
