"""The server's own time and memory for a caller, before and after the code of a route: gunicorn's parts over a pair of sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import flask
import pytest
from gunicorn import util
from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.errors import NoMoreData

from acceptance.doors import request
from regen.web import connection
from regen.web.connection import shut
from regen.web.framework import answer_everything

ENOUGH = 10.0
"""Seconds after which the caller goes: far more than any limit that a test sets."""
HEALTH = request("GET", "/health")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The caller's end of a connection and the server's."""
    with flask.Flask(__name__).app_context():
        answer_everything(lambda _: "")
    theirs, ours = socket.socketpair()
    gone = threading.Timer(ENOUGH, lambda: shut(theirs, socket.SHUT_RDWR))
    gone.daemon = True
    with theirs, ours:
        gone.start()
        yield theirs, ours
        gone.cancel()


def _requests(ours: socket.socket) -> Any:
    config = Config()
    config.set("limit_request_line", 0)  # as functions-framework does
    return RequestParser(config, ours, ("127.0.0.1", 1))


@pytest.mark.parametrize("part", [b"", b"a"], ids=["silent", "dripping"])
@pytest.mark.parametrize("earlier", [0, 2], ids=["first", "third"])
def test_a_head_has_its_time_in_all(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch, part: bytes, earlier: int
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    theirs, ours = ends
    theirs.sendall(HEALTH * earlier + b"GET /health HTTP/1.1\r\nX-A: ")
    found = _requests(ours)
    for _ in range(earlier):
        assert next(found).path == "/health"
    stop = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            while not stop.wait(0.05):
                theirs.sendall(part)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    with pytest.raises(NoMoreData):
        next(found)
    assert time.monotonic() - began < ENOUGH / 2
    assert theirs.recv(1) == b"", "the connection is closed"
    stop.set()
    thread.join()


def test_a_head_has_its_size(ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_HEAD_BYTES", 10_000)
    theirs, ours = ends
    theirs.sendall(request("GET", "/health", {"X-A": "a" * 5_000}) + b"GET /" + b"a" * 60_000)
    found = _requests(ours)
    assert next(found).path == "/health"
    began = time.monotonic()
    with pytest.raises(NoMoreData):
        next(found)
    assert time.monotonic() - began < ENOUGH / 2


def test_an_answer_has_its_time(ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.3)
    theirs, ours = ends
    theirs.sendall(HEALTH)
    next(_requests(ours))
    with pytest.raises(TimeoutError):
        util.write(ours, b"a" * 10_000_000)


def test_body_time_ends_before_that_of_an_answer() -> None:
    """The server's one limit must not end a body with an error before the body's own limit is over."""
    assert connection.BODY_SECONDS < connection.ANSWER_SECONDS


def test_connection_ends_without_the_caller(ends: tuple[socket.socket, socket.socket]) -> None:
    theirs, ours = ends
    util.write(ours, b"an answer")
    began = time.monotonic()
    util.close_graceful(ours, ENOUGH)
    assert time.monotonic() - began < ENOUGH / 2
    assert theirs.recv(100) == b"an answer"
    assert theirs.recv(1) == b""
