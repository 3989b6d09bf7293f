"""A model of Cloud Run before a private service: it checks one header, strips its signature, and passes the request on.

https://cloud.google.com/run/docs/authenticating/service-to-service: if both headers are there, only
`X-Serverless-Authorization` is checked. The signature of the token that was checked is replaced by a fixed text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.auth import jwt

from regen.web.callers import REMOVED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FIRST, SECOND = "HTTP_X_SERVERLESS_AUTHORIZATION", "HTTP_AUTHORIZATION"


@dataclass(frozen=True)
class CloudRunFront:
    """The platform's front of one service.

    Attributes:
        app: the service.
        invokers: the accounts that IAM admits; None admits all callers (`allUsers`) and leaves tokens unchecked.
        certs: the issuer's certificates.
        lenient: whether it ignores a first header without a bearer token; Google's pages leave that open.
    """

    app: WSGIApplication
    invokers: Collection[str] | None
    certs: Mapping[str, str]
    lenient: bool = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.invokers is None:
            return self.app(environ, start_response)
        name = FIRST if FIRST in environ else SECOND
        if self.lenient and name == FIRST and not self._account(environ[FIRST]):
            name = SECOND
        account = self._account(str(environ.get(name, "")))
        if account not in self.invokers:
            status = "403 Forbidden" if account else "401 Unauthorized"
            start_response(status, [("Content-Type", "text/html"), ("X-Front", "refused")])
            return [b""]
        token = str(environ[name])
        stripped = {name: f"{token.rpartition('.')[0]}.{REMOVED}"}
        return self.app({**environ, **stripped}, start_response)

    def _account(self, header: str) -> str | None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims: Mapping[str, Any] = jwt.decode(token, certs=dict(self.certs))  # type: ignore[no-untyped-call]
        except ValueError:
            return None
        return str(claims["email"])
