"""The three functions called by WSGI requests with tokens, through their own routers and without a network."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Request

from regen.services.state.deps import Deps
from regen.topology import PushSubscription
from regen.web import coordinator, verifier, worker
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.http import Router
from regen.web.settings import read_settings

KEY = "a-key-of-sixteen-letters"
SETTINGS = read_settings(
    {
        "REGEN_PROJECT": "simulated",
        "REGEN_BACKEND": "memory",
        "REGEN_API_KEYS": f"one:{KEY}",
        "REGEN_TOKEN_CHECK": "claims",
        "REGEN_PUSH_ACCOUNTS": "pusher@simulated",
        "REGEN_SCHEDULER_ACCOUNTS": "ticker@simulated",
    }
)
ROUTERS: Mapping[str, Callable[[App], Router]] = {
    "coordinator": coordinator.router,
    "worker": worker.router,
    "verifier": verifier.router,
}


def _token(account: str) -> str:
    claims = {
        "iss": SETTINGS.oidc_issuer,
        "aud": SETTINGS.oidc_audience,
        "exp": 4102444800,
        "email": account,
        "email_verified": True,
    }
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in ({"alg": "none"}, claims)]
    return f"Bearer {'.'.join(parts)}.SIGNATURE_REMOVED_BY_GOOGLE"


PUSHED = {"HTTP_AUTHORIZATION": _token("pusher@simulated")}
TICKED = {"HTTP_AUTHORIZATION": _token("ticker@simulated")}
KEYED = {"HTTP_X_API_KEY": KEY}


@dataclass(frozen=True)
class Reply:
    """The answer of a function."""

    status: int
    body: Any


class Functions:
    """The three functions over one set of ports."""

    def __init__(self, deps: Deps) -> None:
        app = App(SETTINGS, deps, Gatekeeper(SETTINGS))
        self._routers = {name: router(app) for name, router in ROUTERS.items()}

    def call(self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send one request; return the answer."""
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": service,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **headers,
        }
        response = self._routers[service](Request(environ))
        data = response.get_data()
        content = json.loads(data) if data else None
        if isinstance(content, dict) and response.status_code >= 500:
            content.pop("instance", None)  # the trace id differs in every run
        return Reply(response.status_code, content)


def envelope(message_id: str, data: bytes, attributes: Mapping[str, str], subscription: str, attempt: int) -> bytes:
    """A push as Pub/Sub sends it."""
    message = {"messageId": message_id, "data": base64.b64encode(data).decode(), "attributes": dict(attributes)}
    return json.dumps({"message": message, "subscription": subscription, "deliveryAttempt": attempt}).encode()


@dataclass
class Delivery:
    """One message on its way to one subscription.

    Attributes:
        data: the published bytes; a change event has a header instead.
        poison: whether it kills each process that takes it, until Pub/Sub gives up on it.
    """

    number: str
    service: str
    path: str
    data: bytes
    attributes: Mapping[str, str]
    subscription: PushSubscription | None
    attempts: int = 0
    settled: bool = False
    poison: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: PUSHED)


def json_text(data: str | bytes) -> bool:
    """Return whether a text is JSON."""
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
