"""The types that JSON and records are read into, looked at by msgspec once, when they are imported; and how values are written.

msgspec fills what it knows of a type at its first use, and other threads see it half filled: two requests at once in a
new process ended it with a segmentation fault (msgspec 0.22, `DataclassInfo_Convert`). An import happens in one thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar, cast, get_type_hints

import msgspec

T = TypeVar("T")
Record: TypeAlias = dict[str, object]
"""A value as JSON has it, on its way to a table or a file: nothing reads a field of it."""


class Form(Generic[T]):
    """A type that records are decoded into. Create instances at import only.

    Attributes:
        kind: the type.
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self._json = msgspec.json.Decoder(kind)
        self._msgpack = msgspec.msgpack.Decoder(kind)

    def convert(self, data: Mapping[str, Any]) -> T:
        """The value of plain data; msgspec.ValidationError if it does not match the type."""
        return msgspec.convert(data, self.kind)

    def stored(self, data: Mapping[str, Any]) -> T:
        """The value of a document's fields, in which moments and bytes are no texts; msgspec.ValidationError if they are."""
        return msgspec.convert(data, self.kind, builtin_types=(datetime, bytes))

    def json(self, text: str | bytes) -> T:
        """The value of a JSON text; msgspec.DecodeError if it is not JSON, ValidationError if it does not match the type."""
        return self._json.decode(text)

    def msgpack(self, data: bytes) -> T:
        """The value of MessagePack data; msgspec.DecodeError or ValidationError as for `json`."""
        return self._msgpack.decode(data)


class Body(Form[T]):
    """The type of a request's body, and those of its fields, so that a refusal can name the field that is wrong.

    Attributes:
        kind: a struct.
        hints: the annotations of its fields, by their names in the body.
        required: the names that a body must have.
    """

    def __init__(self, kind: type[T]) -> None:
        super().__init__(kind)
        hints = get_type_hints(kind, include_extras=True)
        fields = msgspec.structs.fields(cast("type[msgspec.Struct]", kind))
        self.hints: Mapping[str, Any] = {one.encode_name: hints[one.name] for one in fields}
        self.required = tuple(one.encode_name for one in fields if one.required)

    def fits(self, name: str, value: object) -> bool:
        """Whether a field may have this value."""
        try:
            msgspec.convert(value, self.hints[name])  # known to msgspec since the struct is
        except msgspec.ValidationError:
            return False
        return True


def record(value: msgspec.Struct) -> Record:
    """The fields of a struct by their names on the wire, values as JSON has them; moments in ISO 8601 with their offset."""
    found: Record = json.loads(text(value))
    return found


def text(value: msgspec.Struct) -> str:
    """A struct as the functions write it: ASCII, its fields in order, moments with their offset."""
    # msgspec alone would write moments with a Z, and no space after a comma.
    plain = msgspec.to_builtins(value, builtin_types=(datetime,))
    return json.dumps(plain, default=datetime.isoformat)
