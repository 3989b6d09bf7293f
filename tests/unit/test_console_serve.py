"""`regen console` as a process: it prints a link, serves loopback, says where it cannot, ends at Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from regen.cli.console import made
from regen.cli.session import Session
from regen.cli.settings import Given
from regen.client.coordinator import Coordinator
from regen.client.reader import Reader
from regen.console.serve import LoopbackConsole, target_of
from regen.domain.values import Secret
from support.fake_coordinator import FakeCoordinator, serving, view


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        fake.say("GET /batches", (200, {"batches": [view()], "next": None}))
        fake.say("GET /ready", (200, {"status": "ready", "version": "v", "firestore": "ok", "bigquery": "ok"}))
        yield fake


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """However the test goes on."""
    try:
        yield
    finally:
        process.kill()


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()))


def test_the_command_prints_a_link_that_serves(fake: FakeCoordinator, tmp_path: Path) -> None:
    # What answers as BigQuery knows no query: the page says so, and shows the rest.
    env = {"PATH": os.environ["PATH"], "COORDINATOR_URL": fake.url, "API_KEY": "k", "REGEN_LOCAL_HOME": str(tmp_path)}
    env |= {"BIGQUERY_EMULATOR_HOST": fake.url, "REGEN_CONFIG": str(tmp_path / "c"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", "from regen.cli.main import main; main()", "console"]
    with (
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        _ended(process),
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        link = re.fullmatch(r"console: (http://127\.0\.0\.1:\d+/\?token=\S+)\n", line)
        assert link, line
        with _opener().open(link[1], timeout=60) as answer:
            assert answer.status == 200
            assert "token" not in answer.url
        with pytest.raises(urllib.error.HTTPError, match="403"):
            _opener().open(link[1], timeout=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in {0, 130, -signal.SIGINT}
        assert process.stderr is not None
        assert "token" not in process.stderr.read()


def test_a_console_beside_other_work_ends_with_it(fake: FakeCoordinator) -> None:
    reader = Reader("a-project", fake.url)
    target = target_of(fake.url, "a-project", is_local=True)
    console = LoopbackConsole(Coordinator(fake.url, "k", pauses=()), reader, target)
    console.start()
    port = console.gate.port
    with _opener().open(console.link, timeout=60) as answer:
        assert b"regen_2026-01-20_test_1" not in answer.read()  # promoted long ago: nothing needs a person
    console.stop()
    with socket.socket() as free:
        # Ended connections may linger; one that listens would still be in the way.
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_the_target_is_said_by_the_address() -> None:
    session = Session(Given(project="prod", url="https://regen.example", key=Secret("k")))
    console = made(session)
    assert console.link.startswith("http://127.0.0.1:")
    console.stop()
    assert target_of("https://regen.example", "prod", is_local=False).words == "prod at https://regen.example"
    assert target_of("http://127.0.0.1:1", "prod", is_local=True).words == "LOCAL STACK"


def test_a_link_to_the_logs_only_where_they_are_in_the_cloud() -> None:
    target = target_of("https://regen.example", "prod", is_local=False)
    assert target.logs_of("b1") == (
        "https://console.cloud.google.com/logs/query;query=jsonPayload.batch_id%3D%22b1%22?project=prod"
    )
    assert target_of("http://127.0.0.1:1", "prod", is_local=True).logs_of("b1") is None
