"""Packing of players' outcomes for a request's document: MessagePack, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from regen.api.forms import Form
from regen.domain.errors import Unreadable
from regen.domain.outcome import Outcome

_OUTCOMES = Form(list[Outcome])


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Players' outcomes, compressed."""
    return zlib.compress(msgspec.msgpack.encode(outcomes), 3)


def unpack_outcomes(blob: bytes) -> list[Outcome]:
    """Unpack the result of `pack_outcomes`.

    Raises:
        Unreadable: the data is anything else.
    """
    try:
        return _OUTCOMES.msgpack(zlib.decompress(blob))
    except (zlib.error, msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"outcomes cannot be read: {error}") from error
