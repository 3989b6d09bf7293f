"""The 30 teams by every spelling that vendors use (`teams.csv`); a team that is none of them keeps its code, in upper case."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources

_SEPARATORS = re.compile(r"[^a-z0-9]")
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,4}")
_ID = re.compile(r"\s*(16106127\d\d)\.0\s*")
_TWO_TEAMS = frozenset({"LA"})
"""Vendors mean either of two teams with it."""


@cache
def codes() -> tuple[str, ...]:
    """The league's own codes of the 30 teams."""
    return tuple(row["code"] for row in _rows())


@lru_cache(maxsize=4096)
def team_code(text: str) -> str | None:
    """The code of a team that is written as a code, an id, a place, a name or both; None if no team is written so."""
    written = number[1] if (number := _ID.fullmatch(text)) else text
    if (found := _spellings().get(_plain(written))) is not None:
        return found
    code = text.strip().upper()
    return code if _CODE.fullmatch(code) and code not in _TWO_TEAMS else None


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    text = (resources.files(__package__) / "teams.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _spellings() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for row in _rows():
        place, name, others = row["place"], row["name"], [other for other in row["others"].split("|") if other]
        written = [row["code"], row["id"], name, f"{place} {name}", *others, f"{place} {name} {row['code']}"]
        written += [f"{code} {name}" for code in (row["code"], *others)]
        if place not in {"LA", "Los Angeles"}:
            written += [place, f"{place} {row['code']}"]
        for text in written:
            if found.setdefault(_plain(text), row["code"]) != row["code"]:
                raise ValueError(f"teams.csv: {text} is two teams")
    return found


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", text.lower())
