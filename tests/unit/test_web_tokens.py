"""OIDC tokens: who is let in where, and that nobody gets in with anything else."""

from __future__ import annotations

import time
from typing import Any

import pytest

from regen.web.callers import Forbidden, Gatekeeper
from regen.web.http import Route
from regen.web.settings import read_settings
from regen.web.tokens import Unauthenticated
from support.web_bench import AUDIENCE, ISSUER, PUSHER, TICKER, Web, claimed, environment, pushed, signed, ticked


@pytest.fixture(scope="module")
def web() -> Web:
    return Web()


def _routes(web: Web) -> list[tuple[str, Route]]:
    return [(name, route) for name, router in web.routers.items() for route in router.routes]


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer x"}, {"Authorization": "Bearer a.b.c"}, {"Authorization": "Basic eDp5"}, {}],
    ids=["forged", "three parts", "basic", "nothing"],
)
def test_only_health_is_open_without_a_token(web: Web, headers: dict[str, str]) -> None:
    open_to_anybody = set()
    for service, route in _routes(web):
        path = route.path.replace("{id}", "some_id")
        answer = web.call(service, route.method, path, b"{" if route.method == "POST" else None, headers)
        if answer.status_code == 200:
            open_to_anybody.add(path)
            continue
        assert answer.status_code == 401, route.path
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert open_to_anybody == {"/health"}


def test_push_and_scheduler_are_admitted_to_their_routes(web: Web) -> None:
    for service, route in _routes(web):
        if route.check is None or route.method != "POST":
            continue
        path = route.path.replace("{id}", "some_id")
        for headers, word in ((pushed(), "push"), (ticked(), "scheduler")):
            status = web.call(service, "POST", path, b"[]", headers).status_code
            wanted = word in route.check.__name__
            only_keys = route.check.__name__ == "by_key"
            assert (status in {401, 403}) != wanted, (path, word, status)
            assert status != 403 or not only_keys


WRONG: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("another issuer", {"iss": "https://evil.example"}, Unauthenticated),
    ("an issuer that is a list", {"iss": [ISSUER]}, Unauthenticated),
    ("no issuer", {"iss": ...}, Unauthenticated),
    ("another audience", {"aud": "https://other.example"}, Unauthenticated),
    ("ours among several audiences", {"aud": [AUDIENCE, "other"]}, Unauthenticated),
    ("no audience", {"aud": ...}, Unauthenticated),
    ("expired", {"exp": int(time.time()) - 31, "iat": int(time.time()) - 3600}, Unauthenticated),
    ("never expires", {"exp": float("inf")}, Unauthenticated),
    ("expires at no moment", {"exp": float("nan")}, Unauthenticated),
    ("expiry as text", {"exp": "4102444800"}, Unauthenticated),
    ("expiry true", {"exp": True}, Unauthenticated),
    ("no expiry", {"exp": ...}, Unauthenticated),
    ("unverified", {"email_verified": False}, Unauthenticated),
    ("verified as text", {"email_verified": "true"}, Unauthenticated),
    ("verification unsaid", {"email_verified": ...}, Unauthenticated),
    ("another account", {"email": "someone@test.iam"}, Forbidden),
    ("no account", {"email": ...}, Forbidden),
    ("an account that is a list", {"email": [PUSHER]}, Forbidden),
]


@pytest.mark.parametrize(("what", "changes", "error"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_claims_are_refused_signed_or_not(what: str, changes: dict[str, Any], error: type[Exception]) -> None:
    full = Gatekeeper(read_settings(environment()))
    claims = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK="claims")))
    assert full.by_push(signed()).name == claims.by_push(claimed()).name == f"pubsub:{PUSHER}"
    with pytest.raises(error):
        full.by_push(signed(**changes))
    with pytest.raises(error):
        claims.by_push(claimed(**changes))


@pytest.mark.parametrize("mode", ["claims", "claims_behind_iam"])
def test_unsigned_token_is_accepted_in_private_modes_only(mode: str) -> None:
    with pytest.raises(Unauthenticated):
        Gatekeeper(read_settings(environment())).by_push(claimed())
    gate = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK=mode)))
    assert gate.by_scheduler(claimed(email=TICKER)).name == f"scheduler:{TICKER}"
    with pytest.raises(Forbidden):
        gate.by_scheduler(claimed())


def test_an_event_is_signed_for_the_services_own_address() -> None:
    own = {"aud": "https://regen-verifier-abc-uc.a.run.app"}
    assert Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK="claims"))).by_push(claimed(**own))
    with pytest.raises(Unauthenticated):
        Gatekeeper(read_settings(environment())).by_push(signed(**own))
    for other in ("http://x.run.app", "https://evil.example/x.run.app", "https://run.app.evil.example"):
        with pytest.raises(Unauthenticated):
            Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK="claims"))).by_push(claimed(aud=other))
