"""Spans, by OpenTelemetry: one for each request, one for the message it brought, one for each publishing.

Imported only where `REGEN_TRACING` asks for it. BigQuery's client adds spans of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

GOOGLE = "https://telemetry.googleapis.com/v1/traces"
COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORT_SECONDS = 2.0
"""As long as an answer waits for a collector that does not take its spans."""


class Spans:
    """The spans of this process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("regen")

    @contextmanager
    def server(self, name: str, parent: str | None) -> Iterator[str]:
        """A request; its `traceparent`."""
        with self._span(name, SpanKind.SERVER, _under(parent)) as here:
            yield here

    @contextmanager
    def consumer(self, name: str, parent: str, link: str | None) -> Iterator[str]:
        """A message, in the trace of who published it; `link` is the request that brought it."""
        links = [Link(_context(link))] if link else []
        with self._span(name, SpanKind.CONSUMER, _under(parent), links) as here:
            yield here

    @contextmanager
    def producer(self, name: str, messages: int) -> Iterator[str]:
        """Publishing, within what is under way."""
        with self._span(name, SpanKind.PRODUCER) as here:
            trace.get_current_span().set_attribute("messaging.batch.message_count", messages)
            yield here

    def annotate(self, facts: Mapping[str, Any]) -> None:
        """Write what is known onto the span that is under way."""
        span = trace.get_current_span()
        for name, value in facts.items():
            if isinstance(value, str | int | float):
                span.set_attribute(f"regen.{name}", value)
        if facts.get("status", 0) >= 500:
            span.set_status(StatusCode.ERROR)

    def flush(self) -> None:
        """Send what has ended; what cannot be sent is lost, and nothing else."""
        self._provider.force_flush()

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, context: Context | None = None, links: list[Link] | None = None
    ) -> Iterator[str]:
        with self._tracer.start_as_current_span(name, context=context, kind=kind, links=links) as span:
            yield _traceparent(span)


def otlp(project: str, service: str, version: str) -> Spans:
    """Spans sent by OTLP over HTTP: to the collector that OpenTelemetry's own variables name, or else to Google's."""
    resource = Resource.create({"service.name": service, "service.version": version, "gcp.project_id": project})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    trace.set_tracer_provider(provider)
    # A span that is lost is no error of regen's, and wakes no engineer.
    for name in ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal"):
        logging.getLogger(name).addFilter(_as_warning)
    return Spans(provider)


def _exporter() -> OTLPSpanExporter:
    if any(name in os.environ for name in COLLECTORS):
        return OTLPSpanExporter(timeout=EXPORT_SECONDS)
    import google.auth  # noqa: PLC0415
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return OTLPSpanExporter(endpoint=GOOGLE, timeout=EXPORT_SECONDS, session=session)


def _as_warning(record: logging.LogRecord) -> bool:
    if record.levelno > logging.WARNING:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _under(parent: str | None) -> Context:
    """The context of a parent elsewhere; without one, that of a new trace."""
    return trace.set_span_in_context(NonRecordingSpan(_context(parent)), Context()) if parent else Context()


def _context(parent: str) -> SpanContext:
    _, trace_id, span_id, flags = parent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _traceparent(span: Span) -> str:
    found = span.get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags & 1:02x}"
