"""The relay as a process: `python -m regen.local.relay_server CONFIG`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from regen import clock
from regen.local.forward import HttpServices
from regen.local.relay import Relay, respond
from regen.local.relay_config import RelayConfig
from regen.local.tokens import TokenSigner
from regen.topology import topology


class RelayServer(ThreadingHTTPServer):
    """A server with a thread per call; the emulators open a connection for every message."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, relay: Relay) -> None:
        self.relay = relay
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log an error, but not a caller that has disconnected."""
        if not isinstance(error := sys.exception(), ConnectionError):
            logging.getLogger("relay").error("call of %s failed", client_address, exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    server: RelayServer

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def _respond(self, method: str) -> None:
        headers = dict(self.headers.items())
        status, content = respond(self.server.relay, method, self.path, headers, self._body)
        self.send_response_only(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing: the relay logs failed deliveries."""


def main() -> None:
    """Serve until a signal arrives."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    config = RelayConfig.read(Path(sys.argv[1]))
    clock.live_from(config.clock)
    signer = TokenSigner(config.issuer, config.audience)
    relay = Relay(config, topology(), HttpServices(config.targets), signer)
    server = RelayServer(config.port, relay)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    relay.start()
    server.serve_forever(poll_interval=0.5)
    relay.stop()


if __name__ == "__main__":
    main()
