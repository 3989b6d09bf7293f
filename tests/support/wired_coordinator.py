"""The operator's client over the coordinator in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from werkzeug.test import Client

from regen.client.coordinator import Coordinator
from regen.client.errors import Unreachable
from regen.client.http import problem_from_answer
from support.web_bench import KEY, Web

Asked = tuple[str, str, Mapping[str, object] | None, Mapping[str, str]]


class WiredCoordinator(Coordinator, frozen=True, kw_only=True):
    """The operator's client, its requests handed to the coordinator in this process.

    Attributes:
        asked: the requests, in order.
        away: with anything in it, no request is answered.
    """

    web: Web
    asked: list[Asked] = msgspec.field(default_factory=list)
    away: list[bool] = msgspec.field(default_factory=list)

    @classmethod
    def of(cls, web: Web) -> WiredCoordinator:
        return cls("http://127.0.0.1:1", KEY, pauses=(), web=web)

    def _sent(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str], seconds: float
    ) -> dict[str, object]:
        assert seconds > 0
        self.asked.append((method, path, body, dict(headers)))
        if self.away:
            raise Unreachable(f"no answer from the coordinator at {self.url}")
        where = urlsplit(path)
        client = Client(self.web.apps["coordinator"])
        given = {**headers, "X-API-Key": KEY}
        raw = None if body is None else json.dumps(body).encode()
        answer = client.open(where.path, query_string=where.query, method=method, data=raw, headers=given)
        if answer.status_code >= 400:
            raise problem_from_answer(answer.status_code, answer.data)
        found: dict[str, object] = json.loads(answer.data)
        return found
