"""Who asks the coordinator: the console's own account, for the person of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

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
