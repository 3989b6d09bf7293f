"""Who asks the coordinator: the console's own account, for the person of the request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from regen.client.errors import Unreachable
from regen.web.iap import FORWARDED, HEADER

_ASSERTION: ContextVar[str] = ContextVar("assertion", default="")


def for_the_person(inner: ASGIApp) -> ASGIApp:
    """The console, what it asks while it answers a request being asked for the person of that request."""
    name = HEADER.lower().encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given = next((value for key, value in scope.get("headers", ()) if key == name), b"")
        _ASSERTION.set(given.decode("latin-1"))
        await inner(scope, receive, send)

    return app


def headers_of(token: Callable[[], str]) -> Callable[[], Mapping[str, str]]:
    """The headers of each call: the account's token, and the person's assertion, which the coordinator verifies itself."""
    return lambda: {"Authorization": f"Bearer {token()}", FORWARDED: _ASSERTION.get()}


@dataclass
class OwnToken:
    """The identity token of the account that the console runs as, made anew before it expires.

    Attributes:
        audience: what the coordinator takes for its own.
    """

    audience: str
    _credentials: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> str:
        """The token.

        Raises:
            Unreachable: the platform gives none.
        """
        # Imported at the first call: nothing that the start waits for.
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415
        from google.oauth2 import id_token  # noqa: PLC0415

        try:
            with self._lock:
                if self._credentials is None:
                    self._credentials = id_token.fetch_id_token_credentials(self.audience, Request())  # type: ignore[no-untyped-call]
                if not self._credentials.valid:
                    self._credentials.refresh(Request())
                return str(self._credentials.token)
        except (GoogleAuthError, OSError) as error:
            raise Unreachable(f"the platform gives the console no identity token: {error}") from error
