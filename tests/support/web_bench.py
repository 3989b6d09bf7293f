"""The three functions as the framework serves them, over memory adapters, with tokens signed by a test key."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import flask
import functions_framework
from google.auth import jwt
from werkzeug.test import Client, TestResponse

from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.local.tokens import TokenSigner
from regen.ports import Archive, Message
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC
from regen.services.state.documents import decode_outbox
from regen.services.state.paths import OUTBOX
from regen.web import coordinator, verifier, worker
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.framework import answer_everything
from regen.web.http import Router
from regen.web.settings import Settings, read_settings
from support.bench import Bench

ISSUER = "https://accounts.google.com"
AUDIENCE = "regen"
PUSHER, TICKER = "pusher@test.iam", "ticker@test.iam"
KEY, NEXT_KEY = "one-key-of-sixteen-or-more", "another-key-that-is-valid-too"
ROUTERS: Mapping[str, Callable[[App], Router]] = {
    "coordinator": coordinator.router,
    "worker": worker.router,
    "verifier": verifier.router,
}
KEYED = {"X-API-Key": KEY}
DOORS = {
    TRIGGER_TOPIC: ("coordinator", "/regenerate-pubsub"),
    REQUEST_TOPIC: ("worker", "/"),
    VERIFY_TOPIC: ("verifier", "/verify"),
}


@cache
def signer() -> TokenSigner:
    """The issuer of the test tokens."""
    return TokenSigner(ISSUER, AUDIENCE)


def environment(**more: str) -> dict[str, str]:
    """The variables of a deployment; a data URL holds the certificates."""
    certs = base64.b64encode(json.dumps(signer().certs).encode()).decode()
    return {
        "REGEN_PROJECT": "test-project",
        "REGEN_BACKEND": "memory",
        "REGEN_API_KEYS": f"old:{KEY},new:{NEXT_KEY}",
        "REGEN_OIDC_CERTS_URL": f"data:application/json;base64,{certs}",
        "REGEN_PUSH_ACCOUNTS": PUSHER,
        "REGEN_SCHEDULER_ACCOUNTS": TICKER,
        **more,
    }


def pushed() -> dict[str, str]:
    """The header of a push by Pub/Sub."""
    return {"Authorization": signer().bearer(PUSHER)}


def ticked() -> dict[str, str]:
    """The header of a call by Cloud Scheduler."""
    return {"Authorization": signer().bearer(TICKER)}


def envelope(data: object, message_id: object = "m-1", **attributes: str) -> bytes:
    """A push envelope; data other than bytes is encoded as JSON."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    message = {"data": base64.b64encode(raw).decode(), "messageId": message_id, "attributes": attributes}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def token(body: Mapping[str, Any], header: Mapping[str, Any] | None = None, signature: str = "c2ln") -> str:
    """A bearer token with an invalid signature."""
    parts = [{"alg": "RS256", "kid": "x"} if header is None else header, body]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return f"Bearer {'.'.join(encoded)}.{signature}"


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a valid token with these changes; `...` removes a claim."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "email": PUSHER, "email_verified": True, "iat": now, "exp": now + 600}
    return {k: v for k, v in {**good, **changes}.items() if v is not ...}


def signed(**changes: Any) -> dict[str, str]:
    """A correctly signed token with changed claims."""
    encoded = jwt.encode(signer()._signer, claims(**changes))  # type: ignore[no-untyped-call]
    return {"Authorization": f"Bearer {encoded.decode()}"}


def claimed(**changes: Any) -> dict[str, str]:
    """A token with changed claims as the platform forwards it: without its signature."""
    return {"Authorization": token(claims(**changes), signature="SIGNATURE_REMOVED_BY_GOOGLE")}


class WebBench(Bench):
    """A bench that delivers messages through the functions' own routes."""

    push: Callable[[str, str, bytes], int]
    pushed = 0

    def _deliver(self, topic: str, message: Message) -> str:
        if topic not in DOORS:
            return "kept"
        self.pushed += 1
        body = envelope(message.data, f"delivery-{self.pushed}", **message.attributes)
        status = self.push(*DOORS[topic], body)
        assert status == 204, (topic, message)
        return str(status)


class Web:
    """The three functions over one set of memory adapters."""

    def __init__(
        self,
        entries: Sequence[SlateEntry] | None = None,
        settings: Settings | None = None,
        models: Archive | None = None,
        **numbers: Any,
    ) -> None:
        self.bench = WebBench(entries, **numbers)
        self.bench.push = self.push
        self.bench.deps = replace(self.bench.deps, ledger=MemoryLedger(self.bench.warehouse), models=models)
        self.settings = settings or read_settings(environment())
        wired = App(self.settings, self.bench.deps, Gatekeeper(self.settings))
        self.routers = {name: router(wired) for name, router in ROUTERS.items()}
        self.apps = {name: served(router) for name, router in self.routers.items()}

    def call(
        self, service: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Send one request over WSGI."""
        return Client(self.apps[service]).open(path, method=method, data=body, headers=dict(headers or {}))

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Send a POST with a key to the coordinator; a body other than bytes is encoded as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("coordinator", "POST", path, raw, {**KEYED, **(headers or {})})

    def get(self, path: str) -> TestResponse:
        """Send a GET with a key to the coordinator."""
        return self.call("coordinator", "GET", path, headers=KEYED)

    def query(self, path: str, query: Mapping[str, str]) -> TestResponse:
        """Send a GET with a key and a query to the coordinator."""
        return Client(self.apps["coordinator"]).open(path, query_string=query, headers=KEYED)

    def push(self, service: str, path: str, body: bytes) -> int:
        """Push a body with a valid token; return the status."""
        return self.call(service, "POST", path, body, pushed()).status_code

    def outbox(self) -> list[Any]:
        """The items of the outbox."""
        return [decode_outbox(s) for s in self.bench.store.find(OUTBOX)]

    def malformed(self) -> list[Mapping[str, Any]]:
        """The audit entries of malformed messages in the outbox."""
        entries = [item.payload["entry"] for item in self.outbox() if item.kind == "audit"]
        return [entry for entry in entries if entry["event"] == "malformed"]

    def everything(self) -> dict[str, Any]:
        """All documents by path, for comparisons."""
        return {path: document.data for path, document in self.bench.store._documents.items()}


def served(router: Router) -> flask.Flask:
    """The application as functions-framework builds it."""
    app = flask.Flask("function", static_folder=None)
    functions_framework._configure_app(app, router, "http")  # type: ignore[no-untyped-call]
    with app.app_context():
        answer_everything(router)
    return app
