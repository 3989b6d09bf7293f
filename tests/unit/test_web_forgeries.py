"""Tokens that nobody of ours has signed: a refusal, never an error of ours, and nothing of them is said again."""

from __future__ import annotations

import base64
import json
import traceback
import urllib.request
from functools import cache
from typing import Any

import pytest

from regen.domain.errors import Unavailable
from regen.local.tokens import TokenSigner
from regen.web.callers import Gatekeeper
from regen.web.settings import read_settings
from regen.web.tokens import Unauthenticated
from support.web_bench import AUDIENCE, ISSUER, PUSHER, Web, claims, environment, signed, signer, token

CANARY = "canary in the claims"
DEEP = base64.urlsafe_b64encode(b"[" * 3000 + b"]" * 3000).decode()


@cache
def forgeries() -> dict[str, str]:
    """All that follows `Authorization: `."""
    (key_id,) = signer().certs
    other = TokenSigner(ISSUER, AUDIENCE).bearer(PUSHER)
    header, body, signature = signed()["Authorization"].split(".")
    _, other_body, other_signature = other.split(".")
    headers: dict[str, dict[str, Any]] = {
        "no alg": {"kid": key_id},
        "alg list": {"alg": ["RS256"], "kid": key_id},
        "hs256": {"alg": "HS256", "kid": key_id},
        "es256": {"alg": "ES256", "kid": key_id},
        "no key id": {"alg": "RS256"},
        "unknown key id": {"alg": "RS256", "kid": "unknown"},
        "key id list": {"alg": "RS256", "kid": [key_id]},
    }
    return {
        **{name: token(claims(), h) for name, h in headers.items()},
        "alg none": token(claims(), {"alg": "none", "kid": key_id}, ""),
        "another key": other,
        "another key under our id": f"{header}.{other_body}.{other_signature}",
        "claims exchanged": f"{header}.{other_body}.{signature}",
        "signature cut": f"{header}.{body}.{signature[:-8]}",
        "header null": f"Bearer bnVsbA.{body}.{signature}",
        "four parts": f"{header}.{body}.{signature}.x",
        "no base64": "Bearer %%%.###.@@@",
        "no ascii": "Bearer \u00e9\u00e9\u00e9.\u00e9\u00e9\u00e9.\u00e9",
        "claims no json": f"{header}.{base64.urlsafe_b64encode(CANARY.encode()).decode()}.{signature}",
        "deep header": f"Bearer {DEEP}.{body}.{signature}",
        "deep claims": f"{header}.{DEEP}.{signature}",
    }


def _in_full(error: BaseException) -> str:
    """An error with all that led to it."""
    return "".join(traceback.TracebackException.from_exception(error).format(chain=True))


@pytest.fixture(scope="module")
def web() -> Web:
    return Web()


@pytest.mark.parametrize("name", list(forgeries()))
def test_forged_token_is_refused_and_not_echoed(web: Web, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    forged = forgeries()[name]
    answer = web.call("coordinator", "POST", "/regenerate-pubsub", b"{}", {"Authorization": forged})
    assert answer.status_code == 401
    with pytest.raises(Unauthenticated) as refused:
        Gatekeeper(web.settings).by_push({"Authorization": forged})
    told = json.dumps(answer.json) + caplog.text + _in_full(refused.value)
    assert CANARY not in told
    assert not any(part in told for part in forged.removeprefix("Bearer ").split(".") if len(part) > 2)


@pytest.mark.parametrize("claim", [DEEP, "bnVsbA", "W10", "%%%", "\u00e9", "", "e30"])
def test_malformed_claims_are_refused_in_claims_mode(claim: str) -> None:
    gate = Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK="claims")))
    with pytest.raises(Unauthenticated):
        gate.by_push({"Authorization": f"Bearer e30.{claim}.SIGNATURE_REMOVED_BY_GOOGLE"})


def test_certificates_are_not_fetched_for_every_bad_token(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gatekeeper(read_settings(environment()))
    asked: list[str] = []
    real = urllib.request.urlopen

    def counted(url: str, timeout: float) -> Any:
        asked.append(url)
        return real(url, timeout=timeout)

    monkeypatch.setattr(urllib.request, "urlopen", counted)
    assert gate.by_push(signed())
    for n in range(20):
        with pytest.raises(Unauthenticated):
            gate.by_push({"Authorization": token({}, {"alg": "RS256", "kid": f"k{n}"})})
    assert gate.by_push(signed())
    assert len(asked) == 1


def test_cached_certificates_outlast_an_unreachable_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gatekeeper(read_settings(environment()))
    assert gate.by_push(signed())

    def dead(url: str, timeout: float) -> Any:
        raise OSError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", dead)
    gate._certs._fetched = gate._certs._tried = float("-inf")
    assert gate.by_push(signed())
    with pytest.raises(Unavailable):
        Gatekeeper(read_settings(environment())).by_push(signed())


@pytest.mark.parametrize("answer", ["[]", "null", "{", '"x"'])
def test_malformed_certificates_are_answered_503(answer: str) -> None:
    gate = Gatekeeper(read_settings(environment(REGEN_OIDC_CERTS_URL=f"data:application/json,{answer}")))
    with pytest.raises(Unavailable):
        gate.by_push(signed())
