"""The console over the in-memory functions, served on loopback, and a headless Chromium that looks at it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from regen.console.app import application
from regen.console.security import LinkGate
from regen.console.sources import CoordinatorOrders
from support.console_bench import ConsoleBench

CHROMIUM = ("chromium", "chromium-headless-shell", "google-chrome")


class Served(ConsoleBench):
    """A console at an address; a thread delivers messages, as Pub/Sub does."""

    def __init__(self) -> None:
        super().__init__(players_per_request=50)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        # Before the thread runs: a browser that is early waits instead of being refused.
        self._socket.listen()
        port = self._socket.getsockname()[1]
        self.gate = LinkGate(port, "olga")
        self.url = f"http://127.0.0.1:{port}"
        app = application(self.site, CoordinatorOrders(self.coordinator), self.gate)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        self._ended = threading.Event()
        #: While it is set, messages are delivered.
        self.flowing = threading.Event()
        self.flowing.set()
        self._threads = [
            threading.Thread(target=self._serve, daemon=True),
            threading.Thread(target=self._pump, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._server.should_exit = True
        for thread in self._threads:
            thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run([self._socket])

    def _pump(self) -> None:
        while not self._ended.wait(0.05):
            self.bench.clock.advance(0.05)
            if self.flowing.is_set():
                self.bench.drain()


@pytest.fixture
def served() -> Iterator[Served]:
    console = Served()
    console.start()
    yield console
    console.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert found, "no Chromium: `make test-browser` installs it, or says what is missing"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: violations of the policy, errors of the script."""
    return []


@pytest.fixture
def page(served: Served, chromium: Any, complaints: list[str]) -> Iterator[Any]:
    """A page that has opened the link."""
    context = chromium.new_context(viewport={"width": 1040, "height": 900})
    context.set_default_timeout(60_000)  # other tests may run beside it
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served.gate.link)
    yield page
    context.close()
