"""Reading what comes in: bodies of bounded size, JSON of bounded depth, ids that can be a document's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Request
from msgspec import Struct

from regen.domain.errors import InvalidInput, RegenError
from regen.domain.json_texts import KeyTwice, read_json
from regen.domain.texts import checked_text, is_int64, storable
from regen.web.connection import BODY_SECONDS, time_limit

MAX_BODY_BYTES = 1024 * 1024
MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""Cloud Run's own limit; a push has at most 10 MB of data, which its envelope makes a third longer."""
MAX_DRAINED_BYTES = 8 * 1024 * 1024
KEPT_BYTES = 100_000
MAX_DEPTH = 64
_PART = 64 * 1024
_TAIL = 4 * 1024
_MESSAGE_ID = re.compile(rb'"message_?[iI]d"\s*:\s*"([A-Za-z0-9_-]{1,200})"')


class BodyTooLarge(RegenError):
    """The body is longer than any valid one."""


class BodyTooSlow(RegenError):
    """The body did not arrive in time; it may when it is sent again."""


class PushBody(Struct, frozen=True):
    """The body of a push, which is acknowledged whatever it holds.

    Attributes:
        kept: the body, or the beginning of one that is longer than any valid one.
        size: the bytes that it had.
        message_id: of one that was cut, if it could be found.
    """

    kept: bytes
    size: int
    message_id: str | None = None

    def whole(self) -> bytes:
        """The body.

        Raises:
            InvalidInput: it was too long to be kept.
        """
        if self.size > len(self.kept):
            raise InvalidInput("body", f"at most {MAX_BODY_BYTES} bytes, not {self.size}")
        return self.kept


def read_body(request: Request) -> bytes:
    """The body, whether its length was announced or not.

    Raises:
        BodyTooLarge: it has more than 1 MiB; no more than that was read.
        BodyTooSlow: it took longer than a body may.
        InvalidInput: it ended before its announced length.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge("the body has more than 1 MiB")
    body = b"".join(_parts(request, MAX_BODY_BYTES + 1))
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge("the body has more than 1 MiB")
    return body


def read_push(request: Request) -> PushBody:
    """The body of a push; of one of more than 1 MiB the beginning, the rest being read and forgotten piece by piece.

    Raises:
        BodyTooLarge: it has more than Pub/Sub sends.
        BodyTooSlow: it took longer than a body may.
        InvalidInput: it ended before its announced length.
    """
    if (request.content_length or 0) > MAX_REQUEST_BYTES:
        raise BodyTooLarge("the body has more than 32 MiB")
    kept, tail, size = bytearray(), b"", 0
    for part in _parts(request, MAX_REQUEST_BYTES + 1):
        size += len(part)
        if size <= MAX_BODY_BYTES:
            kept += part
        else:
            kept += part[: max(0, KEPT_BYTES - len(kept))]
            del kept[KEPT_BYTES:]
        tail = (tail + part)[-_TAIL:]
    if size > MAX_REQUEST_BYTES:
        raise BodyTooLarge("the body has more than 32 MiB")
    if size <= MAX_BODY_BYTES:
        return PushBody(bytes(kept), size)
    found = _MESSAGE_ID.search(tail) or _MESSAGE_ID.search(kept[:_TAIL])
    return PushBody(bytes(kept), size, found[1].decode() if found else None)


def drain(request: Request) -> bool:
    """Read away, without keeping it, what was left unread, so that the caller gets to read the answer.

    Returns:
        Whether nothing is left.
    """
    if getattr(request.stream, "is_exhausted", False):
        return True
    left = MAX_DRAINED_BYTES
    try:
        for part in _parts(request, left):
            left -= len(part)
    except RegenError:
        return False
    return left > 0


def _parts(request: Request, limit: int) -> Iterator[bytes]:
    """The body piece by piece, no more of it than the limit, within the time that a body may take."""
    left = limit
    with time_limit(request, BODY_SECONDS) as late:
        try:
            while left > 0 and (part := request.stream.read(min(left, _PART))):
                left -= len(part)
                yield part
        except Exception as error:
            # Each server has errors of its own for a body that breaks off, or is not framed as it should be.
            if not late.is_over:
                raise InvalidInput("body", "as many bytes as were announced") from error
        if late.is_over:
            raise BodyTooSlow(f"the body did not arrive within {BODY_SECONDS:g} s")


def json_object(data: bytes, field: str, expected: str = "a JSON object") -> dict[str, Any]:
    """A JSON object of bounded depth, each key once, whose texts and numbers can be written down again.

    Raises:
        InvalidInput: it is anything else.
    """
    try:
        value = read_json(data)
    except KeyTwice as error:
        prefix = "" if field == "body" else f"{field}."
        raise InvalidInput(storable(prefix + error.path[0])[:100], f"each key once: {storable(str(error))}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(field, expected) from error
    if not isinstance(value, dict):
        raise InvalidInput(field, expected)
    _check(value, field)
    return value


def _check(value: Mapping[str, Any], field: str) -> None:
    """Refuse what the tables cannot hold, at any depth, keys included; the error names the field of the object."""
    prefix = "" if field == "body" else f"{field}."
    waiting: list[tuple[object, int, str]] = []
    for name, inner in value.items():
        checked_text(name, field)
        waiting.append((inner, 2, f"{prefix}{name[:100]}"))
    while waiting:
        one, depth, where = waiting.pop()
        if not isinstance(one, dict | list):
            _check_scalar(one, where)
        else:
            if depth > MAX_DEPTH:
                raise InvalidInput(where, f"at most {MAX_DEPTH} levels")
            waiting.extend((inner, depth + 1, where) for inner in one)
            if isinstance(one, dict):
                waiting.extend((inner, depth + 1, where) for inner in one.values())


def _check_scalar(value: object, where: str) -> None:
    if isinstance(value, str):
        checked_text(value, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(where, "finite numbers")
    elif isinstance(value, int) and not is_int64(value):
        raise InvalidInput(where, "whole numbers of at most 64 bits")
