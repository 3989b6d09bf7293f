"""A function behind the real server, started as it is deployed, and callers with sockets of their own."""

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

from support.emulators import free_port
from support.polling import wait_until
from support.web_bench import environment

TESTS = Path(__file__).parents[1]
THREADS = 8
"""As `functions.coordinator.concurrency` in Terraform deploys them."""


@dataclass(frozen=True)
class Door:
    """One function that serves."""

    port: int

    def connect(self, seconds: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def ask(self, path: str, seconds: float = 30) -> Any:
        """GET a path with a connection of its own; its JSON."""
        with self.connect(seconds) as one:
            one.sendall(request("GET", path))
            return json.loads(read_answer(one).partition(b"\r\n\r\n")[2])


def request(method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode()


def read_answer(one: socket.socket) -> bytes:
    """The answer: its head, and as much of a body as it announces."""
    data = b""
    while b"\r\n\r\n" not in data and (more := one.recv(65536)):
        data += more
    head = data.partition(b"\r\n\r\n")[0].lower()
    length = int(head.partition(b"content-length:")[2].split()[0]) if b"content-length:" in head else 0
    while len(data) < len(head) + 4 + length and (more := one.recv(65536)):
        data += more
    return data


def ends(one: socket.socket, seconds: float) -> float:
    """After how long the other side ended the connection; more than that, if it did not."""
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
def serving(door: str) -> Iterator[Door]:
    """One function, behind functions-framework and gunicorn."""
    port = free_port()
    argv = [str(Path(sys.executable).parent / "functions-framework"), "--target", "main", "--signature-type", "http"]
    argv += ["--source", str(TESTS / "fixtures" / "doors" / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    certs = environment()["REGEN_OIDC_CERTS_URL"]
    env = {**os.environ, "PYTHONPATH": str(TESTS), "DOOR": door, "THREADS": str(THREADS), "TEST_CERTS": certs}
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
