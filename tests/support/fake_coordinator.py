"""A coordinator that gives prepared answers and records its requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from regen.api.batches import WholeBatch
from regen.client.answers import BATCH

Answer = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]


@dataclass
class FakeCoordinator:
    """Answers by `METHOD path`. It gives the answers of a route in turn, and repeats the last one."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any] | None, Mapping[str, str]]] = field(default_factory=list)

    def say(self, route: str, *answers: Answer) -> None:
        self.answers[route] = list(answers)

    def bodies(self, route: str) -> list[dict[str, Any] | None]:
        return [body for asked, body, _ in self.asked if asked == route]


def view(batch_id: str = "regen_2026-01-20_test_1", status: str = "promoted", **more: Any) -> dict[str, Any]:
    """A batch in the form of `GET /batches/{id}`."""
    counts = {"requested": 4, "produced": 3, "skipped": 0, "failed": 1}
    counts |= {"superseded": 21, "inserted": 21, "kept": 1, "withdrawn": 0}
    return {
        "batch_id": batch_id,
        "kind": "regeneration",
        "game_date": "2026-01-20",
        "status": status,
        "round": 1,
        "reason": "test",
        "reasons": ["test"],
        "metadata": {},
        "triggered_by": "api_key:local",
        "trigger_ids": [],
        "systems": ["ensemble_v1"],
        "code_version": "1",
        "feature_snapshot": None,
        "features_built_at": None,
        "created_at": "2026-01-20T20:00:00+00:00",
        "updated_at": "2026-01-20T20:00:04+00:00",
        "deadline": "2026-01-20T20:30:00+00:00",
        "ended_at": "2026-01-20T20:00:04+00:00",
        "processing_time_seconds": 4.0,
        "superseded_count": 21,
        "regenerated_count": 21,
        "requested_players": 4,
        "excluded_players": 2,
        "requests": 1,
        "coverage_pct": 75.0,
        "partial": False,
        "error": None,
        "timings": {"running": 0.5},
        "counts": counts,
        "pending": [],
        "outcomes": [{"player_lookup": "zed", "outcome": "failed", "reason": "no_features", "error": "none"}],
        "history": [],
        "verdict": {
            "passed": False,
            "failed": ["coverage"],
            "accepted": [],
            "checks": [
                {
                    "name": "coverage",
                    "severity": "fail",
                    "passed": False,
                    "value": 75.0,
                    "limit": 90.0,
                    "concerns": ["zed"],
                }
            ],
        },
        **more,
    }


def whole(**more: Any) -> WholeBatch:
    """The same, read."""
    return BATCH.convert(view(**more))


@contextmanager
def serving() -> Iterator[FakeCoordinator]:
    """Run a fake coordinator on loopback."""
    fake = FakeCoordinator()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            route = f"{self.command} {self.path}"
            fake.asked.append((route, body, dict(self.headers)))
            known = fake.answers.get(route, [(404, {"title": "Not found", "detail": f"no route {self.path}"})])
            status, content, *more = known[0] if len(known) == 1 else known.pop(0)
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{fake.url}/elsewhere")
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
