"""Whether the dependencies answer, and the signs of life; asked at most every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from regen.api.health import Ready, Vitals
from regen.domain.errors import RegenError
from regen.services.healing.vitals import vitals
from regen.services.state.deps import Deps
from regen.services.state.leases import PROMOTION
from regen.services.state.paths import lease_path

CACHE_SECONDS = 5.0


class Readiness:
    """Asks Firestore and BigQuery for something small."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._questions: dict[str, Callable[[], object]] = {
            "firestore": lambda: deps.store.get(lease_path(PROMOTION)),
            "bigquery": deps.warehouse.staging_tables,
        }
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._answer = Ready(status="not_ready", version="", firestore="", bigquery="")

    def look(self) -> Ready:
        """Whether all answer, what each said, and the signs of life (`vitals`; an error's name where Firestore is silent)."""
        with self._lock:
            if time.monotonic() - self._asked > CACHE_SECONDS:
                answers = {name: _ask(question) for name, question in self._questions.items()}
                ready = all(answer == "ok" for answer in answers.values())
                self._answer = Ready(
                    status="ready" if ready else "not_ready",
                    version=self._deps.config.code_version,
                    **answers,
                    vitals=self._vitals(),
                )
                self._asked = time.monotonic()
            return self._answer

    def _vitals(self) -> Vitals:
        try:
            return vitals(self._deps)
        except RegenError as error:
            return Vitals(error=type(error).__name__)


def _ask(question: Callable[[], object]) -> str:
    try:
        question()
    except RegenError as error:
        return type(error).__name__
    return "ok"
