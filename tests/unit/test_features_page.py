"""docs/features.md: a row for each of the predecessor's features and ideas, and nothing named that is not there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from regen.settings import declared
from support.commands import APP

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"


@cache
def rows() -> tuple[tuple[str, ...], ...]:
    found = re.findall(r"^\| ([OL]?\d+) \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return tuple((number, *(cell.strip() for cell in rest.split(" | "))) for number, rest in found)


@cache
def commands() -> frozenset[str]:
    """Every command, with the group that it is in."""
    groups = {g.name: g.typer_instance for g in APP.registered_groups if g.typer_instance}
    found = {str(c.name or getattr(c.callback, "__name__", "")) for c in APP.registered_commands}
    for name, group in groups.items():
        found |= {f"{name} {c.name or getattr(c.callback, '__name__', '')}" for c in group.registered_commands}
    return frozenset(found | {str(name) for name in groups})


def test_each_feature_and_idea_has_a_row() -> None:
    numbers = [row[0] for row in rows()]
    assert numbers[:63] == [str(n) for n in range(1, 64)]
    assert numbers[63:76] == [f"O{n}" for n in range(1, 14)]
    assert numbers[76:] == [f"L{n}" for n in range(1, 26)]
    assert {row[2] for row in rows()[:63]} == {"worked", "half", "broken"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_a_feature_names_is_there(row: tuple[str, ...]) -> None:
    named = re.findall(r"`([^`]+)`", row[-1])
    assert named, "it names where to look"
    for name in named:
        if name.startswith("regen "):
            assert name.removeprefix("regen ") in commands(), name
        elif name.startswith("REGEN_"):
            assert name in declared(), name
        else:
            assert (ROOT / name).is_file(), name
