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
HOURS = {"Content-Length": "8000000"}
CHUNKED = {"Transfer-Encoding": "chunked"}
LIE = {"Authorization": "Bearer a.b.c", **HOURS}


@pytest.fixture(scope="module", params=["coordinator"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    with serving(request.param) as one:
        yield one


@contextmanager
def trickling(door: Door, head: bytes, callers: int = 2 * THREADS) -> Iterator[Sequence[socket.socket]]:
    """Open connections that announce a body and send it byte by byte."""
    stop = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(door.connect()) for _ in range(callers)]
        for one in sockets:
            one.sendall(head)

        def drip(one: socket.socket) -> None:
            while not stop.wait(0.2):
                try:
                    one.sendall(b"1\r\nx\r\n" if b"chunked" in head else b"x")
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
