"""The in-process stack: one process that serves the three packaged functions, with their messages in its memory."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework import create_app
from werkzeug.serving import WSGIRequestHandler, make_server

from regen import clock
from regen.adapters.memory import shared
from regen.adapters.memory.broker import MemoryBroker
from regen.local.relay import Relay
from regen.local.relay_config import RelayConfig
from regen.local.relay_server import RelayServer
from regen.local.tokens import TokenSigner
from regen.local.wsgi import WsgiServices
from regen.topology import FirestoreTrigger, Topology, topology

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Write nothing: the functions have their own logs."""


def forward_changes(relay: Relay, known: Topology) -> None:
    """Send the store's updates to the services as change events."""
    patterns = [(trigger, trigger.document.split("/")) for trigger in known.firestore_triggers]

    def updated(path: str) -> None:
        parts = path.split("/")
        for trigger, pattern in patterns:
            if len(parts) == len(pattern) and all(
                w.startswith("{") or w == p for w, p in zip(pattern, parts, strict=True)
            ):
                relay.event(trigger.name, _change(trigger, path), b"")

    shared.store.subscribe(updated)


def _change(trigger: FirestoreTrigger, path: str) -> dict[str, str]:
    return {
        "ce-specversion": "1.0",
        "ce-id": str(uuid.uuid4()),
        "ce-type": trigger.event,
        "ce-source": "//firestore.googleapis.com/local",
        "ce-database": "(default)",
        "ce-namespace": "(default)",
        "ce-document": path,
        "ce-subject": f"documents/{path}",
    }


def main(arguments: list[str]) -> None:
    """`CONFIG name=FOLDER ...`: serve until a signal arrives."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    config = RelayConfig.read(Path(arguments[0]))
    clock.live_from(config.clock)
    apps: dict[str, WSGIApplication] = {}
    relay = Relay(config, topology(), WsgiServices(apps), TokenSigner(config.issuer, config.audience))
    shared.queue = MemoryBroker(
        topology(),
        lambda subscription, body: relay.push(subscription, body) or 404,
        project=config.project,
        ack_deadline=config.ack_deadline,
        min_backoff=config.min_backoff,
        max_backoff=config.max_backoff,
    )
    forward_changes(relay, topology())
    for argument in arguments[1:]:
        name, _, folder = argument.partition("=")
        apps[name] = create_app("main", str(Path(folder) / "main.py"), "http")  # type: ignore[no-untyped-call]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for name, app in apps.items():
        port = int(config.targets[name][0].rpartition(":")[2])
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=RelayServer(config.port, relay).serve_forever, daemon=True).start()
    relay.start()
    stop.wait()
    relay.stop()
