"""Signed tokens: the keys of their issuer, the signature, the claims, the time."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import math
import re
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from regen.domain.errors import RegenError, Unavailable
from regen.domain.json_texts import read_json

log = logging.getLogger(__name__)
CERTS_SECONDS = 3600.0
CERTS_PAUSE_SECONDS = 10.0
LEEWAY_SECONDS = 30
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Unauthenticated(RegenError):
    """The caller gave no identity, or did not prove it."""


def verified(token: str, certs: Certificates) -> Mapping[str, Any]:
    """The claims of a token whose signature holds; who calls this checks what they say.

    Raises:
        Unauthenticated: it does not hold.
        Unavailable: the issuer's keys cannot be read.
    """
    # Imported here: a fifth of a cold start, and nothing where Cloud Run has checked the signature.
    from google.auth import exceptions as auth_errors  # noqa: PLC0415
    from google.auth import jwt  # noqa: PLC0415

    try:
        claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
            token, certs=certs.for_token(token), clock_skew_in_seconds=LEEWAY_SECONDS
        )
    except (ValueError, TypeError, AttributeError, RecursionError, auth_errors.GoogleAuthError):
        # Without its cause: what Google's library says of a token quotes it.
        raise Unauthenticated("the token's signature does not hold") from None
    return claims


def ahead(expiry: float) -> bool:
    """Whether a moment has not passed; one that is no number never comes."""
    return math.isfinite(expiry) and expiry + LEEWAY_SECONDS >= time.time()


class Certificates:
    """An issuer's certificates by key id, fetched when first needed and when an unknown key turns up.

    They are asked for at most every few seconds, whatever the caller and the key; those at hand serve while the issuer
    does not answer.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._certs: dict[str, str] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")

    def for_token(self, token: str) -> dict[str, str]:
        """The certificates to check a token with.

        Raises:
            Unavailable: none are at hand, and the issuer does not give any.
        """
        key_id = segment(token, 0).get("kid")
        known = isinstance(key_id, str) and key_id in self._certs
        with self._lock:
            now = time.monotonic()
            pause = CERTS_PAUSE_SECONDS if self._certs else 1.0
            if now - self._tried > pause and (not known or now - self._fetched > CERTS_SECONDS):
                self._tried = now
                self._refresh()
            if not self._certs:
                raise Unavailable("the token issuer's certificates cannot be read").of("the token issuer")
            return dict(self._certs)

    def _refresh(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=10) as response:  # noqa: S310 - the URL is a setting
                certs = json.load(response)
            self._certs = {str(k): str(v) for k, v in certs.items()}
        except (OSError, ValueError, AttributeError) as error:
            log.warning("the token issuer's certificates cannot be read: %s", type(error).__name__)
        else:
            self._fetched = time.monotonic()


def segment(token: str, index: int) -> Mapping[str, Any]:
    """What a part of a token says, unverified: its header (0) or its claims (1).

    Raises:
        Unauthenticated: it is no JSON object.
    """
    part = token.split(".")[index]
    try:
        decoded = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        raise Unauthenticated("the token is malformed") from None
    if not isinstance(decoded, dict):
        raise Unauthenticated("the token is malformed")
    return decoded
