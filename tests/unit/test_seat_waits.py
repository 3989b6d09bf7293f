"""Waiting: a silence is short and said, a proxy is for other machines, and progress tells where a batch stands."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import Result

from regen.client import http, patience
from regen.client.errors import Unreachable
from support.commands import run_command
from support.fake_coordinator import FakeCoordinator, serving, view

Regen = Callable[..., Result]
BATCH = "regen_2026-01-20_test_0000000a"


@pytest.fixture
def regen(tmp_path: Path) -> Regen:
    def run(*arguments: str, **env: str) -> Result:
        home = {
            "REGEN_LOCAL_HOME": str(tmp_path),
            "REGEN_CONFIG": str(tmp_path / "c"),
            "API_KEY": "k",
            "PROJECT_ID": "",
        }
        empty = {"BIGQUERY_EMULATOR_HOST": "", "REGEN_PROFILE": "", "COORDINATOR_URL": ""}
        return run_command(arguments, {**home, **empty, **env})

    return run


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts and never answers."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    held.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()
    for one in held:
        one.close()


def test_a_silent_coordinator_is_given_up_and_said(regen: Regen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was 607 s of silence: five attempts of 120 s."""
    assert http.READ_SECONDS == 10.0
    assert patience.MOMENTS[:2] == (2.0, 4.0)
    monkeypatch.setattr(http.Connection, "_sent", _hurried(http.Connection._sent))
    with silent() as url:
        ended = regen("status", COORDINATOR_URL=url)
    assert ended.exit_code == 5
    assert ended.stderr.splitlines()[-1] == "next: regen doctor"


def _hurried(sent: Callable[..., Any]) -> Callable[..., Any]:
    """The same request with a hundredth of the patience."""

    def hurried(self: http.Connection, *asked: Any) -> Any:
        *others, seconds = asked
        assert 0 < seconds <= 10.0
        return sent(self, *others, seconds / 100)

    return hurried


def test_waiting_is_said_after_two_seconds_on_stderr() -> None:
    said: list[str] = []
    with patience.waiting_for("the coordinator", said.append, (0.02, 0.04)):
        deadline = time.monotonic() + 5
        while len(said) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
    assert said == ["waiting for the coordinator (0.02 s)", "waiting for the coordinator (0.04 s)"]
    with patience.waiting_for("the coordinator", said.append, (5.0,)):
        pass
    assert len(said) == 2


def test_reads_have_ten_seconds_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    asked: list[float] = []

    def sent(self: http.Connection, method: str, path: str, body: Any, headers: Any, seconds: float) -> Any:
        asked.append(seconds)
        clock[0] += min(seconds, 4.0)
        raise Unreachable("silent")

    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(http.Connection, "_sent", sent)
    with pytest.raises(Unreachable):
        http.Connection("http://127.0.0.1:1", "k", sleep=lambda _: None).get("/batches")
    assert asked == [10.0, 6.0, 2.0]


class _Query(BaseHTTPRequestHandler):
    """BigQuery, as far as one query without rows goes."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        job = {"projectId": "p", "jobId": "j", "location": "US"}
        fields = [{"name": name, "type": "STRING"} for name in ("game_date", "coverage_pct")]
        answer = {"jobComplete": True, "jobReference": job, "schema": {"fields": fields}, "rows": [], "totalRows": "0"}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def test_loopback_never_goes_through_a_proxy(regen: Regen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Query)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with serving() as fake:
        fake.say("GET /batches", (200, {"batches": []}))
        emulator = f"http://127.0.0.1:{server.server_port}"
        status = regen("status", COORDINATOR_URL=fake.url)
        coverage = regen("coverage", "2026-01-20", BIGQUERY_EMULATOR_HOST=emulator)
    server.shutdown()
    server.server_close()
    assert status.exit_code == 0, status.output
    assert "no slate on 2026-01-20" in coverage.stderr, coverage.output


def test_doctor_asks_a_silent_coordinator_once(regen: Regen, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def sent(self: http.Connection, method: str, path: str, *_: Any) -> Any:
        asked.append(path)
        raise Unreachable(f"no answer ({self.origin})")

    monkeypatch.setattr(http.Connection, "_sent", sent)
    ended = regen("doctor", "--json", COORDINATOR_URL="http://127.0.0.1:9", BIGQUERY_EMULATOR_HOST="http://127.0.0.1:9")
    rows = {row["what"]: row["state"] for row in json.loads(ended.stdout)}
    assert asked == ["/health", "/ready"]
    assert [rows[name] for name in ("coordinator", "sweep", "outbox", "deadlines")] == ["failed"] * 4
    assert "no answer (the environment)" in ended.stdout
    assert "--url" not in ended.stdout


def test_a_wait_survives_a_coordinator_that_is_away(regen: Regen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES", ())
    running: Any = (200, view(status="running"))
    away: Any = (200, "no json")
    with serving() as fake:
        fake.say(f"GET /batches/{BATCH}", running, *[away] * 6, (200, view(BATCH)))
        assert regen("wait", BATCH, COORDINATOR_URL=fake.url).exit_code == 0


def test_progress_has_phase_elapsed_deadline_and_rows(regen: Regen) -> None:
    """The clock stood at 0:00:00 for ever, and the first frame was 0/0."""
    now = datetime.now(UTC)
    moments = {
        "created_at": (now - timedelta(seconds=75)).isoformat(),
        "deadline": (now + timedelta(minutes=28)).isoformat(),
    }
    with serving() as fake:
        _say(fake, moments)
        said = regen("wait", BATCH, COORDINATOR_URL=fake.url).stderr.splitlines()
    assert said[0].startswith("2026-01-20 running: 4/4 done, 1 failed, 0 skipped; 1:1")
    assert "deadline in 27:" in said[0]
    assert said[1].startswith("2026-01-20 promoting")
    assert said[2] == "2026-01-20: Promoted: new predictions of 3 of 4 players; 21 rows superseded, 21 inserted."


def _say(fake: FakeCoordinator, moments: dict[str, str]) -> None:
    views = [(200, view(BATCH, status, **moments)) for status in ("running", "promoting", "promoted")]
    fake.say(f"GET /batches/{BATCH}", *views)
