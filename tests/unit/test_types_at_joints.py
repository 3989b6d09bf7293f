"""Where a record may have no type: rooms that touch the outside, and, for the others, no more places than there are."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "regen"
UNTYPED = re.compile(r"\b(?:dict|Mapping)\[str, Any\]")
BOUNDARIES = {
    "adapters": "documents of Firestore, rows of BigQuery, JSON of Google's services and of webhooks",
    "data": "files of vendors, JSON just decoded",
    "local": "the emulators' settings and requests",
    "ports.py": "documents and messages as the drivers have them",
    "schemas": "the JSON files of tables",
    "services/state": "documents and messages on their way to a struct and back",
    "sql": "the JSON files of views",
    "systems": "the JSON file of an artefact",
    "topology.py": "one JSON file",
    "training": "rows of BigQuery",
    "web": "bodies, tokens and environment, just decoded",
}
"""Rooms where a record comes in or goes out, and what it is there."""
MOST = {
    "api": 6,
    "client": 2,
    "console": 2,
    "domain": 11,
    "services/backfill": 1,
    "services/batch": 3,
    "services/healing": 5,
    "services/tables": 1,
    "services/views": 3,
}
"""Rooms that should read structs: how many untyped records they still have. The number goes down, never up."""


def room_of(path: Path) -> str:
    parts = path.relative_to(SRC).parts
    return "/".join(parts[:2]) if parts[0] == "services" else parts[0]


def untyped() -> Counter[str]:
    """How many untyped records each room has."""
    found: Counter[str] = Counter()
    for path in SRC.rglob("*.py"):
        found[room_of(path)] += len(UNTYPED.findall(path.read_text(encoding="utf-8")))
    return +found


def test_untyped_records_stay_at_boundaries() -> None:
    more = {room: count for room, count in untyped().items() if room not in BOUNDARIES and count > MOST.get(room, 0)}
    assert not more, f"a struct of regen.api, or a row type, instead of dict[str, Any]; untyped records: {more}"


def test_rooms_without_untyped_records_are_not_listed() -> None:
    assert (BOUNDARIES.keys() | MOST.keys()) - untyped().keys() == set()
