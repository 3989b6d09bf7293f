"""Writes docs/incidents.md from the incident suite's tests: each docstring says the rule, where it is kept, and what turns it red.

    tools/incident_page.py           write the page
    tools/incident_page.py --check   say what is missing or out of date, and fail if anything is

A test belongs to the incident whose number its name begins with: `test_i07_...` to I-07.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pages import written_or_checked

ROOT = Path(__file__).parents[1]
SUITE = ROOT / "tests" / "incidents"
ABSENT = SUITE / "absent.json"
PAGE = ROOT / "docs" / "incidents.md"
NUMBERS = range(1, 72)
AT_LEAST = 63
GROUPS = {
    1: "A. Superseding and replacing",
    13: "B. Batches, completion, stalls",
    29: "C. BigQuery",
    42: "D. Features, models, correctness",
    53: "E. Messages, access, deployment, what follows",
}
_NAME = re.compile(r"test_i(\d\d)_\w+")
_PARTS = re.compile(r"(?s)^(?P<rule>.*?)\n\s*\n\s*Prevented in: (?P<where>.*?)\n\s*Turns red when: (?P<red>.*?)\s*$")
INTRO = """\
# The 71 incidents

The system that regen replaces failed in 71 ways that are on record. Each is a rule here, with a test that carries its number
(`tests/incidents`), the files that keep the rule, and a change to them that turns the test red. This page is written by
`tools/incident_page.py` from the tests themselves; a test checks that it is up to date.
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """One test with the statements of its docstring."""

    number: int
    file: str
    name: str
    rule: str
    where: tuple[str, ...]
    red: str


class Incomplete(Exception):
    """A test's docstring lacks a statement."""


def proofs(folder: Path = SUITE) -> list[Proof]:
    """Every test of the suite that carries a number, by number."""
    found = [proof for path in sorted(folder.glob("test_*.py")) for proof in _proofs(path)]
    return sorted(found, key=lambda proof: (proof.number, proof.file))


def _proofs(path: Path) -> Iterator[Proof]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and (match := _NAME.fullmatch(node.name)):
            parts = _PARTS.match(ast.get_docstring(node) or "")
            if parts is None:
                raise Incomplete(
                    f"{path.name}: {node.name} does not say its rule, where it is kept and what turns it red"
                )
            yield Proof(
                int(match[1]),
                path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name,
                node.name,
                " ".join(parts["rule"].split()),
                tuple(parts["where"].replace("\n", " ").split(", ")),
                " ".join(parts["red"].split()),
            )


def absent() -> dict[int, str]:
    """Incidents of parts that regen does not have, with the reason."""
    known: Mapping[str, str] = json.loads(ABSENT.read_text(encoding="utf-8"))
    return {int(number.removeprefix("I-")): why for number, why in known.items()}


def page(found: Sequence[Proof], missing: Mapping[int, str]) -> str:
    """The page."""
    lines = [INTRO]
    tested = {proof.number for proof in found}
    lines.append(f"{len(tested)} incidents have a test; {len(missing)} have none, and say why.\n")
    for number in NUMBERS:
        if number in GROUPS:
            lines.append(f"## {GROUPS[number]}\n")
        lines += _entry(number, [proof for proof in found if proof.number == number], missing)
    return "\n".join(lines)


def _entry(number: int, found: Sequence[Proof], missing: Mapping[int, str]) -> Iterator[str]:
    yield f"### I-{number:02}\n"
    if number in missing:
        yield f"{missing[number]}\n"
    for proof in found:
        kept = ", ".join(f"[{where}](../{where})" for where in proof.where)
        yield (
            f"{proof.rule}\n\n- kept in {kept}\n- test: `{proof.name}` in [{proof.file}](../{proof.file})\n"
            f"- turns red when {proof.red}\n"
        )


def problems() -> list[str]:
    """Every difference between the page and the tests."""
    found, missing = proofs(), absent()
    tested = {proof.number for proof in found}
    faults = [f"I-{n:02} has neither a test nor a reason" for n in NUMBERS if n not in tested | missing.keys()]
    faults += [f"I-{n:02} has a test, and a reason why it has none" for n in sorted(tested & missing.keys())]
    faults += [f"I-{n:02} is no incident" for n in sorted((tested | missing.keys()) - set(NUMBERS))]
    faults += [f"{p.name}: there is no {where}" for p in found for where in p.where if not (ROOT / where).is_file()]
    if len(tested) < AT_LEAST:
        faults.append(f"{len(tested)} incidents have a test, {AT_LEAST} are wanted")
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page(found, missing):
        faults.append("docs/incidents.md is out of date: run tools/incident_page.py")
    return faults


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(proofs(), absent()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
