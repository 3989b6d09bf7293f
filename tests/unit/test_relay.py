"""The relay: identity, events, schedules; and what one bad target may do to the others."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.auth import jwt

from regen.domain.values import replace
from regen.local.forward import BROKEN, LATE, REFUSED, HttpServices
from regen.local.relay import Relay, respond
from regen.local.relay_config import RelayConfig, push_account, scheduler_account
from regen.local.tokens import LIFETIME, TokenSigner
from regen.topology import topology
from support.polling import wait_until

CONFIG = RelayConfig(port=0, project="some-project", targets={}, min_backoff=0.01, max_backoff=0.02)
SIGNER = TokenSigner("https://issuer", "an-audience")


@dataclass
class Recorder:
    """Services that note what they get and answer from a list, then 204."""

    answers: list[int] = field(default_factory=list)
    calls: list[tuple[str, str, bytes, dict[str, str], float]] = field(default_factory=list)

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        self.calls.append((service, path, body, dict(headers), timeout))
        return self.answers.pop(0) if self.answers else 204


def relay(services: Any, **changes: Any) -> Relay:
    return Relay(replace(CONFIG, **changes), topology(), services, SIGNER)


def claims(headers: Mapping[str, str]) -> Mapping[str, Any]:
    token = headers["Authorization"].removeprefix("Bearer ")
    verified: Mapping[str, Any] = jwt.decode(token, SIGNER.certs, audience="an-audience")  # type: ignore[no-untyped-call]
    return verified


def test_message_is_forwarded_unchanged_with_the_push_token() -> None:
    services = Recorder()
    assert relay(services).push("prediction-verify-verifier", b'{"message":{}}') == 204
    [(service, path, body, headers, timeout)] = services.calls
    assert (service, path, body, timeout) == ("verifier", "/verify", b'{"message":{}}', 20)
    said = claims(headers)
    assert said["email"] == push_account("some-project")
    assert said["email_verified"] is True
    assert said["iss"] == "https://issuer"


@pytest.mark.parametrize("status", [200, 204, 400, 429, 500, 503])
def test_relay_answers_with_the_status_of_the_service(status: int) -> None:
    assert relay(Recorder([status])).push("prediction-request-worker", b"") == status


def test_a_token_serves_until_it_nears_its_end() -> None:
    now = [1_000_000.0]
    signer = TokenSigner("i", "a", lambda: now[0])
    first = signer.bearer("x")
    assert signer.bearer("x") == first != signer.bearer("y")
    now[0] += LIFETIME - 60
    assert signer.bearer("x") != first


def test_relay_serves_its_routes_and_refuses_others() -> None:
    services = Recorder()
    known = relay(services)

    def call(method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        return respond(known, method, path, {}, lambda: body)

    assert call("GET", "/health")[0] == 200
    assert json.loads(call("GET", "/certs")[1]) == SIGNER.certs
    assert call("POST", "/push/prediction-request-worker?x=1", b"{}")[0] == 204
    assert call("POST", "/push/no-such")[0] == 404
    assert call("POST", "/functions/projects/p/triggers/no-such")[0] == 404
    assert call("POST", "/health")[0] == 404


def test_an_event_is_decoded_and_keeps_its_attributes() -> None:
    services = Recorder()
    known = relay(services)
    headers = {"ce-document": "prediction_batches/b", "ce-id": "1", "Content-Length": "9"}
    path = "/functions/projects/p/triggers/prediction-batch-changed"
    assert respond(known, "POST", path, headers, lambda: base64.b64encode(b"\x00\xffproto"))[0] == 202
    wait_until(lambda: services.calls, 5, "the event")
    [(service, where, body, sent, timeout)] = services.calls
    assert (service, where, body, timeout) == ("verifier", "/events/batch", b"\x00\xffproto", 10)
    assert sent["ce-document"] == "prediction_batches/b"
    assert sent["Content-Type"] == "application/protobuf"
    assert "Content-Length" not in sent
    assert claims(sent)["email"] == push_account("some-project")
    known.stop()


def test_event_is_retried_until_acknowledged() -> None:
    services = Recorder([503, 500])
    known = relay(services)
    assert known.event("prediction-batch-changed", {"ce-id": "1"}, b"")
    wait_until(lambda: len(services.calls) == 3, 5, "three attempts")
    known.stop()


def test_schedule_calls_with_the_schedulers_account() -> None:
    services = Recorder()
    start = next(s for s in topology().schedules if s.name == "regen-start")
    assert relay(services).tick(start) == 204
    [(service, path, body, headers, _)] = services.calls
    assert (service, path, json.loads(body)) == ("coordinator", "/start", {"game_date": "TODAY"})
    assert claims(headers)["email"] == scheduler_account("some-project")
    assert headers["X-CloudScheduler-ScheduleTime"].endswith("Z")


def test_only_the_schedules_asked_for_run() -> None:
    services = Recorder()
    known = relay(services, schedules={"regen-sweep": 0.01})
    known.start()
    wait_until(lambda: len(services.calls) >= 3, 5, "three sweeps")
    known.stop()
    assert {call[1] for call in services.calls} == {"/sweep"}


@contextmanager
def server(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", seen
        http.shutdown()


def test_calls_are_spread_over_the_instances() -> None:
    with server() as (one, at_one), server() as (two, at_two):
        services = HttpServices({"worker": [one, two]})
        assert [services.post("worker", "/", b"", {}, 5) for _ in range(6)] == [200] * 6
    assert len(at_one) == len(at_two) == 3


def test_hanging_target_times_out_and_delays_no_other() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, server() as (alive, seen):
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        services = HttpServices({"worker": [hanging], "verifier": [alive]})
        known = relay(services, ack_deadline=0.5)
        answers: list[int | None] = []
        held = threading.Thread(target=lambda: answers.append(known.push("prediction-request-worker", b"")))
        held.start()
        assert known.push("prediction-verify-verifier", b"") == 200
        assert not answers
        held.join(5)
    assert answers == [LATE]
    assert seen == ["/verify"]


def test_busy_instance_is_skipped() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, server() as (alive, seen):
        services = HttpServices({"worker": [f"http://127.0.0.1:{silent.getsockname()[1]}", alive]})
        held = threading.Thread(target=services.post, args=("worker", "/", b"", {}, 10))
        held.start()
        connection = silent.accept()[0]
        assert [services.post("worker", "/", b"", {}, 5) for _ in range(3)] == [200] * 3
        connection.close()
        held.join(5)
    assert len(seen) == 3


def test_unreachable_or_broken_target_is_answered() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        services = HttpServices({"worker": [f"http://127.0.0.1:{port}"]})
        breaking = threading.Thread(target=lambda: listening.accept()[0].close())  # noqa: PLW0108
        breaking.start()
        assert services.post("worker", "/", b"", {}, 5) == BROKEN
        breaking.join(5)
    assert services.post("worker", "/", b"", {}, 5) == REFUSED
