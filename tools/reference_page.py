"""Writes docs/reference.md: every check, state and reason, as `regen explain` says them.

tools/reference_page.py           write the page
tools/reference_page.py --check   say whether it is out of date, and fail if it is
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from pages import written_or_checked
from regen.client.explaining import Explained, explained

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = """# Reference: checks, states, reasons

Written by tools/reference_page.py from the code; `regen explain NAME` prints the same. The limits are [settings](operations.md#the-settings),
the states and what may follow them are drawn in [architecture.md](architecture.md#the-states).
"""
TITLES = {"check": "Checks", "state": "States", "reason": "Reasons"}


def page() -> str:
    """The page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for kind, entries in groupby(explained(), lambda one: one.kind):
        yield f"## {TITLES[kind]}\n"
        for name, same in groupby(sorted(entries, key=_place), lambda one: one.name):
            yield f"### {name}\n"
            yield "\n\n".join("  \n".join(one.lines) for one in same) + "\n"


_ORDER = {name: n for n, name in enumerate(dict.fromkeys(one.name for one in explained()))}


def _place(one: Explained) -> int:
    """Entries of one name stand together, where the first of them would."""
    return _ORDER[one.name]


def problems() -> list[str]:
    """Whether the page is as the code is."""
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return []
    return ["docs/reference.md is out of date: run tools/reference_page.py"]


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
