"""The coordinator takes a person's name from one account, and only with the proxy's assertion, which it verifies itself."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from google.auth import jwt

from regen.web.callers import Forbidden, Gatekeeper
from regen.web.settings import SettingsInvalid, read_settings
from regen.web.tokens import Unauthenticated
from support import iap
from support.iap import ACCOUNT, ANN, VERA, asked, assertion
from support.league import DAY, players
from support.web_bench import AUDIENCE, KEYED, Web, claims, pushed, signer

BODY = json.dumps({"game_date": DAY.isoformat()}).encode()
ASSERTION = "X-Regen-IAP-Assertion"


@pytest.fixture(scope="module")
def gate() -> Gatekeeper:
    return Gatekeeper(read_settings(iap.deployed()))


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(players(4), read_settings(iap.deployed()))


def test_the_person_of_an_assertion_is_verified(gate: Gatekeeper) -> None:
    for check in (gate.by_key, gate.by_key_or_scheduler):
        caller = check(asked("Ann@Example.com"))
        assert (caller.name, caller.on_behalf_of, caller.may_act) == (f"console:{ACCOUNT}", f"verified:{ANN}", True)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("another service", {"aud": "/projects/123456/locations/us-central1/services/other"}),
    ("ours among several audiences", {"aud": [iap.AUDIENCE, "other"]}),
    ("no audience", {"aud": ...}),
    ("another issuer", {"iss": "https://accounts.google.com"}),
    ("expired", {"exp": int(time.time()) - 40, "iat": int(time.time()) - 640}),
    ("never expires", {"exp": float("inf")}),
    ("no expiry", {"exp": ...}),
    ("no address", {"email": ...}),
    ("an address that cannot be shown", {"email": "ann\u202e@example.com"}),
    ("an empty address", {"email": ""}),
    ("another's key", {"signed_by": "another"}),
]


@pytest.mark.parametrize(("what", "changes"), WRONG, ids=[what for what, _ in WRONG])
def test_an_assertion_that_does_not_hold_names_nobody(gate: Gatekeeper, what: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        gate.by_key(asked(**changes))


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "none", "rs256", "changed"])
def test_text_in_place_of_an_assertion_names_nobody(gate: Gatekeeper, given: str) -> None:
    whole = assertion()
    forged = {
        "none": f"eyJhbGciOiJub25lIn0.{whole.split('.')[1]}.",
        # Signed by Google's other issuer, for whose tokens anybody can ask.
        "rs256": jwt.encode(signer()._signer, claims(iss="https://cloud.google.com/iap", aud=iap.AUDIENCE)).decode(),  # type: ignore[no-untyped-call]
        "changed": ".".join((*whole.split(".")[:2], assertion(VERA).split(".")[2])),
    }.get(given, given)
    with pytest.raises(Unauthenticated):
        gate.by_key({**asked(), ASSERTION: forged})


def test_an_assertion_is_taken_from_the_console_alone(gate: Gatekeeper) -> None:
    for account in ("pusher@test.iam", "ticker@test.iam", "someone@example.com"):
        with pytest.raises(Forbidden):
            gate.by_key(asked(account=account))
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": f"Bearer {assertion()}"}):
        with pytest.raises(Unauthenticated):
            gate.by_key({ASSERTION: assertion(), **headers})


def test_the_console_without_an_assertion_is_nobody(gate: Gatekeeper) -> None:
    token = {"Authorization": signer().bearer(ACCOUNT)}
    with pytest.raises(Unauthenticated):
        gate.by_key(token)
    for check in (gate.by_key_or_scheduler, gate.by_push, gate.by_scheduler, gate.by_key_or_push):
        with pytest.raises(Forbidden):
            check(token)


def test_without_a_console_no_assertion_holds() -> None:
    bare = Gatekeeper(read_settings({**iap.deployed(), "REGEN_CONSOLE_ACCOUNT": "", "REGEN_IAP_AUDIENCE": ""}))
    with pytest.raises((Forbidden, Unauthenticated)):
        bare.by_key(asked())
    no_audience = Gatekeeper(read_settings({**iap.deployed(), "REGEN_IAP_AUDIENCE": ""}))
    with pytest.raises(Unauthenticated):
        no_audience.by_key(asked(aud=""))


def test_a_claim_beside_an_assertion_counts_for_nothing(web: Web) -> None:
    headers = {**asked(), "X-Regen-On-Behalf-Of": "boss@example.com"}
    answer = web.call("coordinator", "POST", "/regenerate-with-supersede", BODY, headers)
    assert answer.status_code == 202
    view = web.get(f"/batches/{answer.get_json()['batch_id']}").get_json()
    assert (view["triggered_by"], view["on_behalf_of"]) == (f"console:{ACCOUNT}", f"verified:{ANN}")


def test_a_key_with_an_assertion_has_no_verified_person(gate: Gatekeeper) -> None:
    caller = gate.by_key({**KEYED, ASSERTION: assertion(VERA)})
    assert (caller.name, caller.on_behalf_of, caller.may_act) == ("api_key:old", None, True)


def test_who_may_look_reads_and_gives_no_orders(web: Web) -> None:
    assert web.call("coordinator", "GET", "/batches", headers=asked(VERA)).status_code == 200
    before = len(web.outbox())
    for route in (r for r in web.routers["coordinator"].routes if r.method == "POST" and r.check):
        if route.check.__name__ in {"by_key", "by_key_or_refit", "by_key_or_scheduler"}:  # type: ignore[union-attr]
            answer = web.call("coordinator", "POST", route.path.replace("{id}", "x"), b"{}", asked(VERA))
            assert (answer.status_code, answer.get_json()["title"]) == (403, "Forbidden"), route.path
            assert "console_operators" in answer.get_json()["detail"]
    assert len(web.outbox()) == before


def test_the_console_delivers_no_messages(web: Web) -> None:
    for path in ("/regenerate-pubsub", "/batch-complete"):
        if any(r.path == path for r in web.routers["coordinator"].routes):
            assert web.call("coordinator", "POST", path, b"{}", asked()).status_code in {401, 403}
    assert web.call("worker", "POST", "/", b"{}", asked()).status_code == 403
    assert web.call("worker", "POST", "/", b"{}", {**pushed(), ASSERTION: "x"}).status_code != 401


def test_other_keys_of_the_proxy_are_refused_on_cloud_run() -> None:
    given = {"K_SERVICE": "regen-coordinator", "REGEN_PROJECT": "test-project", "REGEN_API_KEYS": "a:" + "k" * 16}
    with pytest.raises(SettingsInvalid, match="REGEN_IAP_CERTS_URL"):
        read_settings({**given, "REGEN_IAP_CERTS_URL": "https://keys.example"}, public=True)
    read_settings({**given, "REGEN_OIDC_AUDIENCE": AUDIENCE}, public=True)
