"""A function behind the real server, started as in a deployment, and callers over raw sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regen.web.connection import HEAD_SECONDS
from support.emulators import free_port
from support.polling import wait_until
from support.web_bench import environment

TESTS = Path(__file__).parents[1]
OURS = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
"""Where the function finds the code: in this checkout, also where the environment has another one installed."""
THREADS = 8
"""Threads of a function, as `functions.coordinator.concurrency` in Terraform sets them."""


@dataclass(frozen=True)
class Door:
    """A running function."""

    port: int

    def connect(self, seconds: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def ask(self, path: str, seconds: float = 30) -> Any:
        """GET a path over a new connection; return the JSON."""
        with self.connect(seconds) as one:
            one.sendall(request("GET", path))
            return json.loads(read_answer(one).partition(b"\r\n\r\n")[2])


def request(method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode()


def read_answer(one: socket.socket) -> bytes:
    """Read an answer: its head, and the body of the announced length."""
    data = b""
    while b"\r\n\r\n" not in data and (more := one.recv(65536)):
        data += more
    head = data.partition(b"\r\n\r\n")[0].lower()
    length = int(head.partition(b"content-length:")[2].split()[0]) if b"content-length:" in head else 0
    while len(data) < len(head) + 4 + length and (more := one.recv(65536)):
        data += more
    return data


def seconds_until_closed(one: socket.socket, seconds: float) -> float:
    """Wait until the server closes the connection; return the seconds, `seconds + 1` if it does not."""
    began = time.monotonic()
    one.settimeout(seconds)
    try:
        while one.recv(65536):
            pass
    except TimeoutError:
        return seconds + 1
    except OSError:
        pass
    return time.monotonic() - began


@contextmanager
def serving(door: str, head_seconds: float = HEAD_SECONDS) -> Iterator[Door]:
    """Run one function behind functions-framework and gunicorn; a test's callers may have less time for a head."""
    port = free_port()
    argv = [str(Path(sys.executable).parent / "functions-framework"), "--target", "main", "--signature-type", "http"]
    argv += ["--source", str(TESTS / "fixtures" / "doors" / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    certs = environment()["REGEN_OIDC_CERTS_URL"]
    env = {**os.environ, "PYTHONPATH": OURS, "DOOR": door, "THREADS": str(THREADS), "TEST_CERTS": certs}
    env["HEAD_SECONDS"] = str(head_seconds)
    with ExitStack() as stack:
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        stack.callback(process.wait)
        stack.callback(process.terminate)

        def answers() -> bool:
            assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
            try:
                return bool(Door(port).ask("/health"))
            except (OSError, ValueError):
                return False

        wait_until(answers, 60, f"the {door} to answer")
        yield Door(port)
