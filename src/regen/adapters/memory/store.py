"""The port `BatchStore` in memory: with the same conditions and conflicts as Firestore, and copies of all values."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from regen.domain.errors import AlreadyExists, Conflict, InvalidInput
from regen.ports import Condition, Snapshot, Write

MAX_DOCUMENT_BYTES = 1024 * 1024

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, words: value in words,
    "array_contains": lambda value, word: isinstance(value, list) and word in value,
}


class _Document(Struct, frozen=True):
    data: dict[str, Any]
    version: int


class MemoryStore:
    """A thread-safe store; every commit is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._documents: dict[str, _Document] = {}
        self._collections: dict[str, dict[str, None]] = {}
        self._version = 0
        self._listeners: list[Callable[[str], None]] = []
        self.reads = 0
        self.writes = 0

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Call `listener(path)` after each commit for every document that it updated (not for created ones)."""
        self._listeners.append(listener)

    def get(self, path: str) -> Snapshot | None:
        with self._lock:
            self.reads += 1
            return self._snapshot(path)

    def get_many(self, paths: Sequence[str]) -> list[Snapshot | None]:
        with self._lock:
            self.reads += len(paths)
            return [self._snapshot(p) for p in paths]

    def commit(self, writes: Sequence[Write]) -> None:
        with self._lock:
            for write in writes:
                self._check(write)
            changed = [w.path for w in writes if w.op in {"update", "put"} and w.path in self._documents]
            self._version += 1
            for write in writes:
                self._apply(write)
            self.writes += len(writes)
        for path in changed:
            for listener in self._listeners:
                listener(path)

    def find(
        self,
        collection: str,
        where: Sequence[Condition] = (),
        *,
        limit: int | None = None,
        order_by: str | None = None,
        descending: bool = False,
        fields: Sequence[str] | None = None,
        after: Snapshot | None = None,
    ) -> list[Snapshot]:
        with self._lock:
            found: list[Snapshot] = []
            for path in self._collections.get(collection, {}):
                document = self._documents[path]
                if all(_meets(document.data, c) for c in where) and (order_by is None or order_by in document.data):
                    found.append(Snapshot(path, self._copy(document.data, fields), document.version))
                    if limit is not None and order_by is None and len(found) == limit:
                        break
            if order_by is not None:
                found = _page(found, lambda s: self._documents[s.path].data[order_by], after, descending=descending)
            else:
                found.sort(key=lambda s: s.path)
            found = found[:limit]
            self.reads += max(1, len(found))
            return found

    def _snapshot(self, path: str) -> Snapshot | None:
        document = self._documents.get(path)
        return None if document is None else Snapshot(path, self._copy(document.data, None), document.version)

    @staticmethod
    def _copy(data: Mapping[str, Any], fields: Sequence[str] | None) -> dict[str, Any]:
        chosen = data if fields is None else {k: data[k] for k in fields if k in data}
        copied: dict[str, Any] = _stored(chosen)
        return copied

    def _check(self, write: Write) -> None:
        document = self._documents.get(write.path)
        if write.op == "create" and document is not None:
            raise AlreadyExists(f"{write.path} exists")
        if write.op == "update" and document is None:
            raise Conflict(f"{write.path} does not exist")
        if write.version is not None and (document is None or document.version != write.version):
            raise Conflict(f"{write.path} has changed")
        if write.path.count("/") % 2 == 0:
            raise InvalidInput("path", f"collection/document pairs, got {write.path}")
        if _size(write.data) > MAX_DOCUMENT_BYTES:
            raise InvalidInput("document", f"at most 1 MiB; {write.path} is larger")

    def _apply(self, write: Write) -> None:
        collection = write.path.rpartition("/")[0]
        if write.op == "delete":
            self._documents.pop(write.path, None)
            self._collections.get(collection, {}).pop(write.path, None)
            return
        data = _stored(write.data)
        if write.op == "update":
            data = {**self._documents[write.path].data, **data}
        self._documents[write.path] = _Document(data, self._version)
        self._collections.setdefault(collection, {})[write.path] = None


_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


def _page(
    found: list[Snapshot], value: Callable[[Snapshot], Any], after: Snapshot | None, *, descending: bool
) -> list[Snapshot]:
    """The documents after `after`, in order; equal values are ordered by path."""

    def place(snapshot: Snapshot) -> tuple[int, Any, str]:
        kind, known = _order(value(snapshot))
        return kind, known, snapshot.path

    ordered = sorted(found, key=place, reverse=descending)
    if after is None:
        return ordered
    last = place(after)
    return [s for s in ordered if (place(s) < last if descending else place(s) > last)]


def _order(value: object) -> tuple[int, Any]:
    """Where Firestore sorts a value: by its type first (https://firebase.google.com/docs/firestore/manage-data/data-types)."""
    for number, kind in enumerate((bool, int | float, datetime, str, bytes)):
        if isinstance(value, kind):
            return number, value
    return (-1, 0) if value is None else (9, repr(value))


def _stored(value: Any) -> Any:  # noqa: ANN401 - any value that a document can hold
    """A deep copy in the form of a document: tuples become lists. Raise InvalidInput for a value that Firestore refuses."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, dict | Mapping):
        return {str(k): v if type(v) in _PLAIN else _stored(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        if any(isinstance(v, list | tuple) for v in value if type(v) not in _PLAIN):
            raise InvalidInput("document", "no list directly inside a list")
        return [v if type(v) in _PLAIN else _stored(v) for v in value]
    if isinstance(value, str | int | float | bool | bytes):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise InvalidInput("document", f"a value that a document can hold, not {kind.__name__}")


def _size(value: Any) -> int:  # noqa: ANN401
    kind = type(value)
    if kind is str or kind is bytes:
        return len(value) + 1
    if kind in _PLAIN:
        return 8
    if isinstance(value, dict | Mapping):
        return sum([len(str(k)) + 1 + _size(v) for k, v in value.items()])
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 8


def _meets(data: Mapping[str, Any], condition: Condition) -> bool:
    name, op, wanted = condition
    if name not in data:
        return False
    value = data[name]
    try:
        return _COMPARE[op](value, wanted)
    except TypeError:
        return False  # Firestore compares only values of one type
