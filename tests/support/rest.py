"""BigQuery's REST interface as a session that answers from a list, and remembers what it was asked."""

from __future__ import annotations

import json
from typing import Any, cast

import requests

Answer = dict[str, Any] | tuple[int, Any] | Exception


class Answers:
    """One answer after the other: an object, a status with an object or text, or an error.

    Attributes:
        asked: method, address and query of each request.
        bodies: of those that have one.
    """

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.bodies: list[dict[str, Any]] = []

    @property
    def session(self) -> requests.Session:
        """What sends."""
        return cast("requests.Session", self)

    def request(self, method: str, url: str, **request: Any) -> requests.Response:
        """Answer as a session does."""
        self.asked.append((method, url, request.get("params") or {}))
        if "json" in request:
            self.bodies.append(request["json"])
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        made = requests.Response()
        made.status_code = status
        made._content = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        return made
