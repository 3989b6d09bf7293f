"""functions-framework and its server: what they would answer before a function is asked, so that regen answers instead.

The framework answers `/robots.txt`, `/favicon.ico` and paths with a line end by itself: with a page instead of a problem, and after
it has read whatever body the caller sends, of any size and with no limit of time. Its server, gunicorn, drops the header
`Connection: close` of an answer and says `keep-alive`: a proxy that believes it sends the next request into a closed connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import flask

from regen.web.connection import HANGS_UP

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
