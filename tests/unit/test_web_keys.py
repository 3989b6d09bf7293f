"""API keys, and what is looked at before the caller is known: nothing of the body."""

from __future__ import annotations

import hmac
import io
from typing import Any

import msgspec
import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from regen.web.body_reading import MAX_BODY_BYTES, MAX_DRAINED_BYTES
from regen.web.callers import Gatekeeper
from regen.web.http import Call, Reply, Route, Router
from regen.web.settings import read_settings
from regen.web.tokens import Unauthenticated
from support.league import DAY
from support.web_bench import KEY, KEYED, NEXT_KEY, Web, environment, pushed, served

PATH = "/regenerate-with-supersede"


@pytest.fixture(scope="module")
def gate() -> Gatekeeper:
    return Gatekeeper(read_settings(environment()))


def test_two_keys_are_valid_at_once_and_named_by_their_ids(gate: Gatekeeper) -> None:
    assert gate.by_key({"X-API-Key": KEY}).name == "api_key:old"
    assert gate.by_key({"X-API-Key": NEXT_KEY}).name == "api_key:new"
    assert gate.by_key_or_scheduler({"X-API-Key": KEY}).name == "api_key:old"


@pytest.mark.parametrize(
    "given", ["", "x", KEY[:-1], KEY + "x", KEY.upper(), f"old:{KEY}", f" {KEY}", "é" * 20, "\x00"]
)
def test_any_other_key_is_refused(gate: Gatekeeper, given: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        gate.by_key({"X-API-Key": given})
    assert KEY not in str(refused.value)
    with pytest.raises(Unauthenticated):
        gate.by_key_or_scheduler({"X-API-Key": given, **pushed()})


def test_every_key_is_compared_even_after_a_match(gate: Gatekeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def counted(a: bytes, b: bytes) -> bool:
        compared.append(b)
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    for given in (KEY, NEXT_KEY):
        gate.by_key({"X-API-Key": given})
    with pytest.raises(Unauthenticated):
        gate.by_key({"X-API-Key": "x"})
    assert compared == [KEY.encode(), NEXT_KEY.encode()] * 3


class Untouched(io.BytesIO):
    """A body that remembers whether somebody read it before the answer was there."""

    answered = False
    early = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.early += not self.answered
        return super().read(size)


@pytest.mark.parametrize("service", ["coordinator", "worker", "verifier"])
def test_caller_is_checked_before_the_body_is_read(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    router = web.routers[service]
    body = Untouched(b"{" * 100)
    real = Router._safely

    def noting(self: Router, request: Any) -> Any:
        response = real(self, request)
        body.answered = True
        return response

    monkeypatch.setattr(Router, "_safely", noting)
    for route in router.routes:
        if route.method == "POST":
            path = route.path.replace("{id}", "some_id")
            environ = EnvironBuilder(path, method="POST", input_stream=body).get_environ()
            environ["CONTENT_LENGTH"] = "100"
            body.answered = False
            body.seek(0)
            status = Response.from_app(served(router), environ).status_code
            assert (status, body.early) == (401, 0), path


class Endless(io.RawIOBase):
    """A body without an end."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.given += len(buffer)
        if self.given > 64 * MAX_BODY_BYTES:
            raise AssertionError("read without an end")
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


@pytest.mark.parametrize("headers", [{}, KEYED], ids=["stranger", "caller"])
def test_endless_body_is_not_read_to_its_end(headers: dict[str, str]) -> None:
    body = Endless()
    builder = EnvironBuilder(PATH, method="POST", headers=list(headers.items()))
    environ = {**builder.get_environ(), "wsgi.input": body, "wsgi.input_terminated": True}
    environ.pop("CONTENT_LENGTH", None)
    answer = Response.from_app(Web().apps["coordinator"], environ)
    assert answer.status_code == (413 if headers else 401)
    assert body.given <= MAX_DRAINED_BYTES + 2 * MAX_BODY_BYTES


class Measured(msgspec.Struct):
    bytes: int


def _measure(call: Call) -> Reply:
    return 200, Measured(len(call.body()))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("size", "status"), [(0, 200), (MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413), (5 * MAX_BODY_BYTES, 413)]
)
def test_body_of_at_most_one_mebibyte_is_read(size: int, status: int, *, chunked: bool) -> None:
    app = served(Router([Route("POST", "/x", None, _measure)]))
    environ = EnvironBuilder("/x", method="POST", input_stream=io.BytesIO(b"x" * size)).get_environ()
    if chunked:
        environ.pop("CONTENT_LENGTH", None)
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(size)
    answer = Response.from_app(app, environ)
    assert answer.status_code == status
    assert answer.json is not None
    if status == 200:
        assert answer.json["bytes"] == size
    else:
        assert answer.json["type"] == "urn:regen:problem:body-too-large"


def test_truncated_body_is_invalid_input() -> None:
    app = served(Router([Route("POST", "/x", None, _measure)]))
    environ = EnvironBuilder("/x", method="POST", input_stream=io.BytesIO(b"x" * 10)).get_environ()
    answer = Response.from_app(app, {**environ, "CONTENT_LENGTH": "100"})
    assert (answer.status_code, answer.json["field"] if answer.json else "") == (400, "body")


def test_key_and_account_are_in_the_audit() -> None:
    web = Web()
    day = DAY.isoformat()
    web.post(PATH, {"game_date": day}, {"X-API-Key": NEXT_KEY})
    web.bench.drain()
    web.bench.sweep()
    assert [e.triggered_by for e in web.bench.audited("requested")] == ["api_key:new"]
    web.call("coordinator", "POST", "/regenerate-pubsub", b"no envelope", pushed())
    web.bench.sweep()
    assert [e.triggered_by for e in web.bench.audited("malformed")] == ["pubsub:pusher@test.iam"]
