"""The packages of external systems, as requirements/systems.txt pins them: what a function's archive gets of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*(\S+)")
_WHEEL = re.compile(r"(?:[A-Za-z0-9._-]+ @ (?:file:)?)?\./(wheels/[A-Za-z0-9._+!-]+\.whl)\b")


class PinsUnusable(ValueError):
    """The file cannot be read as pins; the message names the line."""


def with_systems(functions: str, folder: Path) -> dict[str, bytes]:
    """The requirements of a function that runs systems, and the wheels that they name by their path; files by name.

    Args:
        functions: the functions' own pinned requirements.
        folder: of `systems.txt` and `wheels/`.

    Raises:
        PinsUnusable: a package has no hash, or another version than the functions need, or its wheel is not there.
    """
    own = {name: version for block in _blocks(functions) if (found := _named(block)) for name, version in [found]}
    files: dict[str, bytes] = {}
    added: list[str] = []
    for block in _blocks((folder / "systems.txt").read_text(encoding="utf-8")):
        first = block.split()[0]
        if "--hash=sha256:" not in block:
            raise PinsUnusable(f"requirements/systems.txt: {first} has no --hash: make lock")
        if wheel := _WHEEL.match(block):
            path = folder / wheel[1]
            if not path.is_file():
                raise PinsUnusable(f"requirements/systems.txt: there is no requirements/{wheel[1]}")
            files[wheel[1]] = path.read_bytes()
        elif found := _named(block):
            name, version = found
            if own.get(name, version) != version:
                raise PinsUnusable(
                    f"requirements/systems.txt: {name} {version}, but the functions need {own[name]}: make lock"
                )
            if name in own:
                continue
        else:
            raise PinsUnusable(f"requirements/systems.txt: expected NAME==VERSION or ./wheels/NAME.whl, found {first}")
        added.append(block)
    text = "".join((functions, *added))
    return {**files, "requirements.txt": text.encode()}


def _blocks(text: str) -> Iterator[str]:
    """The requirements of a lock, each with its hashes, without comments."""
    block = ""
    for line in text.splitlines():
        if line.strip().startswith("#") or not line.strip():
            continue
        block += line + "\n"
        if not line.endswith("\\"):
            yield block
            block = ""
    if block:
        yield block


def _named(block: str) -> tuple[str, str] | None:
    found = _NAME.match(block)
    return (re.sub(r"[-_.]+", "-", found[1]).lower(), found[2]) if found else None
