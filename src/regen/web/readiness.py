"""Whether the dependencies answer; asked at most every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from regen.domain.errors import RegenError
from regen.services.deps import Deps

CACHE_SECONDS = 5.0


class Readiness:
    """Asks Firestore and BigQuery for something small."""

    def __init__(self, deps: Deps) -> None:
        self._questions: dict[str, Callable[[], object]] = {
            "firestore": lambda: deps.store.get("leases/promotion"),
            "bigquery": deps.warehouse.staging_tables,
        }
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._answers: dict[str, str] = {}

    def look(self) -> tuple[bool, dict[str, str]]:
        """Whether all answer, and what each said."""
        with self._lock:
            if time.monotonic() - self._asked > CACHE_SECONDS:
                self._answers = {name: _ask(question) for name, question in self._questions.items()}
                self._asked = time.monotonic()
            return all(a == "ok" for a in self._answers.values()), dict(self._answers)


def _ask(question: Callable[[], object]) -> str:
    try:
        question()
    except RegenError as error:
        return type(error).__name__
    return "ok"
