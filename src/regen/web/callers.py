"""Who calls: API keys and OIDC tokens. Checked before the body is read (P11)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping

from msgspec import Struct

from regen.domain import persons
from regen.domain.errors import InvalidInput, RegenError
from regen.web.iap import FORWARDED, Assertions
from regen.web.settings import GOOGLE_ISSUER, SIGNATURE, Settings
from regen.web.tokens import TOKEN, Certificates, Unauthenticated, ahead, segment, verified

CHECKED_FIRST = "X-Serverless-Authorization"
"""If it is there, Cloud Run checks it alone and passes `Authorization` on as the caller wrote it.

https://cloud.google.com/run/docs/authenticating/service-to-service
"""
SERVICE_ACCOUNT = ".gserviceaccount.com"
"""Ends the account of a program; a person may stand behind it."""
GOOGLE_ISSUERS = (GOOGLE_ISSUER, "accounts.google.com")
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run leaves in place of a signature that it has checked."""
_OWN_ADDRESS = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*\.run\.app(/.*)?")


class Forbidden(RegenError):
    """The caller is known, and may not do this."""


class Caller(Struct, frozen=True):
    """Who calls, as the audit names it: `api_key:<id>`, `console:<account>`, `pubsub:<account>`, `scheduler:<account>`,
    `refit:<account>`.

    Attributes:
        on_behalf_of: the person behind it, if one is known (`regen.domain.persons`).
        may_act: whether it may give orders; one that may not reads alone.
    """

    name: str
    on_behalf_of: str | None = None
    may_act: bool = True


class Gatekeeper:
    """Checks callers by route."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._certs = Certificates(settings.oidc_certs_url)
        self._assertions = Assertions(settings.iap_audience, settings.iap_certs_url)

    def by_key(self, headers: Mapping[str, str]) -> Caller:
        """A caller with an API key, or else the console for a person.

        Raises:
            Unauthenticated: no key, or a wrong one; of the console, no token or no assertion that holds.
            Forbidden: it is not the console that brings an assertion.
        """
        if FORWARDED in headers and "X-API-Key" not in headers:
            return self._by_console(headers)
        given = headers.get("X-API-Key", "")
        found = None
        for key_id, key in self._settings.api_keys.items():
            # Every key is compared, in constant time: the answer's delay tells nothing.
            if hmac.compare_digest(given.encode(), str.encode(key)):
                found = key_id
        if found is None:
            raise Unauthenticated("a valid X-API-Key header is required")
        return Caller(f"api_key:{found}", self._person(headers))

    def _by_console(self, headers: Mapping[str, str]) -> Caller:
        """The console's own account, with the assertion by which Identity-Aware Proxy names the person.

        Both are checked here: a console that is taken over has no more names than those of the people who use it, for the
        minutes that an assertion lasts; and an assertion without the console's token is worth nothing.
        """
        ours = self._settings.console_account
        account = self._account(headers, (ours,) if ours else ())
        email = self._assertions.email(headers[FORWARDED])
        return Caller(f"console:{account}", persons.verified(email), may_act=email in self._settings.console_operators)

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
            claims = segment(token, 1) if _is_stripped(token) else {}
        except Unauthenticated:
            return None
        account = claims.get("email")
        proven = claims.get("email_verified") is True and claims.get("iss") in GOOGLE_ISSUERS
        return account if proven and isinstance(account, str) and persons.is_shown(account) else None

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
        """A key, or else the console for a person, or else the scheduler."""
        by_person = "X-API-Key" in headers or FORWARDED in headers
        return self.by_key(headers) if by_person else self.by_scheduler(headers)

    def by_key_or_refit(self, headers: Mapping[str, str]) -> Caller:
        """A key, or else the console for a person, or else the job of the weekly refit, which may give orders if it is to."""
        ours = self._settings.refit_account
        if "X-API-Key" in headers or FORWARDED in headers or not ours:
            return self.by_key(headers)
        name = f"refit:{self._account(headers, (ours,))}"
        return Caller(name, may_act=self._settings.refit_uses == "true")

    def _account(self, headers: Mapping[str, str], accounts: Collection[str]) -> str:
        token = _checked_token(headers)
        # Claims go unverified only where the platform says that it has verified them; any other token is verified here.
        stripped = self._settings.token_check != SIGNATURE and _is_stripped(token)
        claims = segment(token, 1) if stripped else verified(token, self._certs)
        ours = self._settings.oidc_issuer
        if claims.get("iss") not in (GOOGLE_ISSUERS if ours == GOOGLE_ISSUER else (ours,)):
            raise Unauthenticated("the token has another issuer")
        if not self._meant_for_us(claims.get("aud")):
            raise Unauthenticated("the token is meant for another audience")
        expiry = claims.get("exp")
        if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not ahead(expiry):
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


def _utf8(header: str) -> str:
    """A header's text; WSGI has its bytes as Latin-1 (PEP 3333), and callers write UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        raise InvalidInput(persons.HEADER, "a name in UTF-8") from None


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
    if not TOKEN.fullmatch(token):
        raise Unauthenticated("the token is malformed")
    return token


def _is_stripped(token: str) -> bool:
    return token.rpartition(".")[2] == REMOVED
