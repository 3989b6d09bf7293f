"""A page of a list of records, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regen.domain.errors import InvalidInput
from regen.ports import Snapshot
from regen.services.state.deps import Deps
from regen.services.state.paths import id_of


def page(
    deps: Deps, collection: str, matching: Sequence[Snapshot] | None, limit: int, cursor: str | None
) -> tuple[list[Snapshot], str | None]:
    """The documents of a page, newest first, and the cursor of the next page if there are more.

    Args:
        matching: the documents to list, with `created_at` at least, which are then read in full; None for the whole collection.
        cursor: id of the last document of the page before.

    Raises:
        InvalidInput: the collection has no document of that id.
    """
    after = None
    if cursor is not None and (after := deps.store.get(f"{collection}/{cursor}")) is None:
        raise InvalidInput("cursor", "`next` of an earlier answer")
    if matching is None:
        found = deps.store.find(collection, order_by="created_at", descending=True, limit=limit + 1, after=after)
        shown, more = found[:limit], len(found) > limit
    else:
        newest = sorted(matching, key=_position, reverse=True)
        if after is not None:
            newest = [s for s in newest if _position(s) < _position(after)]
        paths = [s.path for s in newest[:limit]]
        shown = [s for s in deps.store.get_many(paths) if s is not None] if paths else []
        more = len(newest) > limit
    shown = sorted(shown, key=_position, reverse=True)
    return shown, id_of(shown[-1]) if more and shown else None


def _position(snapshot: Snapshot) -> tuple[float, str]:
    """Where a record stands in a list: by its opening, then by its id."""
    at = snapshot.data.get("created_at")
    return (at.timestamp() if isinstance(at, datetime) else 0.0), snapshot.path
