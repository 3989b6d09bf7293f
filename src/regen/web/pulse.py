"""A function's heartbeat: written after a request that went well, at most once a minute for each instance."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from regen.domain.errors import RegenError
from regen.services.state import heartbeats
from regen.services.state.deps import Deps

log = logging.getLogger(__name__)


class Pulse:
    """Writes the heartbeat of one function."""

    def __init__(self, deps: Deps, service: str) -> None:
        self._deps = deps
        self._service = service
        self._lock = threading.Lock()
        self._last: datetime | None = None

    def __call__(self) -> None:
        """Write it if it is time; a heartbeat that Firestore does not take fails no request."""
        now = self._deps.clock.now()
        with self._lock:
            if self._last is not None and abs(now - self._last) < heartbeats.EVERY:
                return
            self._last = now
        try:
            heartbeats.beat(self._deps, self._service)
        except RegenError as error:
            log.info("no heartbeat: %s", error)
