"""A proxy between the functions and the BigQuery emulator, which names every call and can inject a fault into it."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from acceptance.faults.answers import Answer, Fault, failed_job, known_job, refusal
from acceptance.faults.calls import Call, Calls
from acceptance.faults.holding import Held

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class NoAnswer(Exception):
    """The front resets the caller's connection instead of answering."""


@dataclass
class Rule(Held):
    """A fault for one call: the next call of this statement about this day.

    Attributes:
        after: matching calls to pass on before it.
        call: the call that got the fault; None before.
    """

    statement: str = ""
    day: str = ""
    fault: Fault = Fault.HOLD
    after: int = 0
    call: Call | None = None

    def matches(self, call: Call) -> bool:
        return self.call is None and self.statement == call.statement and self.day in call.days


@dataclass
class BigQueryFront:
    """The proxy.

    Attributes:
        upstream: `host:port` of the emulator; the rig sets it.
        seen: all calls so far, in order.
    """

    upstream: str = ""
    seen: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._calls, self._lock = Calls(), threading.Lock()
        self._rules: list[Rule] = []
        self._failed: dict[str, dict[str, Any]] = {}
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def host(self) -> str:
        """The `host:port` at which it listens."""
        return f"127.0.0.1:{self._server.server_port}"

    def rule(self, statement: str, day: str, fault: Fault, after: int = 0) -> Rule:
        """Inject a fault into one call."""
        rule = Rule(statement=statement, day=day, fault=fault, after=after)
        with self._lock:
            self._rules.append(rule)
        return rule

    def statements(self, day: str, since: int = 0) -> list[str]:
        """The names of the calls about a day, in order."""
        with self._lock:
            return [call.statement for call in self.seen[since:] if day in call.days]

    def release(self) -> None:
        """Drop all held calls and inject no more faults."""
        with self._lock:
            for rule in self._rules:
                rule.drop()
            self._rules.clear()

    def close(self) -> None:
        """Drop all held calls and stop listening."""
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes, port: int) -> Answer:
        """Answer one call as the emulator does, or with the fault of a rule.

        Raises:
            NoAnswer: the connection is to be reset.
        """
        call = self._calls.of(method, path, body, port)
        rule = self._matching_rule(call)
        if call.job in self._failed:
            return known_job(self._failed[call.job], call)
        if rule is None:
            return self._forward(method, path, headers, body)
        rule.port = call.port
        if rule.fault is Fault.RESET:
            rule.reached.set()
            raise NoAnswer
        if answer := refusal(rule.fault):
            rule.reached.set()
            return answer
        if job := failed_job(rule.fault, call):
            self._failed[call.job] = job
            rule.reached.set()
            return known_job(job, Call(f"{call.statement} again", call.days, call.job, port, {}))
        if rule.fault is Fault.HOLD and not rule.hold():
            raise NoAnswer
        answer = self._forward(method, path, headers, body)
        if rule.fault is Fault.LOST:
            rule.reached.set()
            raise NoAnswer
        if rule.fault is Fault.HOLD_ANSWER and not rule.hold():
            raise NoAnswer
        return answer

    def _matching_rule(self, call: Call) -> Rule | None:
        with self._lock:
            self.seen.append(call)
            for rule in self._rules:
                if rule.matches(call):
                    if rule.after == 0:
                        rule.call = call
                        return rule
                    rule.after -= 1
        return None

    def _forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.upstream, timeout=120)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            return answer.status, kept, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, front: BigQueryFront) -> None:
        self.front = front
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore broken connections: the tests kill callers on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        port = int(self.client_address[1])
        try:
            status, kept, content = self.server.front.answer(self.command, self.path, headers, body, port)
        except NoAnswer:
            # Send a reset instead of an orderly end of the connection.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(status)
        for name, value in kept.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""
