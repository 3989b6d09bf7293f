"""One batch is one trace, from function to function; spans cost nothing until they are asked for."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from regen.domain.values import replace
from regen.ports import Message
from regen.services.state.deps import REQUEST_TOPIC, TRACEPARENT, VERIFY_TOPIC
from regen.web import tracing
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.logs import CloudFormatter
from regen.web.spans import Spans
from support.league import DAY, players
from support.web_bench import KEYED, ROUTERS, Web, envelope, pushed, served, ticked

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Lines(logging.Handler):
    """The lines as Cloud Logging would have them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(json.loads(CloudFormatter("p", "s", "1").format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, str]]]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.seen
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.record(Spans(provider))
    yield exporter
    tracing.record(None)


class Traced(Web):
    """Functions whose ports are wired as a deployment's are; what was published is kept."""

    def __init__(self) -> None:
        super().__init__(players(3))
        self.published: list[tuple[str, Message]] = []
        queue = self.bench.deps.queue
        publish = queue.publish

        def keep(topic: str, messages: list[Message]) -> None:
            self.published += [(topic, m) for m in messages]
            publish(topic, messages)

        queue.publish = keep  # type: ignore[method-assign, assignment]
        self.bench.deps = replace(self.bench.deps, queue=tracing.TracedQueue(queue), trace=tracing.here)
        app = App(self.settings, self.bench.deps, Gatekeeper(self.settings))
        self.apps = {name: served(router(app)) for name, router in ROUTERS.items()}

    def regenerate(self, **headers: str) -> str:
        body = json.dumps({"game_date": DAY.isoformat()}).encode()
        answer = self.call("coordinator", "POST", "/regenerate-with-supersede", body, {**KEYED, **headers})
        return str(json.loads(answer.data)["batch_id"])


def test_one_batch_is_one_trace(lines: list[dict[str, str]]) -> None:
    web = Traced()
    web.regenerate(traceparent=PARENT)
    web.bench.run()
    by_trace = {line["route"] for line in lines if line["trace"] == TRACE}
    assert by_trace >= {"POST /regenerate-with-supersede", "POST /", "POST /verify"}
    assert all(line["logging.googleapis.com/trace"] == f"projects/p/traces/{line['trace']}" for line in lines)
    assert {topic for topic, _ in web.published} >= {REQUEST_TOPIC, VERIFY_TOPIC, "prediction-batch-complete"}
    assert {m.attributes[TRACEPARENT].split("-")[1] for _, m in web.published} == {TRACE}


def test_the_sweep_publishes_in_the_batchs_trace() -> None:
    web = Traced()
    web.regenerate(traceparent=PARENT)
    web.published.clear()
    web.bench.clock.advance(200)
    assert web.call("verifier", "POST", "/sweep", b"{}", ticked()).status_code == 200
    again = [m for topic, m in web.published if topic == REQUEST_TOPIC]
    assert [m.attributes[TRACEPARENT] for m in again] == [PARENT]


@pytest.mark.parametrize(
    "parent", ["", "nonsense", PARENT.upper(), f"00-{'0' * 32}-00f067aa0ba902b7-01", "ff" + PARENT[2:]]
)
def test_a_message_without_a_trace_has_that_of_its_request(parent: str, lines: list[dict[str, str]]) -> None:
    body = envelope({"batch_id": "b", "request_id": "r"}, **{TRACEPARENT: parent})
    other = f"00-{'a' * 32}-{'b' * 16}-01"
    Traced().call("worker", "POST", "/", body, {**pushed(), "traceparent": other})
    assert {line["trace"] for line in lines} == {"a" * 32}


def test_requests_without_a_trace_have_separate_traces(lines: list[dict[str, str]]) -> None:
    web = Traced()
    for _ in range(2):
        web.get("/batches/b1")
    assert len({line["trace"] for line in lines}) == len(lines) == 2
    assert tracing.here() is None


def test_spans_of_a_batch_are_linked(spans: InMemorySpanExporter) -> None:
    web = Traced()
    batch_id = web.regenerate(traceparent=PARENT)
    web.bench.drain()
    found = spans.get_finished_spans()
    (opened,) = _named(found, "POST /regenerate-with-supersede")
    (verified,) = _named(found, "process prediction-verify")
    processed = _named(found, "process prediction-request")
    delivered = _named(found, "POST /")
    assert opened.parent
    assert f"{opened.parent.trace_id:032x}" == TRACE
    # A message's span is in its publisher's trace, and linked to the request that brought it, which has its own.
    for span, request in zip([*processed, verified], [*delivered, *_named(found, "POST /verify")], strict=True):
        assert f"{span.context.trace_id:032x}" == TRACE
        assert span.links[0].context.span_id == request.context.span_id
        assert request.context.trace_id != span.context.trace_id
    assert {s.kind.name for s in _named(found, f"publish {REQUEST_TOPIC}")} == {"PRODUCER"}
    attributes = verified.attributes or {}
    assert (attributes["regen.batch_id"], attributes["regen.outcome"], attributes["regen.status"]) == (
        batch_id,
        "promoted",
        204,
    )


def test_probes_leave_no_span_and_an_error_is_one(spans: InMemorySpanExporter) -> None:
    web = Traced()
    web.call("worker", "GET", "/health")
    assert not spans.get_finished_spans()
    web.bench.store.find = lambda *_, **__: 1 / 0  # type: ignore[method-assign, assignment]
    assert web.get("/batches").status_code == 500
    (span,) = spans.get_finished_spans()
    assert (span.name, span.status.status_code.name) == ("GET /batches", "ERROR")


def _named(spans: tuple[ReadableSpan, ...], name: str) -> list[ReadableSpan]:
    return [s for s in spans if s.name == name]


OFF = """
import sys
import regen.web.coordinator, regen.web.verifier, regen.web.worker
from regen.web import bootstrap, tracing
bootstrap._trace(bootstrap.read_settings({"REGEN_PROJECT": "demo-project"}))
with tracing.handling({}, "GET /"):
    pass
print([m for m in sys.modules if m.startswith("opentelemetry")])
"""
ON = """
import os, sys, time
from regen.web import bootstrap, tracing
from regen.web.logs import set_up
set_up({"K_SERVICE": "regen-worker"})
bootstrap._trace(bootstrap.read_settings({"REGEN_PROJECT": "demo-project", "REGEN_TRACING": "otlp"}))
began = time.monotonic()
with tracing.handling({}, "POST /"):
    tracing.annotate(status=204)
assert time.monotonic() - began < 5
os._exit(0 if sys.stdout.flush() is None else 1)
"""


def _run(code: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_disabled_tracing_imports_no_opentelemetry() -> None:
    assert _run(OFF) == "[]\n"


def test_spans_reach_a_collector_before_the_answer() -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _run(ON, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    ((path, body),) = received
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (path, span.name) == ("/v1/traces", "POST /")
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["gcp.project_id"] == "demo-project"


def test_unreachable_collector_costs_only_its_spans() -> None:
    lines = [json.loads(line) for line in _run(ON, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9").splitlines()]
    assert lines
    assert {line["severity"] for line in lines} <= {"INFO", "WARNING"}
