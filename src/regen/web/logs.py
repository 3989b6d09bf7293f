"""Logs: one JSON object a line on Cloud Run, readable text at a terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))
CONTEXT_FIELDS = (
    "batch_id",
    "game_date",
    "request_id",
    "round",
    "event_id",
    "route",
    "trace",
    "action",
    "outcome",
    "served",
    "requested",
    "produced",
    "coverage_pct",
)


@contextmanager
def log_context(**fields: str | None) -> Iterator[None]:
    """Add fields to every record until the block ends; two requests in two threads keep apart (I-62)."""
    token = _context.set({**_context.get(), **{k: v for k, v in fields.items() if v}})
    try:
        yield
    finally:
        _context.reset(token)


def add_context(**fields: str | None) -> None:
    """Add fields for the rest of the enclosing `log_context`."""
    _context.set({**_context.get(), **{k: v for k, v in fields.items() if v}})


def context_fields() -> Mapping[str, str]:
    """The fields that a record made now would have."""
    return _context.get()


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The record's own fields over those of the context."""
    own = {k: getattr(record, k) for k in CONTEXT_FIELDS if hasattr(record, k)}
    return {**_context.get(), **own}


class CloudFormatter(logging.Formatter):
    """What Cloud Logging understands; a traceback in `stack_trace` reaches Error Reporting."""

    def __init__(self, project: str, service: str, revision: str) -> None:
        super().__init__()
        self._project = project
        self._service = {"service": service, "version": revision}

    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        line: dict[str, Any] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
            **fields,
        }
        if trace := fields.get("trace"):
            line["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace}"
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
            line["serviceContext"] = self._service
        return json.dumps(line, default=str)


class TerminalFormatter(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{k}={v}" for k, v in fields_of(record).items() if k != "trace")
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        text = f"{moment} {record.levelname:7} {record.getMessage()}" + (f"  [{fields}]" if fields else "")
        return text + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class _Stdout(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever stdout is now: the framework redirects it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


def set_up(environ: Mapping[str, str]) -> None:
    """Give the root logger its one handler (the framework leaves it at WARNING)."""
    handler = _Stdout()
    if "K_SERVICE" in environ:
        project, service = environ.get("REGEN_PROJECT", ""), environ["K_SERVICE"]
        handler.setFormatter(CloudFormatter(project, service, environ.get("K_REVISION", "")))
    else:
        handler.setFormatter(TerminalFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
