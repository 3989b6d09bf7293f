"""The console on loopback: one process, the operator's own rights, a link that is good for one browser."""

from __future__ import annotations

import getpass
import logging
import socket
import threading

import uvicorn

from regen.client.coordinator import Coordinator
from regen.client.reader import Reader
from regen.console.app import application
from regen.console.security import LinkGate
from regen.console.site import Site, Target
from regen.console.sources import PATIENCE_SECONDS, CoordinatorOrders, CoordinatorRecords, WarehouseTables
from regen.domain.values import replace

log = logging.getLogger(__name__)


class LoopbackConsole:
    """A console for one target; it answers from `start` on, until `stop`."""

    def __init__(self, coordinator: Coordinator, reader: Reader, target: Target, port: int = 0) -> None:
        """Take a port of loopback; 0 for a free one."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        # From here on a browser that opens the link waits instead of being refused.
        self._socket.listen(128)
        self.gate = LinkGate(self._socket.getsockname()[1], _operator())
        site = Site(CoordinatorRecords.of(coordinator), WarehouseTables(reader), target)
        orders = CoordinatorOrders(replace(coordinator, patience=0.0, timeout=PATIENCE_SECONDS))
        app = application(site, orders, self.gate)
        # Without the access log: the link's token is in its first line.
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def link(self) -> str:
        """The link to open."""
        return self.gate.link

    def run(self) -> None:
        """Serve until a signal to end arrives."""
        self._server.run([self._socket])

    def start(self) -> None:
        """Serve in a thread beside other work."""
        # Only the main thread may handle signals, and they are the stack's.
        self._thread = threading.Thread(target=self.run, name="console", daemon=True)
        self._thread.start()

    def stop(self, patience: float = 3.0) -> None:
        """End it; open requests have so many seconds."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join(patience)
        self._socket.close()


def _operator() -> str:
    """The operator's name on this machine, for the page."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "the operator"


def target_of(url: str, project: str, *, is_local: bool) -> Target:
    """The target in words: by the address, not by the project's name, which the local stack shares."""
    return Target("LOCAL STACK" if is_local else f"{project} at {url}", project, is_local)
