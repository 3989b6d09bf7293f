"""JSON from outside, read strictly: a key that stands twice in an object is refused, because one of its values would be lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class KeyTwice(ValueError):
    """An object has a key twice.

    Attributes:
        path: the names that lead to the object's key, the key last.
    """

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(f"{'.'.join(path)[:200]} stands there twice; give each key once")
        self.path = tuple(path)


class _Marked(dict[str, object]):
    """An object, and the key that it has twice."""

    twice: str | None = None


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a JSON text.

    Raises:
        KeyTwice: an object in it has a key twice.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except KeyTwice as error:
        raise KeyTwice(_path(json.loads(text, object_pairs_hook=_marked)) or error.path) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise KeyTwice([_repeated(pairs)])
    return made


def _marked(pairs: list[tuple[str, object]]) -> _Marked:
    made = _Marked(pairs)
    if len(made) != len(pairs):
        made.twice = _repeated(pairs)
    return made


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _path(whole: object) -> list[str] | None:
    """The way to the first object that is marked, outermost first."""
    waiting: list[tuple[object, list[str]]] = [(whole, [])]
    while waiting:
        value, path = waiting.pop(0)
        if isinstance(value, _Marked):
            if value.twice is not None:
                return [*path, value.twice]
            waiting += [(inner, [*path, name]) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(inner, path) for inner in value]
    return None
