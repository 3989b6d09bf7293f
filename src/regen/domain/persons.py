"""The person behind a call: `verified:` and an account that the platform has checked, or `claimed:` and what the caller says."""

from __future__ import annotations

from regen.domain.errors import InvalidInput
from regen.domain.texts import checked_text, visible

HEADER = "X-Regen-On-Behalf-Of"
VERIFIED, CLAIMED = "verified", "claimed"
MAX_PERSON = 200


def verified(account: str) -> str:
    """The person whom the platform has identified."""
    return f"{VERIFIED}:{account}"


def claimed(text: str) -> str:
    """The person whom a caller names; nothing proves it.

    Raises:
        InvalidInput: the text is empty, too long, or cannot be shown on one line as it is.
    """
    name = text.strip()
    checked_text(name, HEADER)
    if not is_shown(name):
        raise InvalidInput(HEADER, f"a name of 1 to {MAX_PERSON} characters, all of them visible")
    return f"{CLAIMED}:{name}"


def is_shown(name: str) -> bool:
    """Return whether a name can be shown on one line as it is."""
    return 0 < len(name) <= MAX_PERSON and visible(name) == name


def in_words(on_behalf_of: str) -> str:
    """`ann@example.com (verified)`, for people."""
    proof, _, name = on_behalf_of.partition(":")
    return f"{name} ({proof})" if name else on_behalf_of


def asked_by(caller: str, on_behalf_of: str | None) -> str:
    """The caller, and the person if one is known: `api_key:ops for ann@laptop (claimed)`."""
    return f"{caller} for {in_words(on_behalf_of)}" if on_behalf_of else caller
