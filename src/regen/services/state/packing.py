"""Packing of players' outcomes, and of challengers', for a request's document: MessagePack, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from regen.api.forms import Form
from regen.domain.challengers import Challenged
from regen.domain.errors import Unreadable
from regen.domain.outcome import Outcome

T = TypeVar("T")
_OUTCOMES = Form(list[Outcome])
_CHALLENGED = Form(list[Challenged])


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Players' outcomes, compressed."""
    return _packed(outcomes)


def unpack_outcomes(blob: bytes) -> list[Outcome]:
    """Unpack the result of `pack_outcomes`.

    Raises:
        Unreadable: the data is anything else.
    """
    return _unpacked(_OUTCOMES, blob)


def pack_challenged(challenged: Sequence[Challenged]) -> bytes:
    """What challengers predicted, compressed."""
    return _packed(challenged)


def unpack_challenged(blob: bytes) -> list[Challenged]:
    """Unpack the result of `pack_challenged`.

    Raises:
        Unreadable: the data is anything else.
    """
    return _unpacked(_CHALLENGED, blob)


def _packed(found: Sequence[object]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(found), 3)


def _unpacked(form: Form[T], blob: bytes) -> T:
    try:
        return form.msgpack(zlib.decompress(blob))
    except (zlib.error, msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"outcomes cannot be read: {error}") from error
