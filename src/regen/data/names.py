"""One normalisation of players' names: the same key, whichever way a vendor writes the name."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

SUFFIXES = ("jr", "sr", "ii", "iii", "iv", "v")
_NOT_LETTERS = re.compile(r"[^a-z]")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SHEET_ERROR = re.compile(r"#(VALUE|REF|DIV/0|NUM|NAME|NULL|N/A|SPILL|CALC)[!?]?", re.IGNORECASE)
_SUFFIX_END = re.compile(r"(jr|sr|iii|ii|iv)$")
_NO_NAME = frozenset(
    [
        "a",
        "na",
        "nan",
        "nat",
        "none",
        "null",
        "nil",
        "void",
        "undefined",
        "unknown",
        "missing",
        "empty",
        "blank",
        "tbd",
        "tba",
        "inf",
        "true",
        "false",
        "player",
        "players",
        "name",
        "playername",
        "noname",
        "noplayer",
        "team",
        "teamtotal",
        "teamtotals",
        "total",
        "totals",
        "reserves",
        "starters",
        "didnotplay",
    ]
)
"""What stands where a program wrote a name that it did not have, or the sum of a table."""


@lru_cache(maxsize=8192)
def key(name: str) -> str | None:
    """A name as `player_lookup`: transliterated, lower case, letters only, suffix kept; None if it is no name.

    `Butler III, Jimmy` and `Butler, Jimmy III` are `jimmybutleriii`, `Nikola Đurišić` is `nikoladurisic`.
    """
    if _SHEET_ERROR.fullmatch(name.strip()):
        return None
    parts = [part.strip() for part in _BRACKETS.sub(" ", name).split(",") if part.strip()]
    if len(parts) > 1 and _letters(parts[-1]) not in SUFFIXES:
        first, _, suffix = parts[-1].rpartition(" ")
        given = [first, *parts[:-1], suffix] if first and _letters(suffix) in SUFFIXES else [parts[-1], *parts[:-1]]
        parts = given
    letters = _letters(" ".join(parts))
    return None if not letters or letters in _NO_NAME else letters


def without_suffix(lookup: str) -> str:
    """A key without the generation at its end (`jimmybutleriii` is `jimmybutler`)."""
    return _SUFFIX_END.sub("", lookup)


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", (text if text.isascii() else anyascii(text)).lower())
