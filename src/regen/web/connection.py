"""The connection of a request: how long its caller may take, and its end.

The server reads a head and a body with no limit of time, and after an early answer it would read on, to use the connection
again. Each holds one of few threads for as long as the caller likes. Closing the socket, or its reading half, ends them at once.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from flask import Request, Response

log = logging.getLogger(__name__)
BODY_SECONDS = 10.0
"""How long a body may take to arrive, all in all: of the platform's own callers the largest takes a second."""
HEAD_SECONDS = 10.0
"""How long the head of a request may take to arrive, all in all: callers send one at once, in a packet or two."""
MAX_HEAD_BYTES = 1024 * 1024
"""More than a hundred headers of the largest size that the server takes; it has no limit for the first line."""
ANSWER_SECONDS = 30.0
"""How long a caller may take to read an answer; longer than a body may take, because the server has one limit for both."""
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
            shut(connection, socket.SHUT_RD)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


class Hurried:
    """A connection whose caller has some seconds in all, over however many reads, and some bytes; then it ends.

    The time is that of each read's wait, so that it takes neither a thread nor a timer.
    """

    def __init__(self, connection: socket.socket, seconds: float, size: int) -> None:
        self._connection = connection
        self._end = time.monotonic() + seconds
        self._left = size

    def recv(self, size: int) -> bytes:
        """What has come; nothing, as if the caller had gone, when the time is over or the bytes are too many."""
        with suppress(TimeoutError, BlockingIOError):
            self._connection.settimeout(max(0.0, self._end - time.monotonic()))
            if self._left > 0:
                part = self._connection.recv(size)
                self._left -= len(part)
                return part
        shut(self._connection, socket.SHUT_RDWR)
        return b""


def has_body(request: Request) -> bool:
    """Whether the caller has announced a body."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def hang_up(request: Request, response: Response) -> None:
    """End the connection as soon as the answer is written, whatever the caller goes on to send."""
    response.headers["Connection"] = "close"
    request.environ[HANGS_UP] = True
    connection = _socket(request.environ)
    if connection:
        shut(connection, socket.SHUT_RD)
        response.call_on_close(lambda: shut(connection, socket.SHUT_RDWR))


def _socket(environ: Mapping[str, Any]) -> socket.socket | None:
    found = next((environ[name] for name in _SERVERS if name in environ), None)
    return found if isinstance(found, socket.socket) else None


def shut(connection: socket.socket, how: int) -> None:
    """Close one half of a connection, or both; a thread that waits there goes on."""
    with suppress(OSError):  # the caller has gone
        connection.shutdown(how)
