"""Over real HTTP: what functions-framework would answer by itself is answered like everything else."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from werkzeug.serving import make_server

from acceptance.doors import Door, read_answer, request, seconds_until_closed, serving
from regen.adapters.memory import shared
from regen.web import bootstrap
from support.web_bench import environment

FUNCTIONS = Path(__file__).parents[2] / "functions"
DOORS = ["coordinator", "worker", "verifier"]
PROMPT = 5.0
PATHS = [
    *("/robots.txt", "/favicon.ico", "/a%0Ab", "/%0A", "/health%0A", "/batches/a%0Ab/cancel", "/a//b", "/*"),
    *("/a%0D%0Ab", "/%00", "/%2e%2e/start", "/start%20", "/start;x=1", "/Start", "/nosuch/%F0%9F%8F%80"),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW", "CONNECT"]


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    with serving(request.param) as one:
        yield one


def _asked(door: Door, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    with door.connect(PROMPT) as one:
        one.sendall(request(method, path, {"Content-Length": str(len(body))} if body else {}) + body)
        head, _, said = read_answer(one).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split()[1]), headers, said


def _problem(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    status, headers, body = answer
    assert headers["content-type"] == "application/problem+json", (status, headers, body[:200])
    said: dict[str, Any] = json.loads(body)
    assert said["status"] == status
    return said


@pytest.mark.parametrize("path", PATHS)
def test_no_path_is_answered_by_the_framework(door: Door, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert _problem(_asked(door, method, path))["status"] in {401, 404, 405}
    status, headers, body = _asked(door, "POST", path, b'{"game_date": "2026-01-20"}')
    assert _problem((status, headers, body))["status"] in {401, 404}
    assert headers["connection"] == "close", "a body that nobody reads ends the connection"
    assert _recorded(door) == []


@pytest.mark.parametrize("method", METHODS)
def test_no_method_is_answered_by_the_framework(door: Door, method: str) -> None:
    for path in ("/robots.txt", "/health", "/nosuch"):
        if (method, path) != ("GET", "/health"):
            assert _problem(_asked(door, method, path))["status"] in {404, 405}
    assert _recorded(door) == []


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico", "/a%0Ab", "/a//b", "/nosuch"])
def test_no_path_holds_a_thread_with_a_slow_body(door: Door, path: str) -> None:
    with door.connect(PROMPT) as one:
        one.sendall(request("POST", path, {"Content-Length": "8000000"}))
        assert read_answer(one).split()[1] == b"404"
        assert seconds_until_closed(one, PROMPT) < PROMPT


@pytest.mark.parametrize("path", ["//start", "///start", "/start//", "//regenerate-pubsub", "//verify", "//x/verify"])
def test_a_doubled_slash_is_no_way_around(door: Door, path: str) -> None:
    """The server takes `//start` for `/start`; the framework would send its caller to another address."""
    status, headers, body = _asked(door, "POST", path, b"{}")
    assert _problem((status, headers, body))["status"] in {401, 404}
    assert "location" not in headers
    assert headers["connection"] == "close"
    assert _recorded(door) == []


@pytest.mark.parametrize("host", ["", "a b", "x:y", "[::1", "%00", "a@b", "é"])
def test_an_odd_host_is_no_way_around(door: Door, host: str) -> None:
    with door.connect(PROMPT) as one:
        one.sendall(f"GET /robots.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        said = read_answer(one)
    assert said.split()[1] in {b"400", b"404"}, said[:300]
    assert b"Traceback" not in said


def _recorded(door: Door) -> list[Any]:
    found: list[Any] = door.ask("/recorded")["entries"]
    return found


@contextmanager
def _shipped(name: str, monkeypatch: pytest.MonkeyPatch, queue: object) -> Iterator[int]:
    """Run a function's own entry point behind a server; yield its port."""
    for key, value in environment(BIGQUERY_EMULATOR_HOST="http://127.0.0.1:1").items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(shared, "queue", queue)
    bootstrap.app.cache_clear()
    app = functions_framework.create_app("main", str(FUNCTIONS / name / "main.py"), "http")  # type: ignore[no-untyped-call]
    monkeypatch.delitem(sys.modules, "main", raising=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        bootstrap.app.cache_clear()


def _slow(port: int, path: str) -> tuple[int, dict[str, str], Any]:
    """Announce a body and send none of it."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as one:
        one.putrequest("POST", path)
        one.putheader("Content-Length", "100000")
        one.endheaders()
        answer = one.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(answer.read())


@pytest.mark.parametrize("name", DOORS)
def test_each_function_answers_everything_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _shipped(name, monkeypatch, object()) as port:
        for path in ("/robots.txt", "/favicon.ico", "/a%0Ab", "//health"):
            status, headers, _ = _slow(port, path)
            assert (status in {404, 405}, headers["content-type"]) == (True, "application/problem+json"), path
            assert headers["connection"] == "close"


def test_a_function_that_cannot_be_set_up_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with _shipped("coordinator", monkeypatch, None) as port:
        for path in ("/start", "/robots.txt"):
            status, headers, said = _slow(port, path)
            assert (status, headers["content-type"], headers["connection"]) == (
                500,
                "application/problem+json",
                "close",
            )
            assert "queue" not in str(said)
