"""The types that records are read into, looked at by msgspec once, when they are imported.

msgspec fills what it knows of a dataclass at its first use, and other threads see it half filled: two requests at once in a
new process ended it with a segmentation fault (msgspec 0.22, `DataclassInfo_Convert`). An import happens in one thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Form(Generic[T]):
    """A type that records are read into; made when a module is imported, never later."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._json = msgspec.json.Decoder(kind)
        self._msgpack = msgspec.msgpack.Decoder(kind)

    def convert(self, data: Mapping[str, Any]) -> T:
        """The value of plain data; msgspec.ValidationError if it has another form."""
        return msgspec.convert(data, self._kind)

    def json(self, text: str | bytes) -> T:
        """The value of a JSON text; msgspec.DecodeError if it is none, ValidationError if it has another form."""
        return self._json.decode(text)

    def msgpack(self, data: bytes) -> T:
        """The value of packed data; msgspec.DecodeError if it is none, ValidationError if it has another form."""
        return self._msgpack.decode(data)
