"""Who may look, and which form may act: the session, the headers of a browser, the token of a form, the policy of a page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Protocol
from urllib.parse import parse_qs

from msgspec import Struct
from starlette.datastructures import Headers

from regen.client.errors import OperatorError

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: `same-origin`, not `no-referrer`: with that one, browsers send `Origin: null` with a form.
HEADERS = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
SAFE = frozenset({"GET", "HEAD"})


class Denied(OperatorError):
    """A request that is not let in.

    Attributes:
        status: the HTTP status of the answer.
        next: what the person at the browser can do.
    """

    def __init__(self, status: int, why: str, next_: str = "") -> None:
        super().__init__(why)
        self.status, self.next = status, next_


class Person(Struct, frozen=True):
    """Who looks.

    Attributes:
        name: for the audit and the page.
        secret: binds the tokens of forms to this session.
        may_act: whether orders are taken from this person.
    """

    name: str
    secret: str
    may_act: bool = True


class Gate(Protocol):
    """Says who calls."""

    def admit(self, headers: Headers, query: str) -> Person | str:
        """The person, or the value of a cookie to set first.

        Raises:
            Denied: the caller is not let in.
        """
        ...

    @property
    def hosts(self) -> Collection[str]:
        """The values of the `Host` header that are ours, in lower case."""
        ...


@dataclass
class LinkGate:
    """The gate on loopback: the printed link is good for one browser, which then has a cookie.

    Attributes:
        port: the cookie is named after it, because cookies of 127.0.0.1 go to all ports.
        person: the operator's name on this machine.
    """

    port: int
    person: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _used: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"regen_console_{self.port}"

    @property
    def link(self) -> str:
        """What is printed."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> Collection[str]:
        """Loopback by its two names: any other host that leads here is a rebound name."""
        return {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    def admit(self, headers: Headers, query: str) -> Person | str:
        """The operator by the cookie; or, once, the cookie for the link's token.

        Raises:
            Denied: neither is right.
        """
        if hmac.compare_digest(cookie(headers, self.cookie).encode(), self._session.encode()):
            return Person(self.person, self._session)
        given = parse_qs(query).get("token", [""])[0]
        if not given:
            raise Denied(403, "this browser has no session", "open the link that `regen console` printed")
        with self._lock:
            is_right = hmac.compare_digest(given.encode(), self.token.encode())
            if not is_right or self._used:
                why = "the link was used before" if is_right else "the link's token is not this console's"
                raise Denied(403, why, "start `regen console` again: each start prints a link that is good once")
            self._used = True
        return f"{self.cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/"


def cookie(headers: Headers, name: str) -> str:
    """The value of a cookie, empty if it is not there."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def check_host(headers: Headers, hosts: Collection[str]) -> None:
    """Refuse a name that merely leads here (DNS rebinding).

    Raises:
        Denied: the `Host` header is none of ours, or there are two.
    """
    given = headers.getlist("host")
    if len(given) != 1 or given[0].lower() not in hosts:
        raise Denied(421, "this address is not the console's", f"open http://{min(hosts)}")


def check_origin(method: str, headers: Headers, hosts: Collection[str], scheme: str) -> None:
    """Refuse what another site had the browser send.

    Raises:
        Denied: a POST that is not from one of our pages, or another site's request that is no plain navigation.
    """
    site, mode, origin = (headers.get(name) for name in ("sec-fetch-site", "sec-fetch-mode", "origin"))
    if method in SAFE:
        if site in {"cross-site", "same-site"} and mode != "navigate":
            raise Denied(403, "another site asked for this page", "open it by its own address")
        return
    own = {f"{scheme}://{host}" for host in hosts}
    if origin is None and site is None:
        raise Denied(403, "the request does not say where it comes from", "send the form from the console's page")
    if (origin is not None and origin.lower() not in own) or (site is not None and site != "same-origin"):
        raise Denied(403, "the request comes from another site", "send the form from the console's page")


def form_token(person: Person, path: str, key: str) -> str:
    """The token of one form: of this session, this act, and this idempotency key."""
    return hmac.new(person.secret.encode(), f"{path}\n{key}".encode(), hashlib.sha256).hexdigest()


def check_form(person: Person, path: str, key: str, token: str) -> None:
    """Refuse a form that the console did not make for this session.

    Raises:
        Denied: the token is missing or of another form.
    """
    if not key or not hmac.compare_digest(form_token(person, path, key).encode(), token.encode()):
        raise Denied(403, "the form is not one that this console made for this session", "go back, and load it anew")
