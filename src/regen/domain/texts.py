"""The characters that a text may have: one rule each for what callers send, what is stored, and what a terminal shows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from regen.domain.errors import InvalidInput

#: Control characters except tab and line ends, and lone surrogates: BigQuery's JSON and Firestore cannot hold all of them.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: Characters that move the cursor, end a line, hide text or reverse its direction.
_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def checked_text(text: str, field: str) -> str:
    """The text, unchanged, if it can be stored.

    Raises:
        InvalidInput: it holds a lone surrogate, or a control character other than tab and line end.
    """
    if (text.isascii() and text.isprintable()) or not _UNSTORABLE.search(text):
        return text
    raise InvalidInput(field, "text without control characters and lone surrogates")


def is_int64(value: int) -> bool:
    """Whether this is a whole number of at most 64 bits."""
    return -(2**63) <= value < 2**63


def storable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value as it can be stored: what cannot be is written out in hexadecimal; a number that no column holds becomes text."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(_written, value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not is_int64(value):
        return hex(value)
    if isinstance(value, Mapping):
        return {storable(k): storable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable(v) for v in value]
    return value


def visible(text: str, *, lines: bool = False) -> str:
    """The text in a form that is safe on a terminal: characters that it would obey or hide are escaped.

    Args:
        lines: keep line ends and tabs, because regen itself wrote them.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSHOWABLE.sub(lambda m: m[0] if lines and m[0] in "\n\t" else _written(m), text)


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
