"""What functions need beside their own requirements, as further locks pin it: what an archive gets of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*(\S+)")
_WHEEL = re.compile(r"(?:[A-Za-z0-9._-]+ @ (?:file:)?)?\./(wheels/[A-Za-z0-9._+!-]+\.whl)\b")


class PinsUnusable(ValueError):
    """The file cannot be read as pins; the message names the line."""


def with_pins(functions: str, folder: Path, locks: Sequence[str]) -> dict[str, bytes]:
    """The requirements of a function with those of further locks, and the wheels that they name by their path; files by name.

    Args:
        functions: the functions' own pinned requirements.
        folder: of the locks and of `wheels/`.
        locks: such as `systems.txt`.

    Raises:
        PinsUnusable: a package has no hash, or another version than the functions or an earlier lock need, or its wheel is not there.
    """
    known = _versions(_blocks(functions))
    files: dict[str, bytes] = {}
    added: list[str] = []
    for lock in locks:
        blocks = list(_blocks((folder / lock).read_text(encoding="utf-8")))
        for block in blocks:
            try:
                wheel = _wheel(block, folder)
                if wheel is None and _is_known(block, known):
                    continue
            except PinsUnusable as error:
                raise PinsUnusable(f"requirements/{lock}: {error}") from None
            if wheel is not None:
                files[wheel.relative_to(folder).as_posix()] = wheel.read_bytes()
            added.append(block)
        known = {**_versions(blocks), **known}
    text = "".join((functions, *added))
    return {**files, "requirements.txt": text.encode()}


def _versions(blocks: Iterable[str]) -> dict[str, set[str]]:
    """The versions of each package: a lock has several where Pythons differ."""
    found: dict[str, set[str]] = {}
    for block in blocks:
        if named := _named(block):
            found.setdefault(named[0], set()).add(named[1])
    return found


def _wheel(block: str, folder: Path) -> Path | None:
    """The wheel that a requirement names by its path; None for a package of an index."""
    if "--hash=sha256:" not in block:
        raise PinsUnusable(f"{block.split(maxsplit=1)[0]} has no --hash: make lock")
    if (found := _WHEEL.match(block)) is None:
        return None
    if not (folder / found[1]).is_file():
        raise PinsUnusable(f"there is no requirements/{found[1]}")
    return folder / found[1]


def _is_known(block: str, known: Mapping[str, set[str]]) -> bool:
    """Whether the functions, or an earlier lock, have the package."""
    if (found := _named(block)) is None:
        raise PinsUnusable(f"expected NAME==VERSION or ./wheels/NAME.whl, found {block.split(maxsplit=1)[0]}")
    name, version = found
    if name in known and version not in known[name]:
        raise PinsUnusable(f"{name} {version}, but the functions need {' or '.join(sorted(known[name]))}: make lock")
    return name in known


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
