"""The console behind Identity-Aware Proxy: who gets in, whose orders they are, and what it needs to start."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from regen.console_host.gate import COOKIE
from regen.console_host.wiring import console_of, settings_of
from regen.web.settings import SettingsInvalid, read_settings
from support import iap
from support.console_bench import Answer, Browser
from support.iap import ACCOUNT, ANN, VERA, assertion
from support.league import DAY, players
from support.web_bench import Web, signer

HOST = "regen-console-123456.us-central1.run.app"
WHY = {"reason": "the late data came"}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(players(4), read_settings(iap.deployed()))


@pytest.fixture(scope="module")
def app(web: Web) -> Iterator[Any]:
    """A console with the coordinator at a real address, as the service has it; BigQuery does not answer."""
    server = make_server("127.0.0.1", 0, web.apps["coordinator"], handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    given = iap.deployed(REGEN_COORDINATOR_URL=address, REGEN_CONSOLE_URL=f"https://{HOST}")
    yield console_of(settings_of(given), lambda: signer().bearer(ACCOUNT).removeprefix("Bearer "))
    server.shutdown()
    server.server_close()


class Person(Browser):
    """A browser whose requests Identity-Aware Proxy has let in."""

    def __init__(self, app: Any, assertion: str) -> None:
        super().__init__(app)
        self.assertion = assertion

    def send(self, method: str, path: str, body: bytes, headers: Any) -> Answer:
        own = {"host": HOST, "x-goog-iap-jwt-assertion": self.assertion}
        return super().send(method, path, body, {**headers, **{k: headers.get(k, v) for k, v in own.items()}})

    def post(self, path: str, form: Any, **headers: str) -> Answer:
        return super().post(path, form, **{"origin": f"https://{HOST}", **headers})


@pytest.fixture
def ann(app: Any) -> Person:
    return Person(app, assertion(ANN))


def form_of(person: Person) -> dict[str, str]:
    answer = person.follow(f"/acts/regenerate?date={DAY}")
    return {**answer.form("order"), **WHY}


def test_an_operators_order_is_on_record_as_verified(ann: Person, web: Web) -> None:
    before = len(web.get("/batches").get_json()["batches"])
    form = form_of(ann)
    first = ann.post("/acts/regenerate", form)
    assert first.status == 303, first.text
    again = ann.post("/acts/regenerate", form)
    assert again.headers["location"] == first.headers["location"]
    found = web.get("/batches").get_json()["batches"]
    assert len(found) == before + 1
    assert (found[0]["triggered_by"], found[0]["on_behalf_of"]) == (f"console:{ACCOUNT}", f"verified:{ANN}")


def test_one_who_may_look_sees_pages_and_gives_no_order(app: Any, ann: Person, web: Web) -> None:
    vera = Person(app, assertion(VERA))
    answer = vera.follow("/backfills")
    assert answer.status == 200
    assert VERA in answer.text
    before = len(web.get("/batches").get_json()["batches"])
    page = vera.follow(f"/acts/regenerate?date={DAY}")
    assert '<form class="order"' not in page.text
    # The operator's own form, sent by one who may only look.
    assert vera.post("/acts/regenerate", form_of(ann)).status == 403
    assert len(web.get("/batches").get_json()["batches"]) == before


@pytest.mark.parametrize(
    "given",
    ["", "x.y.z", assertion(aud="/projects/9/locations/us-central1/services/x"), assertion(exp=1), assertion(iss="x")],
    ids=["none", "no token", "another service", "expired", "another issuer"],
)
def test_without_an_assertion_nothing_is_shown(app: Any, given: str) -> None:
    stranger = Person(app, given)
    for path in ("/", "/backfills", "/acts/scan"):
        answer = stranger.get(path)
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
    assert stranger.post("/acts/scan", {}).status == 401


def asgi(app: Any, path: str, *assertions: str) -> dict[str, Any]:
    """The first message of the answer to a request as the server hands it over, whatever a client would make of its path."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(b"host", HOST.encode()), *((b"x-goog-iap-jwt-assertion", a.encode()) for a in assertions)]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": given, "scheme": "https"}
    asyncio.run(app({**scope, "raw_path": path.encode(), "server": (HOST, 443)}, receive, send))
    return sent[0]


def test_two_assertions_are_none(app: Any) -> None:
    assert asgi(app, "/", assertion(VERA), assertion(ANN))["status"] == 401


def test_an_address_that_is_not_the_consoles_is_refused(ann: Person) -> None:
    for host in ("regen-console-abc-uc.a.run.app", "evil.example", "127.0.0.1"):
        answer = ann.send("GET", "/backfills", b"", {"host": host})
        assert (answer.status, HOST in answer.text) == (421, True)


def test_a_form_of_another_site_or_session_is_refused(app: Any, ann: Person) -> None:
    form = form_of(ann)
    for forged in ({"origin": "https://evil.example"}, {"origin": f"http://{HOST}"}, {"sec_fetch_site": "cross-site"}):
        assert ann.post("/acts/regenerate", form, **forged).status == 403
    other = Person(app, assertion(ANN))
    assert other.post("/acts/regenerate", form).status == 403  # no cookie
    other.get("/backfills")
    assert other.post("/acts/regenerate", form).status == 403  # another browser's


def test_the_cookie_is_for_this_host_alone_and_comes_by_links(app: Any) -> None:
    person = Person(app, assertion(ANN))
    answer = person.get("/backfills?cursor=a b&token=x")
    assert (answer.status, answer.headers["location"]) == (303, "/backfills?cursor=a+b")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example"])
def test_a_redirect_stays_on_the_console(app: Any, path: str) -> None:
    answer = asgi(app, path, assertion(ANN))
    where = dict(answer["headers"])[b"location"].decode()
    assert (answer["status"], where[:1]) == (303, "/")
    assert where[:2] not in {"//", "/\\"}


def test_a_form_outlives_the_instance_that_made_it(ann: Person, app: Any, web: Web) -> None:
    form = form_of(ann)
    given = iap.deployed(REGEN_COORDINATOR_URL="http://127.0.0.1:9", REGEN_CONSOLE_URL=f"https://{HOST}")
    ann.app = console_of(settings_of(given), lambda: "token")
    answer = ann.post("/acts/regenerate", {**form, "reason": ""})
    assert answer.status == 400  # taken for this session's; what it lacks is the reason


def test_a_console_without_its_settings_does_not_start() -> None:
    with pytest.raises(SettingsInvalid, match=r"COORDINATOR_URL.*CONSOLE_URL"):
        settings_of(iap.deployed())
    with pytest.raises(SettingsInvalid, match="REGEN_IAP_AUDIENCE"):
        settings_of({**iap.deployed(), "REGEN_IAP_AUDIENCE": "regen-console"})
