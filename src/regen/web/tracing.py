"""Traces: which request a log line belongs to, from function to function; and spans, if a deployment asks for them.

Every message carries the W3C `traceparent` of what was being handled when it was published, under the name that Google's
own clients use. Without `REGEN_TRACING` that is all, and OpenTelemetry is not imported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from regen.domain.values import replace
from regen.ports import Message, Queue
from regen.services.state.deps import TRACEPARENT
from regen.web.logs import add_context, context_fields, log_context

if TYPE_CHECKING:
    from regen.web.spans import Spans

_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_CLOUD = re.compile(r"([0-9a-f]{32})(?:/(\d{1,20}))?(?:;o=([01]))?")

_here: ContextVar[str | None] = ContextVar("traceparent", default=None)
_open: ContextVar[ExitStack | None] = ContextVar("open_spans", default=None)
_spans: Spans | None = None


def record(spans: Spans | None) -> None:
    """Record spans from now on; None: none."""
    global _spans  # noqa: PLW0603 - of the process, like the root logger
    _spans = spans


def here() -> str | None:
    """The `traceparent` of what is being handled."""
    return _here.get()


def trace_id() -> str | None:
    """The trace of what is being handled, as its log lines have it."""
    return _trace_of(here())


@contextmanager
def handling(headers: Mapping[str, str], name: str, *, quietly: bool = False) -> Iterator[None]:
    """One request: log lines have its trace, and so has what it publishes, until a message names another (`adopt`).

    Args:
        quietly: leave no span.
    """
    parent = _given(headers)
    token = _here.set(parent or f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00")
    with log_context(trace=_trace_of(here())), ExitStack() as flushed:
        try:
            if _spans is None or quietly:
                yield
                return
            flushed.callback(_spans.flush)  # before the answer: afterwards the instance sleeps
            with ExitStack() as spans:
                opened = _open.set(spans)
                spans.callback(_open.reset, opened)
                _enter(spans, _spans.server(name, parent))
                yield
        finally:
            _here.reset(token)


def adopt(attributes: Mapping[str, str], name: str) -> None:
    """The request brought a message: the rest of its handling belongs to the trace that published it."""
    parent = attributes.get(TRACEPARENT, "")
    if not _valid(parent):
        return
    spans, request = _open.get(), here()
    _here.set(parent)
    if _spans and spans:
        _enter(spans, _spans.consumer(name, parent, link=request))
    add_context(trace=_trace_of(parent))


def annotate(**more: Any) -> None:  # noqa: ANN401 - attributes of a span
    """What is known of the request in the end, for its spans."""
    if _spans and _open.get():
        _spans.annotate({**context_fields(), **more})


class TracedQueue:
    """A queue whose messages carry the trace that they were published in, unless they have one of their own."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """As `Queue.publish`."""
        span: AbstractContextManager[str | None] = nullcontext(here())
        if _spans and _open.get():
            span = _spans.producer(f"publish {topic}", len(messages))
        with span as parent:
            own = {TRACEPARENT: parent} if parent else {}
            self._queue.publish(topic, [replace(m, attributes={**own, **m.attributes}) for m in messages])

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the counters of whatever queue it is
        return getattr(self._queue, name)


def _enter(stack: ExitStack, span: AbstractContextManager[str]) -> None:
    _here.set(stack.enter_context(span))
    add_context(trace=_trace_of(here()))


def _given(headers: Mapping[str, str]) -> str | None:
    """The trace that the request is part of, if it names one; on Cloud Run the platform sees to it."""
    if _valid(parent := headers.get("traceparent", "")):
        return parent
    found = _CLOUD.fullmatch(headers.get("X-Cloud-Trace-Context", ""))
    if not found:
        return None
    span = int(found[2] or 0) % 2**64 or 1
    parent = f"00-{found[1]}-{span:016x}-0{found[3] or 0}"
    return parent if _valid(parent) else None


def _valid(parent: str) -> bool:
    found = _PARENT.fullmatch(parent)
    return found is not None and int(found[1], 16) != 0 and int(found[2], 16) != 0 and not parent.startswith("ff")


def _trace_of(parent: str | None) -> str | None:
    return parent.split("-")[1] if parent else None
