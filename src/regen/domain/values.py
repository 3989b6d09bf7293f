"""How a value with other fields, and its fields as a plain record, are made of a struct.

Values are structs of msgspec (decision 22): a dataclass writes and compiles its methods at import, which cost the coordinator a
quarter of its start. What the type checker knows of dataclasses it knows of structs too, so the names of the changed fields and
their types are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from dataclasses import asdict, replace
else:
    from msgspec.structs import replace

    def asdict(value: Struct) -> dict[str, object]:
        """The fields by their names, and those of structs inside, in order; nothing else is copied."""
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}

    def _plain(value: object) -> object:
        if isinstance(value, Struct):
            return asdict(value)
        if isinstance(value, (list, tuple)):
            return type(value)(_plain(each) for each in value)
        if isinstance(value, dict):
            return {key: _plain(each) for key, each in value.items()}
        return value


class Secret(str):
    """A string that does not show itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


__all__ = ["Secret", "asdict", "replace"]
