"""The console as an ASGI application: the gate first, then a page."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regen.client.errors import OperatorError, Problem
from regen.console import rendering
from regen.console.acts import pages as acts
from regen.console.acts.declared import ACTS
from regen.console.pages import backfills, batches, board, dates, others
from regen.console.ports import Orders
from regen.console.rendering import NEVER, Page
from regen.console.security import HEADERS, SAFE, Denied, Gate, Person, check_host, check_origin
from regen.console.site import Asked, NoSuchPage, Site
from regen.domain.errors import RegenError

MAX_FORM_BYTES = 256 * 1024
ASSETS = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
PAGES: Mapping[str, Callable[[Site, Asked], Page]] = {
    "/": board.board,
    "/dates": dates.month,
    "/dates/{date}": dates.game_date,
    "/dates/{date}/slate": dates.slate,
    "/batches/{batch}": batches.batch,
    "/batches/{batch}/moves": batches.batch_moves,
    "/backfills": backfills.backfills,
    "/backfills/{backfill}": backfills.backfill,
    "/players/{player}": others.player,
    "/late-data": others.late_data,
    "/checks": others.checks,
    "/alerts": others.alerts,
    "/accuracy": others.accuracy,
}
NAVIGATION = (
    ("board", "/", "Board"),
    ("dates", "/dates", "Dates"),
    ("backfills", "/backfills", "Backfills"),
    ("late", "/late-data", "Late data"),
    ("checks", "/checks", "Checks"),
    ("alerts", "/alerts", "Signs of life"),
    ("accuracy", "/accuracy", "Accuracy"),
)


def application(site: Site, orders: Orders, gate: Gate, scheme: str = "http") -> ASGIApp:
    """The console.

    Args:
        scheme: of its address, as a browser sees it.
    """
    handler = _Handler(site, orders)
    routes = [
        Route("/static/{name}", handler.static),
        Route("/search", handler.search),
        *(Route(path, handler.page(page)) for path, page in PAGES.items()),
        Route("/acts/{word}", handler.act, methods=["GET", "POST"]),
    ]
    inner = Starlette(routes=routes, exception_handlers={404: handler.no_page, 405: handler.no_page})
    return Guard(inner, gate, scheme, handler)


class _Handler:
    def __init__(self, site: Site, orders: Orders) -> None:
        self._site, self._orders = site, orders

    def page(self, make: Callable[[Site, Asked], Page]) -> Callable[[Request], Response]:
        """A route that shows."""

        def handle(request: Request) -> Response:
            return self._shown(request, lambda: make(self._site, _asked(request)))

        return handle

    async def act(self, request: Request) -> Response:
        """The route of an order: the page before it, and the order."""
        if request.method != "POST":
            return await run_in_threadpool(
                self._shown, request, lambda: acts.act_page(self._site, self._orders, _asked(request))
            )
        try:
            body = await _body(request)
        except Denied as error:
            return self.denied(request, error)
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        given = await run_in_threadpool(self._given, request, form)
        if isinstance(given, acts.Moved):
            # 303: a reload of the page that follows sends nothing again.
            return RedirectResponse(given.where, 303)
        return self._answered(request, given)

    def _given(self, request: Request, form: Mapping[str, str]) -> Page | acts.Moved:
        try:
            return acts.give(self._site, self._orders, _asked(request), form)
        except (OperatorError, RegenError) as error:
            return _problem_page(error)

    def static(self, request: Request) -> Response:
        """A file of our own; its address has its hash, so a browser may keep it."""
        name = request.path_params["name"]
        if name not in ASSETS:
            return self.no_page(request, NoSuchPage(name))
        content, version = rendering.asset(name)
        kept = "public, max-age=31536000, immutable" if request.query_params.get("v") == version else "no-cache"
        return Response(content, headers={"Cache-Control": kept}, media_type=ASSETS[name])

    def search(self, request: Request) -> Response:
        """From an id, a date or a player's name to its page."""
        text = request.query_params.get("q", "").strip()
        if text.startswith("backfill_"):
            where = f"/backfills/{quote(text, safe='')}"
        elif text.startswith(("batch_", "regen_")):
            where = f"/batches/{quote(text, safe='')}"
        elif text[:1].isdigit():
            where = f"/dates/{quote(text, safe='')}"
        else:
            where = f"/players/{quote(text, safe='')}" if text else "/"
        return RedirectResponse(where, 303)

    def no_page(self, request: Request, error: Exception) -> Response:
        """The answer to an address that is none of ours."""
        return self._answered(request, _problem_page(NoSuchPage(f"no page {request.url.path[:100]}")))

    def denied(self, request: Request, error: Denied) -> Response:
        """The answer to one who is not let in."""
        return self._answered(request, _problem_page(error))

    def _shown(self, request: Request, make: Callable[[], Page]) -> Response:
        try:
            page = make()
        except (OperatorError, RegenError) as error:
            page = _problem_page(error)
        return self._answered(request, page)

    def _answered(self, request: Request, page: Page) -> Response:
        is_fragment = request.headers.get("x-regen-fragment") == "main"
        known = request.headers.get("if-none-match")
        person: Person | None = request.scope.get("person")
        frame = {"target": self._site.target, "navigation": NAVIGATION, "person": person, "acts_known": ACTS}
        return rendering.answer(page, frame, fragment=is_fragment, known=known)


def _problem_page(error: Exception) -> Page:
    """What went wrong, where, and what to do."""
    status, next_ = 404, "look at the board"
    if isinstance(error, Denied):
        status, next_ = error.status, error.next
    elif isinstance(error, Problem):
        status, next_ = error.status, acts.NEXT.get(error.status, "see the coordinator's log under the trace")
    elif not isinstance(error, NoSuchPage):
        status = 400 if isinstance(error, OperatorError) else 404
    return Page(
        "problem.html", f"{status}", {"says": str(error), "next": next_, "code": status, "stale": []}, NEVER, "", status
    )


def _asked(request: Request) -> Asked:
    return Asked(request.path_params, dict(request.query_params), request.scope["person"])


async def _body(request: Request) -> bytes:
    """The form, of bounded size.

    Raises:
        Denied: it is larger.
    """
    parts: list[bytes] = []
    async for part in request.stream():
        parts.append(part)
        if sum(map(len, parts)) > MAX_FORM_BYTES:
            raise Denied(413, "the form is too large", "send the form from the console's page")
    return b"".join(parts)


class Guard:
    """The first thing that sees a request: host, origin, session; and the last that sees an answer: headers, gzip."""

    def __init__(self, inner: ASGIApp, gate: Gate, scheme: str, handler: _Handler) -> None:
        self._inner, self._gate, self._scheme, self._handler = inner, gate, scheme, handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._inner(scope, receive, send)
            return
        request = Request(scope, receive)
        began = time.perf_counter()
        sending = _Sending(send, zipped="gzip" in request.headers.get("accept-encoding", ""), began=began)
        try:
            # In a thread: a gate may have to fetch keys.
            response = await run_in_threadpool(self._refused_or_moved, request)
            if response is None:
                await self._inner(scope, receive, sending)
                return
        except Denied as error:
            response = self._handler.denied(request, error)
        await response(scope, receive, sending)

    def _refused_or_moved(self, request: Request) -> Response | None:
        """An answer that needs no page; None for one who is let in.

        Raises:
            Denied: by the host, the origin, or the session.
        """
        check_host(request.headers, self._gate.hosts)
        check_origin(request.method, request.headers, self._gate.hosts, self._scheme)
        if request.url.path.startswith("/static/"):
            return None
        admitted = self._gate.admit(request.headers, request.url.query)
        if isinstance(admitted, Person):
            request.scope["person"] = admitted
            if request.method in SAFE and "token" in request.query_params:
                return RedirectResponse(_here(request), 303)  # the link again, in the browser that has the session
            return None
        if request.method not in SAFE:
            raise Denied(403, "this browser has no session", "open the console anew, and load the form again")
        return RedirectResponse(_here(request), 303, {"Set-Cookie": admitted})


def _here(request: Request) -> str:
    """The address without the link's token, which stays out of the history and of what is copied; of this host in any case."""
    query = urlencode([(k, v) for k, v in request.query_params.multi_items() if k != "token"])
    path = "/" + quote(request.url.path.lstrip("/"), safe="/")
    return f"{path}?{query}" if query else path


class _Sending:
    """Sends an answer with the security headers, zipped where that is understood."""

    def __init__(self, send: Send, *, zipped: bool, began: float) -> None:
        self._send, self._zipped, self._began = send, zipped, began
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """One message of the answer; it leaves as a whole, because no page is larger than a page."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body.append(message.get("body", b""))
        if message.get("more_body") or self._start is None:
            return
        body = b"".join(self._body)
        taken = f"app;dur={(time.perf_counter() - self._began) * 1000:.0f}"
        more: dict[str, str] = {**HEADERS, "Server-Timing": taken}
        if self._zipped and len(body) > 500:
            body = gzip.compress(body, 6, mtime=0)
            more["Content-Encoding"] = "gzip"
        headers = [(n, v) for n, v in self._start.get("headers", ()) if n.lower() != b"content-length"]
        headers += [(n.lower().encode(), v.encode()) for n, v in more.items()]
        if self._start["status"] not in {204, 304}:
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
