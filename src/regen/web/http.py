"""Routes and problems: a function receives every path and every method, so both are ours."""

from __future__ import annotations

import io
import logging
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import msgspec
from flask import Request, Response
from msgspec import UNSET, Struct, structs

from regen.api.forms import Record, text
from regen.api.health import Problem
from regen.domain.errors import (
    AccessDenied,
    AlertRefused,
    Conflict,
    Defect,
    FenceLost,
    Gone,
    InsufficientData,
    InvalidInput,
    KeyReused,
    ModelUnavailable,
    NobodyRequested,
    NoSlate,
    NoSuchBackfill,
    NoSuchBatch,
    NotFound,
    PromotionAborted,
    RateLimited,
    Refused,
    RegenError,
    TableMissing,
    Unavailable,
    Unreadable,
)
from regen.domain.texts import checked_text
from regen.web import tracing
from regen.web.body_reading import BodyTooLarge, BodyTooSlow, PushBody, drain, json_object, read_body, read_push
from regen.web.callers import Caller, Forbidden
from regen.web.connection import hang_up, has_body
from regen.web.logs import log_context
from regen.web.queries import check_query
from regen.web.tokens import Unauthenticated

log = logging.getLogger(__name__)
PROBES = frozenset({"/health", "/ready"})
PROVEN = "regen.caller_is_proven"


class Call(Struct, frozen=True):
    """One request, its caller checked.

    Attributes:
        path: the variable parts of the path, by name.
        caller: None on a route that is open to anybody.
    """

    request: Request
    path: Mapping[str, str]
    caller: Caller | None

    @property
    def caller_name(self) -> str:
        """The caller for the audit."""
        return self.caller.name if self.caller else "anybody"

    @property
    def person(self) -> str | None:
        """The person behind the caller, for the audit."""
        return self.caller.on_behalf_of if self.caller else None

    def body(self) -> bytes:
        """The body, at most 1 MiB.

        Raises:
            BodyTooLarge: it is longer.
        """
        return read_body(self.request)

    def push(self) -> PushBody:
        """The body of a push, of any size that Pub/Sub sends.

        Raises:
            BodyTooLarge: it is longer than that.
        """
        return read_push(self.request)

    def json(self) -> Record:
        """The body as a JSON object; an empty body is an empty one.

        Raises:
            InvalidInput: it is anything else.
        """
        data = self.body()
        return json_object(data, "body") if data.strip() else {}

    def query(self, name: str) -> str | None:
        """A parameter of the query string.

        Raises:
            InvalidInput: it holds what no text may hold.
        """
        value: str | None = self.request.args.get(name)
        return None if value is None else checked_text(value, name)

    def url(self, path: str) -> str:
        """The address of another of our routes, as the caller sees it."""
        scheme = "https" if self.request.headers.get("X-Forwarded-Proto") == "https" else self.request.scheme
        return f"{scheme}://{self.request.host}{path}"


Reply = tuple[int, msgspec.Struct | None]


class Route(Struct, frozen=True, dict=True):
    """A method and path (`/batches/{id}`), who may call it, and what it does.

    Attributes:
        query: the query parameters that it reads; every other is refused.
        from_platform: whether the platform adds query parameters of its own.
    """

    method: str
    path: str
    check: Callable[[Mapping[str, str]], Caller] | None
    handle: Callable[[Call], Reply]
    query: frozenset[str] = frozenset()
    from_platform: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Fits the paths of this route; its groups are the parameters."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


#: error -> (problem type, status, title); the first that fits counts.
PROBLEMS: Sequence[tuple[type[RegenError], str, int, str]] = (
    (BodyTooLarge, "body-too-large", 413, "Body too large"),
    (BodyTooSlow, "body-too-slow", 408, "Body too slow"),
    (InvalidInput, "invalid-input", 400, "Invalid input"),
    (Unauthenticated, "unauthenticated", 401, "Unauthenticated"),
    (Forbidden, "forbidden", 403, "Forbidden"),
    (NoSlate, "no-slate", 404, "No slate"),
    (NobodyRequested, "nobody-requested", 404, "Nobody is requested"),
    (NoSuchBatch, "no-such-batch", 404, "No such batch"),
    (NoSuchBackfill, "no-such-backfill", 404, "No such backfill"),
    (NotFound, "not-found", 404, "Not found"),
    (Gone, "gone", 410, "Gone"),
    (Refused, "refused", 409, "Refused"),
    (KeyReused, "idempotency-key-reused", 422, "Idempotency key reused"),
    (Conflict, "conflict", 503, "Too many writers at once"),
    (RateLimited, "rate-limited", 503, "A dependency asks to slow down"),
    (AccessDenied, "access-denied", 503, "A dependency refuses regen's account"),
    (TableMissing, "table-missing", 503, "A table is missing at this moment"),
    (Unreadable, "unreadable", 503, "A record that this version cannot read"),
    (ModelUnavailable, "model-unavailable", 503, "A model is not in its store, or cannot be run here"),
    (AlertRefused, "alert-refused", 503, "The webhook does not take an alert"),
    (Unavailable, "unavailable", 503, "A dependency does not answer"),
    (FenceLost, "fence-lost", 500, "A later owner has the date"),
    (PromotionAborted, "promotion-aborted", 500, "The promotion was aborted"),
    (InsufficientData, "insufficient-data", 500, "A player cannot be predicted"),
    (Defect, "internal", 500, "Internal error"),
)


def problem(status: int, kind: str, title: str, detail: str, **more: str | None) -> Response:
    """An RFC 9457 problem; of a 5xx, `instance` is the trace under which the log has it."""
    said = Problem(type=f"urn:regen:problem:{kind}", title=title, status=status, detail=detail, **_known(more))
    if status >= 500:
        said = structs.replace(said, instance=tracing.trace_id() or UNSET)
    return Response(text(said), status, content_type="application/problem+json")


def _known(more: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in more.items() if value is not None}


def problem_response(error: RegenError) -> Response:
    """The problem that an error is to its caller."""
    for kind, slug, status, title in PROBLEMS:
        if isinstance(error, kind):
            response = problem(status, slug, title, _detail(error, status), **_more(error, status))
            if status == 503:
                response.headers["Retry-After"] = "10"
            if status == 401:
                response.headers["WWW-Authenticate"] = "Bearer"
            return response
    return internal(error.dependency)


def internal(dependency: str | None = None) -> Response:
    """The problem of an unexpected error: its text stays inside."""
    return problem(500, "internal", "Internal error", _inside(dependency), dependency=dependency)


def _detail(error: RegenError, status: int) -> str:
    """The error's text, with the service that it came from; what regen itself got wrong stays inside."""
    if status == 500:
        return _inside(error.dependency)
    named = error.dependency is None or error.dependency in str(error)
    return str(error) if named else f"{error.dependency}: {error}"


def _inside(dependency: str | None) -> str:
    return f"{dependency or 'regen'} failed in a way that no repeat mends: the log has it under the trace of `instance`"


def _more(error: RegenError, status: int) -> dict[str, str | None]:
    if isinstance(error, InvalidInput):
        return {"field": error.field, "expected": error.expected}
    if isinstance(error, Refused):
        return {"batch_id": error.batch_id}
    return {"dependency": error.dependency} if status >= 500 else {}


class Router:
    """Finds the route, checks the caller, answers."""

    def __init__(
        self,
        routes: Sequence[Route],
        totals: Callable[[], Mapping[str, int]] = dict,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        """With `totals`, each log line says what this process has used so far; `pulse` follows what went well."""
        self.routes = routes
        self._totals = totals
        self._pulse = pulse

    def __call__(self, request: Request) -> Response:
        """Answer one request; no error leaves without a problem, and every call but the probes leaves one log line."""
        started = time.perf_counter()
        path = _printable(request.path)
        probe = request.path in PROBES
        with (
            log_context(route=f"{request.method} {path}"),
            tracing.handling(request.headers, self._name(request), quietly=probe),  # type: ignore[arg-type]
        ):
            response = self._safely(request)
            if not probe and response.status_code < 400:
                self._pulse()
            _settle(request, response)
            tracing.annotate(status=response.status_code)
            if not probe:
                seconds = round(time.perf_counter() - started, 4)
                more = {"status": response.status_code, "seconds": seconds, "pid": os.getpid(), **self._totals()}
                log.info("%s %s: %d", request.method, path, response.status_code, extra={"served": more})
            return response

    def _name(self, request: Request) -> str:
        """The route, by its template: of these there are few."""
        found = (r.path for r in self.routes if r.pattern.fullmatch(request.path))
        return f"{request.method} {next(found, 'no route')}"

    def _safely(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except RegenError as error:
            response = problem_response(error)
            if response.status_code >= 500:
                # Pub/Sub, the sweep or the caller will retry.
                log.warning("%s: %s", type(error).__name__, error, exc_info=response.status_code == 500)
            return response
        except Exception:
            log.exception("unexpected error")
            return internal()

    def _answer(self, request: Request) -> Response:
        allowed: list[str] = []
        method = "GET" if request.method == "HEAD" else request.method
        for route in self.routes:
            if not (match := route.pattern.fullmatch(request.path)):
                continue
            if route.method != method:
                allowed += ["GET", "HEAD"] if route.method == "GET" else [route.method]
                continue
            caller = route.check(request.headers) if route.check else None  # type: ignore[arg-type]
            if caller and not caller.may_act and method != "GET":
                raise Forbidden(
                    f"{caller.on_behalf_of or caller.name} may look, and give no orders: console_operators and refit_uses "
                    "say who may"
                )
            request.environ[PROVEN] = caller is not None
            check_query(request, route.query, from_platform=route.from_platform)
            status, body = route.handle(Call(request, match.groupdict(), caller))
            if body is None:
                return Response(status=status)
            return Response(text(body), status, content_type="application/json")
        if allowed:
            response = problem(405, "method-not-allowed", "Method not allowed", f"use {', '.join(allowed)}")
            response.headers["Allow"] = ", ".join(allowed)
            return response
        return problem(404, "not-found", "Not found", f"no route {_printable(request.path)}")


def serve(router: Callable[[], Router], request: Request) -> Response:
    """Answer one request, also where the router cannot be made: a function without its settings or rights."""
    try:
        made = router()
    except Exception:
        log.exception("the function cannot be set up")
        response = internal()
        _settle(request, response)
        return response
    return made(request)


def _settle(request: Request, response: Response) -> None:
    """See to what is left of the body: of a caller who is not proven nothing is read, and others have their time."""
    late = response.status_code == 408
    if has_body(request) and (late or not request.environ.get(PROVEN) or not drain(request)):
        hang_up(request, response)
    # The framework reads what it finds after the answer: of any size, with no limit of time, into memory.
    request.stream = io.BytesIO()


def _printable(path: str) -> str:
    """A path that makes one line of a log, and not a long one."""
    return "".join(c if c.isprintable() else "?" for c in path[:300])
