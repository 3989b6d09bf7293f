"""The gate of a console behind Identity-Aware Proxy."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.datastructures import Headers

from regen.console.security import Denied, Person, cookie
from regen.domain.errors import Unavailable
from regen.web.iap import HEADER, Assertions
from regen.web.tokens import Unauthenticated

COOKIE = "__Host-regen_console"
"""The prefix lets no other host, and no page without encryption, set it."""
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")


class IapGate(Struct, frozen=True, dict=True):
    """Lets in whom Identity-Aware Proxy has let in, and says who may act.

    The session is the browser's own: what binds a form to it is in a cookie that no script reads, together with the person's
    address. So an instance that starts anew, or a second one, takes the forms of the first.

    Attributes:
        url: the console's address, the only one that it answers at.
        operators: addresses in lower case of those who may give orders.
    """

    url: str
    assertions: Assertions
    operators: Collection[str]

    @property
    def hosts(self) -> Collection[str]:
        """The host of the address."""
        return {urlsplit(self.url).netloc.lower()}

    def admit(self, headers: Headers, query: str) -> Person | str:
        """The person of the assertion; or first the cookie of a browser that has none.

        Raises:
            Denied: there is no assertion that holds.
        """
        given = headers.getlist(HEADER)
        try:
            if len(given) != 1:
                raise Unauthenticated("Identity-Aware Proxy has not let this request in")
            email = self.assertions.email(given[0])
        except Unauthenticated as error:
            raise Denied(401, str(error), f"open {self.url}") from error
        except Unavailable as error:
            raise Denied(503, str(error), "load the page again in some seconds") from error
        session = cookie(headers, COOKIE)
        if not _SESSION.fullmatch(session):
            # Not `Strict`: the link of an alert is followed from another site, and its redirect would find no cookie for ever.
            return f"{COOKIE}={secrets.token_urlsafe(32)}; Secure; HttpOnly; SameSite=Lax; Path=/"
        return Person(email, f"{session}\n{email}", may_act=email in self.operators)
