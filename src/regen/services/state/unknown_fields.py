"""Keeping the fields that a newer version added to a record when this version writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_IDENTITY = (("trigger_id",), ("at", "from_", "to"), ("game_date",), ("batch_id",), ("game_id",))
"""Fields that identify an item of a list: the first of these tuples whose fields the item has."""
_CONTENT = frozenset({"command", "metadata", "verdict"})


def keep_unknown(old: Any, new: Any) -> Any:  # noqa: ANN401 - any value that a document can hold
    """The new value, with the fields that only the old value has, at every depth: a newer version wrote those.

    Items of a list are matched by their id; triggers are JSON texts. Content from callers (`_CONTENT`) is replaced as a
    whole: merging would bring back metadata that was dropped for lack of room.
    """
    if old == new:
        return new
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        kept = {k: v for k, v in old.items() if k not in new}
        merged = {k: keep_unknown(old[k], v) if k in old and k not in _CONTENT else v for k, v in new.items()}
        return {**kept, **merged}
    if isinstance(old, list) and isinstance(new, list | tuple):
        known = {key: item for item in map(_parsed, old) if (key := _identity(item)) is not None}
        return [_kept(known, item) for item in new]
    return new


def _kept(known: Mapping[object, Any], item: Any) -> Any:  # noqa: ANN401
    parsed = _parsed(item)
    old = known.get(_identity(parsed))
    if old is None:
        return item
    merged = keep_unknown(old, parsed)
    if merged == parsed:
        return item
    return json.dumps(merged) if isinstance(item, str) else merged


def _parsed(item: Any) -> Any:  # noqa: ANN401
    if not isinstance(item, str) or not item.startswith("{"):
        return item
    try:
        return json.loads(item)
    except ValueError:
        return item


def _identity(item: object) -> object:
    if not isinstance(item, Mapping):
        return None
    return next((tuple(str(item[n]) for n in names) for names in _IDENTITY if item.keys() >= set(names)), None)
