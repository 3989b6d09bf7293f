"""Who calls: API keys and OIDC tokens. Checked before the body is read (P11)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
import math
import re
import threading
import time
import urllib.request
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from regen.domain import persons
from regen.domain.errors import InvalidInput, RegenError, Unavailable
from regen.domain.json_texts import read_json
from regen.web.settings import GOOGLE_ISSUER, SIGNATURE, Settings

log = logging.getLogger(__name__)
CERTS_SECONDS = 3600.0
CERTS_PAUSE_SECONDS = 10.0
LEEWAY_SECONDS = 30
CHECKED_FIRST = "X-Serverless-Authorization"
"""If it is there, Cloud Run checks it alone and passes `Authorization` on as the caller wrote it.

https://cloud.google.com/run/docs/authenticating/service-to-service
"""
SERVICE_ACCOUNT = ".gserviceaccount.com"
"""Ends the account of a program; a person may stand behind it."""
GOOGLE_ISSUERS = (GOOGLE_ISSUER, "accounts.google.com")
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run leaves in place of a signature that it has checked."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OWN_ADDRESS = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*\.run\.app(/.*)?")


class Unauthenticated(RegenError):
    """The caller gave no identity, or did not prove it."""


class Forbidden(RegenError):
    """The caller is known, and may not do this."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the audit names it: `api_key:<id>`, `pubsub:<account>`, `scheduler:<account>`.

    Attributes:
        on_behalf_of: the person behind it, if one is known (`regen.domain.persons`).
    """

    name: str
    on_behalf_of: str | None = None


class Gatekeeper:
    """Checks callers by route."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._certs = _Certificates(settings.oidc_certs_url)

    def by_key(self, headers: Mapping[str, str]) -> Caller:
        """A caller with an API key.

        Raises:
            Unauthenticated: no key, or a wrong one.
        """
        given = headers.get("X-API-Key", "")
        found = None
        for key_id, key in self._settings.api_keys.items():
            # Every key is compared, in constant time: the answer's delay tells nothing.
            if hmac.compare_digest(given.encode(), str.encode(key)):
                found = key_id
        if found is None:
            raise Unauthenticated("a valid X-API-Key header is required")
        return Caller(f"api_key:{found}", self._person(headers))

    def _person(self, headers: Mapping[str, str]) -> str | None:
        """Who uses the key: the account that Cloud Run has let in, else the person whom the caller names.

        Raises:
            InvalidInput: the name is not one.
        """
        account = self._let_in(headers)
        if account and not account.endswith(SERVICE_ACCOUNT):
            return persons.verified(account)
        given = headers.get(persons.HEADER)
        if given is not None:
            return persons.claimed(_utf8(given))
        return persons.verified(account) if account else None

    def _let_in(self, headers: Mapping[str, str]) -> str | None:
        """The account of a token whose signature the platform has checked and taken away; None without one."""
        if self._settings.token_check == SIGNATURE:
            return None
        try:
            token = _checked_token(headers)
            claims = _segment(token, 1) if _is_stripped(token) else {}
        except Unauthenticated:
            return None
        account = claims.get("email")
        proven = claims.get("email_verified") is True and claims.get("iss") in GOOGLE_ISSUERS
        return account if proven and isinstance(account, str) and 0 < len(account) <= persons.MAX_PERSON else None

    def by_push(self, headers: Mapping[str, str]) -> Caller:
        """A push of Pub/Sub or an event of Eventarc."""
        return Caller(f"pubsub:{self._account(headers, self._settings.push_accounts)}")

    def by_scheduler(self, headers: Mapping[str, str]) -> Caller:
        """A job of Cloud Scheduler."""
        return Caller(f"scheduler:{self._account(headers, self._settings.scheduler_accounts)}")

    def by_key_or_push(self, headers: Mapping[str, str]) -> Caller:
        """A key, or else a push: where no Pub/Sub is at hand, an operator posts the envelope himself."""
        return self.by_key(headers) if "X-API-Key" in headers else self.by_push(headers)

    def by_key_or_scheduler(self, headers: Mapping[str, str]) -> Caller:
        """A key, or else the scheduler."""
        return self.by_key(headers) if "X-API-Key" in headers else self.by_scheduler(headers)

    def _account(self, headers: Mapping[str, str], accounts: Collection[str]) -> str:
        token = _checked_token(headers)
        # Claims go unverified only where the platform says that it has verified them; any other token is verified here.
        stripped = self._settings.token_check != SIGNATURE and _is_stripped(token)
        claims = _segment(token, 1) if stripped else self._verified(token)
        ours = self._settings.oidc_issuer
        if claims.get("iss") not in (GOOGLE_ISSUERS if ours == GOOGLE_ISSUER else (ours,)):
            raise Unauthenticated("the token has another issuer")
        if not self._meant_for_us(claims.get("aud")):
            raise Unauthenticated("the token is meant for another audience")
        expiry = claims.get("exp")
        if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not _ahead(expiry):
            raise Unauthenticated("the token has expired")
        if claims.get("email_verified") is not True:
            raise Unauthenticated("the token's account is not verified")
        account = claims.get("email")
        if not isinstance(account, str) or account not in accounts:
            raise Forbidden("the token's account may not call this route")
        return account

    def _meant_for_us(self, audience: object) -> bool:
        """Whether it is our audience.

        Eventarc signs for the service's own address, which is not known before the service exists. Where the platform
        has verified the token, it has verified that, too; the account says the rest.
        """
        if audience == self._settings.oidc_audience:
            return True
        return (
            self._settings.token_check != SIGNATURE
            and isinstance(audience, str)
            and _OWN_ADDRESS.fullmatch(audience) is not None
        )

    def _verified(self, token: str) -> Mapping[str, Any]:
        # Imported here: a fifth of a cold start, and nothing where Cloud Run has checked the signature.
        from google.auth import exceptions as auth_errors  # noqa: PLC0415
        from google.auth import jwt  # noqa: PLC0415

        try:
            claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
                token, certs=self._certs.for_token(token), clock_skew_in_seconds=LEEWAY_SECONDS
            )
        except (ValueError, TypeError, RecursionError, auth_errors.GoogleAuthError):
            # Without its cause: what Google's library says of a token quotes it.
            raise Unauthenticated("the token's signature does not hold") from None
        return claims


def _utf8(header: str) -> str:
    """A header's text; WSGI has its bytes as Latin-1 (PEP 3333), and callers write UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        raise InvalidInput(persons.HEADER, "a name in UTF-8") from None


def _ahead(expiry: float) -> bool:
    """Whether a moment has not passed; one that is no number never comes."""
    return math.isfinite(expiry) and expiry + LEEWAY_SECONDS >= time.time()


class _Certificates:
    """The issuer's certificates by key id, fetched when first needed and when an unknown key turns up.

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
        key_id = _segment(token, 0).get("kid")
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


def _checked_token(headers: Mapping[str, str]) -> str:
    """The token of the header that the platform has checked.

    The other header is worth nothing: any text may stand there.

    Raises:
        Unauthenticated: there is no token; or both headers came without a signature, of which the platform removes one.
    """
    first, second = headers.get(CHECKED_FIRST), headers.get("Authorization", "")
    if first is None:
        return _bearer(second)
    token = _bearer(first)
    if _is_stripped(token) and REMOVED in second:
        raise Unauthenticated("two tokens have lost their signature: which of them was checked is not known")
    return token


def _bearer(header: str) -> str:
    """The one token of a header; headers sent twice come joined by a comma, and are none."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("an OIDC bearer token is required")
    if not _TOKEN.fullmatch(token):
        raise Unauthenticated("the token is malformed")
    return token


def _is_stripped(token: str) -> bool:
    return token.rpartition(".")[2] == REMOVED


def _segment(token: str, index: int) -> Mapping[str, Any]:
    part = token.split(".")[index]
    try:
        decoded = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        raise Unauthenticated("the token is malformed") from None
    if not isinstance(decoded, dict):
        raise Unauthenticated("the token is malformed")
    return decoded
