"""What a text may hold, by one rule for all that callers send, all that is stored, and all that a terminal shows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from regen.domain.errors import InvalidInput

#: Control characters but tab and line ends, and halves of surrogate pairs: BigQuery's JSON and documents do not hold them all.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: What moves the cursor, ends a line, hides text or turns its direction round.
_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def checked_text(text: str, field: str) -> str:
    """The text, if it can be stored.

    Raises:
        InvalidInput: it holds a control character (tab and line ends apart) or half a surrogate pair.
    """
    if (text.isascii() and text.isprintable()) or not _UNSTORABLE.search(text):
        return text
    raise InvalidInput(field, "text without control characters and lone surrogates")


def storable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value as it can be stored: what cannot be is written out in hexadecimal; a number that is none becomes text."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(_written, value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {storable(k): storable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable(v) for v in value]
    return value


def visible(text: str, *, lines: bool = False) -> str:
    """The text as a terminal may show it: what it would obey or hide is written out.

    Args:
        lines: line ends and tabs are ours, and stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSHOWABLE.sub(lambda m: m[0] if lines and m[0] in "\n\t" else _written(m), text)


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
