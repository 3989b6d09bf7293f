"""Google's emulators as processes for tests."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regen.local.emulators import Emulators
from support.polling import wait_until


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


@contextmanager
def running(argv: list[str], port: int, log: Path) -> Iterator[str]:
    """Run an emulator during the block; yield its `host:port`."""
    with log.open("wb") as sink:
        process = subprocess.Popen(argv, stdout=sink, stderr=subprocess.STDOUT, env={"PATH": os.environ["PATH"]})
        try:
            wait_until(lambda: answers(port) or process.poll() is not None, 60, f"port {port}")
            assert process.poll() is None, log.read_text()[-2000:]
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def firestore(emulators: Emulators, home: Path) -> Iterator[str]:
    port = free_port()
    with running(emulators.firestore(port, free_port(), home), port, home / "firestore.log") as host:
        yield host


@contextmanager
def pubsub(emulators: Emulators, home: Path) -> Iterator[str]:
    port = free_port()
    with running(emulators.pubsub(port, home), port, home / "pubsub.log") as host:
        yield host
