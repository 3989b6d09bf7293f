"""The mistakes that `make mutants` makes, read from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_KEYS = frozenset({"name", "promise", "file", "old", "new", "tests", "survives"})


class BadMutation(ValueError):
    """An entry of the catalogue does not fit the code; the message names the entry and what is wrong."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake.

    Attributes:
        promise: the promise or incident that the mistake breaks, such as `P7` or `I-22`.
        file: the file that changes, from the checkout's root.
        old: text that stands in that file exactly once.
        new: what stands there instead.
        tests: pytest arguments of the tests that should turn red.
        survives: why no test can see this mistake; empty where one must.
    """

    name: str
    promise: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    survives: str = ""

    def applied(self, root: Path = ROOT) -> str:
        """The file's text with the mistake in it.

        Raises:
            BadMutation: the old text is not there exactly once.
        """
        path = root / self.file
        if not path.is_file():
            raise BadMutation(f"{self.name}: there is no file {self.file}")
        text = path.read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            raise BadMutation(f"{self.name}: the old text stands in {self.file} {found} times, not once")
        return text.replace(self.old, self.new)

    def problems(self, root: Path = ROOT) -> Iterator[str]:
        """What is wrong with the entry; nothing if it can be run."""
        try:
            self.applied(root)
        except BadMutation as error:
            yield str(error)
        if self.old == self.new:
            yield f"{self.name}: old and new are the same"
        if not self.tests:
            yield f"{self.name}: names no tests"
        for argument in self.tests:
            path = argument.partition("::")[0]
            if path.startswith("tests/") and not (root / path).exists():
                yield f"{self.name}: there is no {path}"


def mutations() -> list[Mutation]:
    """Every entry of the catalogue, file by file.

    Raises:
        BadMutation: an entry has unknown or missing keys, or two share a name.
    """
    found = [
        _mutation(path.name, entry)
        for path in sorted(HERE.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]
    ]
    if doubled := [name for name, number in Counter(m.name for m in found).items() if number > 1]:
        raise BadMutation(f"two mutations have one name: {', '.join(doubled)}")
    return found


def _mutation(where: str, entry: Mapping[str, Any]) -> Mutation:
    name = entry.get("name", "without a name")
    if unknown := sorted(entry.keys() - _KEYS):
        raise BadMutation(f"{where}, {name}: unknown keys {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    if missing := sorted(_KEYS - {"survives"} - entry.keys()):
        raise BadMutation(f"{where}, {name}: lacks {', '.join(missing)}")
    return Mutation(**{**entry, "tests": tuple(entry["tests"])})
