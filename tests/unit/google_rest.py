"""Google Cloud's REST interfaces on loopback: a healthy deployment in its documented forms, to be changed by a test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from regen.cli.doctor.deployment import Deployment
from regen.client.platform import HOSTS, Platform
from regen.topology import topology

FORMS = Path(__file__).parents[1] / "fixtures" / "google"
SERVICES = ("coordinator", "verifier", "worker")


def form(name: str, **places: str) -> Any:
    """A recorded answer, its places filled."""
    text = (FORMS / f"{name}.json").read_text(encoding="utf-8")
    for place, value in places.items():
        text = text.replace(place, value)
    return json.loads(text)


@dataclass
class Google:
    """What each path answers; `asked` holds what was asked, with its query."""

    answers: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    url: str = ""

    def deployment(self) -> Deployment:
        return Deployment(Platform("p-123", dict.fromkeys(HOSTS, self.url), requests.Session()), "us-central1")

    def service(self, service: str) -> Any:
        return self.answers[f"/projects/p-123/locations/us-central1/services/regen-{service}"]

    def subscription(self, name: str) -> Any:
        return self.answers[f"/projects/p-123/subscriptions/{name}"]

    def job(self, name: str) -> Any:
        return self.answers[f"/projects/p-123/locations/us-central1/jobs/{name}"]

    @property
    def trigger(self) -> Any:
        return self.answers["/projects/p-123/locations/-/triggers"]["triggers"][0]

    def fail(self, part: str, status: int, answer: Any) -> None:
        """Every path that has this in it answers an error."""
        for path in [path for path in self.answers if part in path]:
            self.statuses[path], self.answers[path] = status, answer


def healthy() -> Google:
    """A deployment with nothing wrong in it."""
    base, region = "/projects/p-123", "/projects/p-123/locations/us-central1"
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    google = Google()
    for service in SERVICES:
        google.answers[f"{region}/services/regen-{service}"] = form("run_service", SERVICE=service)
    for s in topology().push_subscriptions:
        google.answers[f"{base}/subscriptions/{s.name}"] = form(
            "subscription", NAME=s.name, TOPIC=s.topic, SERVICE=s.service, PATH=s.path, DEAD=s.dead_letter_topic
        )
    for job in topology().schedules:
        google.answers[f"{region}/jobs/{job.name}"] = form(
            "job", NAME=job.name, SERVICE=job.service, PATH=job.path, NOW=now
        )
    google.answers[f"{base}/locations/-/triggers"] = form("triggers")
    parked = [s.name for s in topology().push_subscriptions if s.path == "/dead-letters"] + ["prediction-parked-sub"]
    google.answers[f"{base}/timeSeries"] = {
        "timeSeries": [form("time_series", NAME=name) for name in parked],
        "unit": "1",
    }
    return google


@contextmanager
def serving(google: Google) -> Iterator[Google]:
    """Listen on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else {}
            parts = urlsplit(self.path)
            google.asked.append((parts.path, parse_qs(parts.query)))
            missing = {"error": {"code": 404, "message": f"Resource not found: {parts.path}", "status": "NOT_FOUND"}}
            answer, status = google.answers.get(parts.path, missing), google.statuses.get(parts.path)
            if parts.path.endswith(":testIamPermissions"):
                answer = google.answers.get(parts.path, {"permissions": body["permissions"]})
            data = json.dumps(answer).encode()
            self.send_response(status or (404 if answer is missing else 200))
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    google.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield google
    finally:
        server.shutdown()
        server.server_close()
