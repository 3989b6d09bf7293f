"""What the local stack makes of the topology: listed by a running emulator, and routed by the relay."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import urlsplit

from infra.deployment import last
from regen.local.provision import Redelivery, create_pubsub, create_triggers
from regen.local.relay import Relay, respond
from regen.local.relay_config import RelayConfig
from regen.topology import topology

PROJECT = "demo-project"
RELAY = "http://127.0.0.1:9"


class _Recorder:
    """Takes deliveries, and notes where they went."""

    def __init__(self) -> None:
        self.went: tuple[str, str] = ("", "")

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        self.went = (service, path)
        return 204


def listing(pubsub_host: str) -> dict[str, Any]:
    """Provision a running Pub/Sub emulator as the local stack does, and list what is there."""
    create_pubsub(pubsub_host, PROJECT, topology(), RELAY, Redelivery())
    topics = _get(pubsub_host, f"/v1/projects/{PROJECT}/topics")["topics"]
    subscriptions = _get(pubsub_host, f"/v1/projects/{PROJECT}/subscriptions")["subscriptions"]
    return {
        "topics": [last(t["name"]) for t in topics],
        "subscriptions": {last(s["name"]): _subscription(s) for s in subscriptions},
        "routes": _routes(subscriptions),
        "triggers": _triggers(),
    }


def _subscription(s: Mapping[str, Any]) -> tuple[str, str | None, int | None]:
    dead = s.get("deadLetterPolicy") or {}
    return last(s["topic"]), last(dead["deadLetterTopic"]) if dead else None, dead.get("maxDeliveryAttempts")


def _routes(subscriptions: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Where the relay takes a message of each push subscription that the emulator lists."""
    recorder = _Recorder()
    relay = Relay(RelayConfig(port=0, project=PROJECT, targets={}), topology(), recorder, MagicMock())
    found = {}
    try:
        for s in subscriptions:
            if endpoint := (s.get("pushConfig") or {}).get("pushEndpoint"):
                status, _ = respond(relay, "POST", urlsplit(endpoint).path, {}, lambda: b"{}")
                assert status == 204, endpoint
                found[last(s["name"])] = recorder.went
    finally:
        relay.stop()
    return found


def _triggers() -> list[tuple[str, str]]:
    """Document pattern and event of each trigger that the stack registers with the Firestore emulator."""
    with _noting() as (host, bodies):
        create_triggers(host, PROJECT, topology())
    return [(b["document"]["value"], b["eventType"]) for b in bodies]


@contextmanager
def _noting() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        server.server_close()


def _get(host: str, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request("GET", f"{path}?pageSize=1000")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer
