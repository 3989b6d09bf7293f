"""What a key or a token, and an HTTP address, may consist of: for the settings of the functions and for the command line.

None of these sentences quotes what was given: it may be a secret, or have one in it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

#: What stands in a header and in an address as it is: ASCII without blanks and control characters.
_CHARACTER = "[!-~]"
PLAIN = re.compile(f"{_CHARACTER}+")
#: A key that callers send.
KEY = re.compile(f"{_CHARACTER}{{16,500}}")
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_MAX_HOST = 253
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_plain(text: str) -> bool:
    """Whether a header can carry a key or a token as it is."""
    return PLAIN.fullmatch(text) is not None


def address_fault(text: str) -> str | None:
    """What keeps a text from being an HTTP address, as the end of a sentence; None if nothing does."""
    if not is_plain(text):
        return "has characters that no address has"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "has a host or a port that cannot be read"
    faults = {
        "does not begin with http:// or https://": parts.scheme not in {"http", "https"},
        "has no host": not host,
        "has a user in it": "@" in parts.netloc,
        "has a host that is no name": ":" not in (host or "") and not _is_name(host or ""),
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def _is_name(host: str) -> bool:
    return len(host) <= _MAX_HOST and _HOST.fullmatch(host) is not None


def on_loopback(address: str | None) -> bool:
    """Whether an address is of this machine; one that cannot be read is not."""
    try:
        return urlsplit(address or "").hostname in _LOOPBACK
    except ValueError:
        return False
