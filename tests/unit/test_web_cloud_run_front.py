"""The functions behind a front that does what Cloud Run does: who gets in, and as whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from regen.domain.errors import RegenError
from regen.local.tokens import TokenSigner
from regen.web.callers import Forbidden, Gatekeeper
from regen.web.http import Route
from regen.web.settings import CLAIMS, SIGNATURE, read_settings
from regen.web.tokens import Unauthenticated
from support.cloud_run_front import CloudRunFront
from support.league import DAY
from support.web_bench import (
    AUDIENCE,
    ISSUER,
    KEY,
    KEYED,
    PUSHER,
    TICKER,
    Web,
    claimed,
    claims,
    envelope,
    environment,
    pushed,
    signed,
    signer,
    ticked,
    token,
)

OPERATOR = "operator@test.iam"
"""May invoke the service; is no account of regen's."""
INVOKERS = {PUSHER, TICKER, OPERATOR}
CLAIMS_BEHIND_IAM = "claims_behind_iam"
PRIVATE = {"coordinator": CLAIMS_BEHIND_IAM, "worker": CLAIMS, "verifier": CLAIMS}
FIRST, SECOND = "X-Serverless-Authorization", "Authorization"


def own() -> str:
    """A good token of somebody who may invoke the service, and no more."""
    return signed(email=OPERATOR)["Authorization"]


def forged() -> dict[str, str]:
    """Tokens that say to be Pub/Sub's, and are not."""
    return {
        "signature said to be removed": claimed()["Authorization"],
        "made-up signature": token(claims()),
        "no signature": token(claims(), signature=""),
        "another key": TokenSigner(ISSUER, AUDIENCE).bearer(PUSHER),
        "lower case": token(claims(), signature="signature_removed_by_google"),
        "padded": token(claims(), signature="SIGNATURE_REMOVED_BY_GOOGLE="),
        "with more": token(claims(), signature="SIGNATURE_REMOVED_BY_GOOGLE.x"),
        "spaces": claimed()["Authorization"].replace(" ", "  "),
        "tab": claimed()["Authorization"].replace(" ", "\t"),
        "scheme in capitals": claimed()["Authorization"].replace("Bearer", "BEARER"),
        "twice": f"{claimed()['Authorization']},{claimed()['Authorization']}",
        "after a good one": f"{own()}, {claimed()['Authorization']}",
        "before a good one": f"{claimed()['Authorization']}, {own()}",
        "basic": claimed()["Authorization"].replace("Bearer", "Basic"),
        "without a scheme": claimed()["Authorization"].removeprefix("Bearer "),
        "empty": "",
    }


class Fronted:
    """The three functions, each private and behind the front."""

    def __init__(self, *, lenient: bool = False) -> None:
        self.web = {name: Web(settings=read_settings(environment(REGEN_TOKEN_CHECK=m))) for name, m in PRIVATE.items()}
        self.fronts = {n: CloudRunFront(w.apps[n], INVOKERS, signer().certs, lenient) for n, w in self.web.items()}

    def routes(self) -> Iterator[tuple[str, Route]]:
        for name, web in self.web.items():
            yield from ((name, route) for route in web.routers[name].routes if route.check)

    def call(self, service: str, route: str, path: str, headers: dict[str, str], body: bytes = b"{}") -> TestResponse:
        path = path.replace("{id}", "some_id")
        return Client(self.fronts[service]).open(path, method=route, data=body, headers=headers)


@pytest.fixture(scope="module")
def fronted() -> Fronted:
    return Fronted()


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("name", list(forged()))
def test_invoker_cannot_impersonate_another_on_any_route(name: str, *, lenient: bool) -> None:
    """The one header has his own token, the other a forged one: he is refused, and nothing is on record."""
    fronted, lie = Fronted(lenient=lenient), forged()[name]
    for headers in ({FIRST: own(), SECOND: lie}, {FIRST: lie, SECOND: own()}, {SECOND: lie}, {FIRST: lie}):
        for service, route in fronted.routes():
            answer = fronted.call(service, route.method, route.path, headers)
            assert answer.status_code in {401, 403}, (service, route.path, headers)
    assert all(web.everything() == {} for web in fronted.web.values())


def test_front_admits_platform_callers_to_their_routes(fronted: Fronted) -> None:
    for service, route in fronted.routes():
        for headers, word in ((pushed(), "push"), (ticked(), "scheduler")):
            for carried in (headers, {FIRST: headers[SECOND]}, {FIRST: headers[SECOND], SECOND: "Basic eDp5"}):
                answer = fronted.call(service, route.method, route.path, carried, b"[]")
                refused = answer.status_code in {401, 403}
                assert route.check is not None
                assert refused != (word in route.check.__name__), (service, route.path, carried)


def test_front_refuses_accounts_that_may_not_invoke(fronted: Fronted) -> None:
    for headers in ({}, KEYED, signed(email="stranger@test.iam"), claimed(), {FIRST: "", **pushed()}):
        answer = fronted.call("coordinator", "GET", "/batches", dict(headers))
        assert answer.headers.get("X-Front") == "refused"


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_a_key_beside_iam_keeps_working(name: str) -> None:
    fronted = Fronted()
    body = b'{"game_date": "%s"}' % DAY.isoformat().encode()
    headers = {name: own(), "X-API-Key": KEY}
    answer = fronted.call("coordinator", "POST", "/regenerate-with-supersede", headers, body)
    assert answer.status_code == 202
    batch = answer.json["batch_id"] if answer.json else ""
    assert fronted.web["coordinator"].bench.batch(batch).triggered_by == "api_key:old"
    push = envelope({"game_date": DAY.isoformat(), "reason": "late_data"})
    assert fronted.call("coordinator", "POST", "/regenerate-pubsub", headers, push).status_code == 204


def test_public_coordinator_refuses_a_stripped_signature() -> None:
    web = Web()
    open_to_all = Client(CloudRunFront(web.apps["coordinator"], None, signer().certs))
    for lie in forged().values():
        for headers in ({SECOND: lie}, {FIRST: lie}, {FIRST: lie, **pushed()}):
            answer = open_to_all.post("/regenerate-pubsub", data=envelope({}), headers=headers)
            assert answer.status_code == 401
    answer = open_to_all.post("/regenerate-pubsub", data=envelope({}), headers={FIRST: pushed()[SECOND], SECOND: "x"})
    assert answer.status_code == 204


@pytest.mark.parametrize("mode", [CLAIMS, CLAIMS_BEHIND_IAM])
def test_signature_that_was_kept_is_verified(mode: str) -> None:
    gate = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK=mode)))
    assert gate.by_push(signed()).name == f"pubsub:{PUSHER}"
    for lie in (token(claims()), TokenSigner(ISSUER, AUDIENCE).bearer(PUSHER)):
        with pytest.raises(Unauthenticated):
            gate.by_push({SECOND: lie})


@pytest.mark.parametrize("mode", [SIGNATURE, CLAIMS, CLAIMS_BEHIND_IAM])
@pytest.mark.parametrize("listed", ["", ",", " , "])
def test_empty_account_list_admits_no_caller(mode: str, listed: str) -> None:
    lists = {"REGEN_PUSH_ACCOUNTS": listed, "REGEN_SCHEDULER_ACCOUNTS": listed}
    gate = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK=mode, **lists)))
    make: Any = signed if mode == SIGNATURE else claimed
    for account in (PUSHER, TICKER, "", " ", "allUsers"):
        for check in (gate.by_push, gate.by_scheduler, gate.by_key_or_push, gate.by_key_or_scheduler):
            with pytest.raises(Forbidden):
                check(make(email=account))


def test_unset_account_list_admits_no_caller() -> None:
    given = {k: v for k, v in environment().items() if not k.endswith("_ACCOUNTS")}
    gate = Gatekeeper(read_settings(given))
    for check in (gate.by_push, gate.by_scheduler):
        with pytest.raises(RegenError):
            check(signed())


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_duplicate_authorization_header_is_refused(name: str) -> None:
    """Servers join them by a comma; which one the platform looked at is not known."""
    gate = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK=CLAIMS)))
    assert gate.by_push({name: claimed()[SECOND]})
    for joined in (f"{claimed()[SECOND]},{claimed()[SECOND]}", f"{claimed()[SECOND]}, {claimed()[SECOND]}"):
        with pytest.raises(Unauthenticated):
            gate.by_push({name: joined})
