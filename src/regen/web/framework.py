"""functions-framework and its server: what they would answer before a function is asked, so that regen answers instead.

The framework answers `/robots.txt`, `/favicon.ico` and paths with a line end by itself: with a page instead of a problem, and after
it has read whatever body the caller sends, of any size and with no limit of time. Its server, gunicorn, drops the header
`Connection: close` of an answer and says `keep-alive`: a proxy that believes it sends the next request into a closed connection.
It reads the head of a request in one of its few threads, before any code of ours runs, for as long as the caller likes, and
waits there as long for the answer to be read. When a connection ends, it waits two seconds for the caller to close its half,
in its one thread that accepts connections: one caller after the other, and nothing else is done.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import flask

from regen.web import connection
from regen.web.connection import HANGS_UP, Hurried, shut

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask.typing import ResponseReturnValue

FUNCTION = "run"
"""The framework's name of the route that asks the function."""


def answer_everything(answer: Callable[[flask.Request], ResponseReturnValue]) -> None:
    """Give every request to the function, whatever its path; call this where the framework loads the function.

    Args:
        answer: the function.
    """
    if flask.has_app_context():
        app = flask.current_app
        app.before_request(lambda: None if flask.request.endpoint == FUNCTION else answer(flask.request))
        app.wsgi_app = _Closing(app.wsgi_app)  # type: ignore[method-assign] # as Flask's documentation does
        _bound_the_server()


@cache
def _bound_the_server() -> None:
    """Have gunicorn spend bounded time on each connection, whichever of its workers is used; it has no settings for that.

    Its `timeout` is that of a whole process. Heads are read by this one class, and connections closed by this one function.
    """
    from gunicorn import util  # noqa: PLC0415 - a server in development does without it
    from gunicorn.http.parser import Parser  # noqa: PLC0415

    read, linger = Parser.__next__, util.close_graceful

    def read_in_time(parser: Parser) -> Any:  # noqa: ANN401 - gunicorn has no types
        unreader = parser.unreader
        whole = getattr(unreader, "sock", None)
        if whole is None:
            return read(parser)
        unreader.sock = Hurried(whole, connection.HEAD_SECONDS, connection.MAX_HEAD_BYTES)
        try:
            return read(parser)
        finally:
            unreader.sock = whole
            whole.settimeout(connection.ANSWER_SECONDS)

    def close(whole: socket.socket, *limits: float) -> None:
        shut(whole, socket.SHUT_RD)
        linger(whole, *limits)

    Parser.__next__ = read_in_time
    util.close_graceful = close


class _Closing:
    """The application, telling its server of the connections that end with their answer."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - WSGI's own types
            close = getattr(getattr(start_response, "__self__", None), "force_close", None)
            if close is not None and environ.get(HANGS_UP):
                close()
            return start_response(status, headers, *error)

        return self._app(environ, start)
