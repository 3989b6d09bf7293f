"""Slow callers do not delay others: real sockets against the real server, with as many threads as deployed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from acceptance.doors import THREADS, Door, read_answer, request, seconds_until_closed, serving
from regen.web.connection import BODY_SECONDS
from support.web_bench import KEYED, PUSHER, signer

PROMPT = 3.0
"""Seconds within which a free thread answers; a slow caller holds a thread for longer."""
HEAD_SECONDS = 2.0
"""Seconds that a head has here, so that the tests take few; it is a constant in a deployment."""
HOURS = {"Content-Length": "8000000"}
CHUNKED = {"Transfer-Encoding": "chunked"}
LIE = {"Authorization": "Bearer a.b.c", **HOURS}


@pytest.fixture(scope="module", params=["coordinator"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    with serving(request.param, HEAD_SECONDS) as one:
        yield one


@contextmanager
def trickling(
    door: Door, head: bytes, callers: int = 2 * THREADS, part: bytes = b"x", asked: bytes = b""
) -> Iterator[Sequence[socket.socket]]:
    """Open connections that send a head, or half of one, and go on byte by byte; first they may ask something."""
    stop = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(door.connect()) for _ in range(callers)]
        for one in sockets:
            if asked:
                one.sendall(asked)
                read_answer(one)
        for one in sockets:
            one.sendall(head)

        def drip(one: socket.socket) -> None:
            while not stop.wait(0.2):
                try:
                    one.sendall(b"1\r\nx\r\n" if b"chunked" in head else part)
                except OSError:
                    return

        for one in sockets:
            thread = threading.Thread(target=drip, args=(one,), daemon=True)
            thread.start()
            stack.callback(thread.join)
        stack.callback(stop.set)
        yield sockets


HEADS = {
    "a key's route": request("POST", "/regenerate-with-supersede", HOURS),
    "a push's route": request("POST", "/regenerate-pubsub", LIE),
    "a wrong key": request("POST", "/start", {"X-API-Key": "unknown", **HOURS}),
    "an open route": request("GET", "/health", HOURS),
    "no route": request("POST", "/nowhere", HOURS),
    "no such method": request("PUT", "/batches", HOURS),
    "chunks": request("POST", "/regenerate-with-supersede", CHUNKED),
    "chunks at an open route": request("GET", "/health", CHUNKED),
    "more than is ever read": request("POST", "/start", {"Content-Length": str(10**12)}),
    "half a key": request("POST", "/start", {"X-API-Key": "", **HOURS}),
}


@pytest.mark.parametrize("name", list(HEADS))
def test_slow_anonymous_callers_hold_no_thread(door: Door, name: str) -> None:
    with trickling(door, HEADS[name]) as sockets:
        began = time.monotonic()
        assert door.ask("/health", PROMPT)["status"] == "healthy"
        for one in sockets:
            assert seconds_until_closed(one, PROMPT) < PROMPT
        assert time.monotonic() - began < 2 * PROMPT


def test_anonymous_caller_can_read_the_refusal(door: Door) -> None:
    for head, status in ((HEADS["a wrong key"], b"401"), (HEADS["no route"], b"404"), (HEADS["an open route"], b"200")):
        with door.connect() as one:
            one.sendall(head)
            assert read_answer(one).split()[1] == status
            assert seconds_until_closed(one, PROMPT) < PROMPT


def test_connection_is_kept_after_a_request_without_body(door: Door) -> None:
    with door.connect() as one:
        for _ in range(3):
            one.sendall(request("GET", "/health"))
            assert read_answer(one).split()[1] == b"200"


@pytest.mark.parametrize("framed", [HOURS, CHUNKED, {"Content-Length": "1000"}], ids=["long", "chunked", "short"])
def test_slow_known_callers_are_cut_off_at_the_time_limit(door: Door, framed: dict[str, str]) -> None:
    """Authenticated slow callers occupy every thread; the next request is answered after their time limit."""
    known = {"Authorization": signer().bearer(PUSHER)} if "chunked" in str(framed) else KEYED
    with trickling(door, request("POST", "/regenerate-pubsub", {**known, **framed}), THREADS) as sockets:
        assert door.ask("/health", BODY_SECONDS + PROMPT)["status"] == "healthy"
        for one in sockets:
            assert read_answer(one).split()[1] == b"408"
            assert seconds_until_closed(one, PROMPT) < PROMPT
    assert door.ask("/recorded")["entries"] == [], "what did not arrive is sent again, not recorded"


HALF = b"POST /start HTTP/1.1\r\nHost: x\r\n"
HEALTH = request("GET", "/health")
SLOW_HEADS = {
    "a header without end": {"head": HALF + b"X-A: ", "part": b"a"},
    "silence after half a head": {"head": HALF, "part": b""},
    "a first line without end": {"head": b"GET /", "part": b"a"},
    "headers without end": {"head": HALF, "part": b"X-A: a\r\n"},
    "a slow second request": {"head": HALF + b"X-A: ", "part": b"a", "asked": HEALTH},
}


@pytest.mark.parametrize("name", list(SLOW_HEADS))
def test_slow_heads_are_cut_off_at_the_time_limit(door: Door, name: str) -> None:
    """Their callers occupy every thread; the next request is answered after the time limit of a head."""
    with trickling(door, callers=THREADS, **SLOW_HEADS[name]) as sockets:
        assert door.ask("/health", HEAD_SECONDS + PROMPT)["status"] == "healthy"
        for one in sockets:
            assert seconds_until_closed(one, PROMPT) < PROMPT


ENDED = {
    "no request": b"X\r\n\r\n",
    "empty lines": b"\r\n\r\n",
    "the older protocol": b"GET /health HTTP/1.0\r\n\r\n",
    "the caller's wish": request("GET", "/health", {"Connection": "close"}),
}


@pytest.mark.parametrize("part", [b"", b"\r\n"], ids=["silent", "dripping"])
@pytest.mark.parametrize("name", list(ENDED))
def test_callers_that_stay_after_the_end_delay_none(door: Door, name: str, part: bytes) -> None:
    """The server closes a connection without waiting for the caller to do so."""
    with trickling(door, ENDED[name], part=part) as sockets:
        assert door.ask("/health", PROMPT)["status"] == "healthy"
        for one in sockets:
            assert seconds_until_closed(one, PROMPT) < PROMPT


def test_answer_before_the_end_arrives_whole(door: Door) -> None:
    for name, status in (("no request", b"400"), ("the older protocol", b"200"), ("the caller's wish", b"200")):
        with door.connect() as one:
            one.sendall(ENDED[name])
            assert read_answer(one).split()[1] == status
            assert seconds_until_closed(one, PROMPT) < PROMPT
