"""Reading what comes in: bodies of bounded size, JSON of bounded depth, ids that can be a document's."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Request
from werkzeug.exceptions import HTTPException

from regen.domain.errors import InvalidInput, RegenError

MAX_BODY_BYTES = 1024 * 1024
MAX_DRAINED_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
_PART = 64 * 1024
_DOCUMENT_ID = re.compile(r"(?!__)[A-Za-z0-9_-]{1,200}")


class BodyTooLarge(RegenError):
    """The body is longer than any valid one."""


def read_body(request: Request) -> bytes:
    """The body, whether its length was announced or not.

    Raises:
        BodyTooLarge: it has more than 1 MiB; no more than that was read.
        InvalidInput: it ended before its announced length.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge("the body has more than 1 MiB")
    parts: list[bytes] = []
    left = MAX_BODY_BYTES + 1
    try:
        while left and (part := request.stream.read(min(left, _PART))):
            parts.append(part)
            left -= len(part)
    except (HTTPException, OSError) as error:
        raise InvalidInput("body", "as many bytes as were announced") from error
    if not left:
        raise BodyTooLarge("the body has more than 1 MiB")
    return b"".join(parts)


def drain(request: Request) -> None:
    """Read away, without keeping it, what nobody read, so that the caller gets to read the answer.

    The framework would do it, too, but of any size, into memory, and with an error of its own if it cannot.
    """
    left = MAX_DRAINED_BYTES
    try:
        while left > 0 and (part := request.stream.read(_PART)):
            left -= len(part)
    except (HTTPException, OSError):
        pass  # the caller has gone
    request.stream = io.BytesIO()


def json_object(data: bytes, field: str, expected: str = "a JSON object") -> dict[str, Any]:
    """A JSON object of bounded depth, whose texts and numbers can be written down again.

    Raises:
        InvalidInput: it is anything else.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(field, expected) from error
    if not isinstance(value, dict):
        raise InvalidInput(field, expected)
    _check(value, field)
    return value


def _check(value: object, field: str) -> None:
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            if not one.isascii():
                _check_text(one, field)
        elif isinstance(one, int):
            if not -(2**63) <= one < 2**63:
                raise InvalidInput(field, "whole numbers of at most 64 bits")
        elif isinstance(one, dict | list):
            if depth > MAX_DEPTH:
                raise InvalidInput(field, f"at most {MAX_DEPTH} levels")
            waiting.extend((inner, depth + 1) for inner in one)
            if isinstance(one, dict):
                waiting.extend((inner, depth + 1) for inner in one.values())


def _check_text(text: str, field: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(field, "text without lone surrogates") from error


def is_document_id(value: object) -> bool:
    """Whether this can be the id of a document of ours."""
    return isinstance(value, str) and _DOCUMENT_ID.fullmatch(value) is not None


def document_id(data: Mapping[str, Any], field: str) -> str:
    """The id that a message names.

    Raises:
        InvalidInput: it names none that could be ours.
    """
    value = data.get(field)
    if not isinstance(value, str) or not is_document_id(value):
        raise InvalidInput(field, "the id of a document")
    return value
