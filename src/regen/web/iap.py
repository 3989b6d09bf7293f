"""Who stands before Identity-Aware Proxy: its assertion, checked by algorithm, signature, issuer, audience and time.

https://cloud.google.com/iap/docs/signed-headers-howto
"""

from __future__ import annotations

from regen.domain import persons
from regen.domain.texts import visible
from regen.web.tokens import TOKEN, Certificates, Unauthenticated, ahead, segment, verified

HEADER = "X-Goog-IAP-JWT-Assertion"
FORWARDED = "X-Regen-IAP-Assertion"
"""Carries the assertion on from the console. Not under its first name: Google's front end takes `x-goog-` headers away."""
ISSUER = "https://cloud.google.com/iap"
ALGORITHM = "ES256"


class Assertions:
    """Checks the assertions of one service behind Identity-Aware Proxy."""

    def __init__(self, audience: str, certs_url: str) -> None:
        """Without an audience there is no such service, and no assertion holds.

        Args:
            audience: `/projects/NUMBER/locations/REGION/services/NAME`.
            certs_url: where Identity-Aware Proxy has its public keys.
        """
        self._audience = audience
        self._certs = Certificates(certs_url)

    def email(self, assertion: str) -> str:
        """The address of the person whom Identity-Aware Proxy has let in, in lower case.

        Raises:
            Unauthenticated: the assertion proves none.
            Unavailable: the public keys cannot be read.
        """
        if not self._audience:
            raise Unauthenticated("no console is known here")
        if not TOKEN.fullmatch(assertion) or segment(assertion, 0).get("alg") != ALGORITHM:
            raise Unauthenticated("the assertion is not one of Identity-Aware Proxy")
        claims = verified(assertion, self._certs)
        if claims.get("iss") != ISSUER or claims.get("aud") != self._audience:
            raise Unauthenticated("the assertion has another issuer, or is meant for another service")
        expiry = claims.get("exp")
        if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not ahead(expiry):
            raise Unauthenticated("the assertion has expired: load the page anew")
        email = claims.get("email")
        if not isinstance(email, str) or not 0 < len(email) <= persons.MAX_PERSON or visible(email) != email:
            raise Unauthenticated("the assertion names no address")
        return email.lower()
