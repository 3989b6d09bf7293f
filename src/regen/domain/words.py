"""How a number of things is said."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 player`, `2 players`, `1,000 players`, `3 batches`."""
    ending = "" if count == 1 else "es" if noun.endswith("ch") else "s"
    return f"{count:,} {noun}{ending}"
