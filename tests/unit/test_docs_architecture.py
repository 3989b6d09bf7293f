"""docs/architecture.md shows the rooms, states, promises and words as the code has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from regen.domain.backfill import BackfillStatus, DateStatus
from regen.domain.batch import TRANSITIONS, Status
from regen.domain.outcome import OutcomeKind

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "regen"
PAGE = ROOT / "docs" / "architecture.md"
CITING = ("src", "tests", "tools", "infra", "functions", "docs")
TEXTS = {".py", ".md", ".sql", ".toml", ".tf", ".yaml", ".json"}


@cache
def section(title: str) -> str:
    return PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def ticked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def rooms() -> Mapping[str, frozenset[str]]:
    """What each room of the page may call."""
    return {ticked(name)[0]: frozenset(ticked(calls)) for name, _, calls in table("The rooms")}


def room_of(module: str) -> str:
    """The room that a module is in: the longest one of the page, or its folder."""
    parts = module.split(".")[1:]
    for length in range(len(parts), 0, -1):
        if (room := "/".join(parts[:length])) in rooms() and exists(room):
            return room
    return parts[0] if parts else ""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        yield ".".join(("regen", *parts)).removesuffix(".__init__"), path


@cache
def imports() -> list[tuple[str, str]]:
    """Each import of a module of regen: who, and what."""
    known = {name for name, _ in modules()}
    found = []
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found += [(name, alias.name) for alias in node.names if alias.name.startswith("regen.")]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "regen":
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found.append((name, whole if whole in known else str(node.module)))
    return found


def arrows() -> dict[tuple[str, str], str]:
    """The rooms that call one another, each with an import as an example."""
    found: dict[tuple[str, str], str] = {}
    for source, target in imports():
        pair = (room_of(source), room_of(target))
        if pair[0] and pair[1] and pair[0] != pair[1]:
            found.setdefault(pair, f"{source} imports {target}")
    return found


def exists(room: str) -> bool:
    return (SOURCE / room).is_dir() or ("/" not in room and (SOURCE / f"{room}.py").is_file())


def test_every_module_is_in_a_room_of_the_page() -> None:
    lost = {name for name, _ in modules() if room_of(name) not in rooms()} - {"regen", "regen.services"}
    assert not lost, "docs/architecture.md, The rooms: no row"


def test_every_import_goes_where_the_page_lets_it() -> None:
    wrong = [example for (source, target), example in arrows().items() if target not in rooms()[source]]
    assert wrong == [], "docs/architecture.md, The rooms: `may call` does not have it"


def test_every_room_and_arrow_of_the_page_is_there() -> None:
    assert [room for room in rooms() if not exists(room)] == []
    idle = {(room, called) for room, calls in rooms().items() for called in calls} - arrows().keys()
    assert not idle, f"docs/architecture.md, The rooms: nothing imports so: {sorted(idle)}"


def test_a_room_may_call_only_rooms_of_the_page_and_no_circle() -> None:
    left = dict(rooms())
    while ready := [room for room, calls in left.items() if not calls & left.keys()]:
        for room in ready:
            del left[room]
    assert not left, f"these call one another in a circle: {sorted(left)}"
    assert set().union(*rooms().values()) <= rooms().keys()


def cited() -> dict[str, str]:
    """Each promise that is cited anywhere, with a place."""
    found: dict[str, str] = {}
    for folder in CITING:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in TEXTS or path == PAGE or "build" in path.parts or ".terraform" in path.parts:
                continue
            for number in re.findall(r"(?<![\w.-])P(\d{1,2})(?![\w%-])", path.read_text(errors="ignore")):
                found.setdefault(f"P{number}", str(path.relative_to(ROOT)))
    return found


def test_every_promise_that_is_cited_is_defined() -> None:
    defined = set(re.findall(r"^- \*\*(P\d+) ", section("The promises"), re.MULTILINE))
    assert defined == {f"P{number}" for number in range(1, 14)}
    assert {name: place for name, place in cited().items() if name not in defined} == {}
    assert cited().keys() == defined, "a promise that no code, test or page cites is held by nothing"


def test_the_states_of_a_batch_are_those_of_the_code() -> None:
    rows = {ticked(name)[0]: set(ticked(following)) for name, _, following in table("The states")}
    assert list(rows) == list(Status)
    assert rows == {status.value: {to.value for to in TRANSITIONS[status]} for status in Status}


def test_the_other_states_are_those_of_the_code() -> None:
    after = section("The states").rsplit("\n|", 1)[1]
    request, backfill = after.split("\nA request ")[1].split("\nA backfill ")
    assert set(ticked(request)) == {"pending", "done", *OutcomeKind}
    assert set(ticked(backfill)) - {"domain/backfill.py"} == {*BackfillStatus, *DateStatus}


@cache
def prose() -> str:
    """All the words of the code, the statements and the other pages."""
    paths = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.sql"), *(ROOT / "docs").glob("*.md")]
    return "\n".join(path.read_text().lower() for path in paths if path != PAGE)


@pytest.mark.parametrize("word", [row[0] for row in table("Glossary")])
def test_a_word_of_the_glossary_is_in_use(word: str) -> None:
    stem = word.lower().removesuffix("e").removesuffix("y")
    assert re.search(rf"\b{re.escape(stem)}".replace(r"\-", "[-_ ]").replace(r"\ ", "[-_ ]"), prose())


def test_the_glossary_has_each_word_once() -> None:
    words = [row[0] for row in table("Glossary")]
    assert len(words) == len(set(words))
    assert {"opening", "round", "fence", "lease", "claim", "outbox", "coalesce", "staging"} <= set(words)


def test_the_flow_names_modules_of_rooms() -> None:
    named = set(re.findall(r"`(services/[a-z_/]+)`", section("The flow")))
    assert {name for name in named if not (exists(name) or (SOURCE / f"{name}.py").is_file())} == set()
    assert {"/".join(name.split("/")[:2]) for name in named} <= rooms().keys()
