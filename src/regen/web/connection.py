"""The connection of a request: how long its caller may take, and its end.

The server reads a body with no limit of time, and after an early answer it would read on, to use the connection again. Both
hold one of few threads for as long as the caller likes. Closing the reading half of the socket ends each of them at once.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from flask import Request, Response

log = logging.getLogger(__name__)
BODY_SECONDS = 10.0
"""How long a body may take to arrive, all in all: of the platform's own callers the largest takes a second."""
HANGS_UP = "regen.hangs_up"
"""Says in the environment of a request that the connection ends with its answer."""
_SERVERS = ("gunicorn.socket", "werkzeug.socket")


class Late:
    """Whether a caller's time is used up."""

    is_over = False


@contextmanager
def time_limit(request: Request, seconds: float) -> Iterator[Late]:
    """Whatever is read in between ends, as if the caller had gone, when the time is over."""
    late = Late()
    connection = _socket(request.environ)

    def end() -> None:
        late.is_over = True
        if connection:
            _shut(connection, socket.SHUT_RD)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def has_body(request: Request) -> bool:
    """Whether the caller has announced a body."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def hang_up(request: Request, response: Response) -> None:
    """End the connection as soon as the answer is written, whatever the caller goes on to send."""
    response.headers["Connection"] = "close"
    request.environ[HANGS_UP] = True
    connection = _socket(request.environ)
    if connection:
        _shut(connection, socket.SHUT_RD)
        response.call_on_close(lambda: _shut(connection, socket.SHUT_RDWR))


def _socket(environ: Mapping[str, Any]) -> socket.socket | None:
    found = next((environ[name] for name in _SERVERS if name in environ), None)
    return found if isinstance(found, socket.socket) else None


def _shut(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # the caller has gone
        connection.shutdown(how)
