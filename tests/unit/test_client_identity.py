"""The command line before a private coordinator: Cloud Run asks for an identity token first, and gets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from regen.client.coordinator import Coordinator
from regen.client.errors import Problem
from regen.client.identity import VARIABLE, Identity
from regen.web.settings import read_settings
from support.cloud_run_front import CloudRunFront
from support.web_bench import KEY, Web, environment, signed, signer

OPERATOR = "operator@test.iam"


@pytest.fixture
def url() -> Iterator[str]:
    """A coordinator behind the front, which lets the operator in."""
    web = Web(settings=read_settings(environment(REGEN_TOKEN_CHECK="claims_behind_iam")))
    server = make_server("127.0.0.1", 0, CloudRunFront(web.apps["coordinator"], {OPERATOR}, signer().certs))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def token(email: str = OPERATOR) -> str:
    return signed(email=email)["Authorization"].removeprefix("Bearer ")


def asked(url: str, **environ: str) -> Coordinator:
    return Coordinator(url, KEY, pauses=(), identity=Identity(url, {"PATH": "", **environ}))


def test_the_token_of_the_variable_opens_the_front(url: str) -> None:
    coordinator = asked(url, **{VARIABLE: token()})
    assert coordinator.get("/batches")["batches"] == []
    assert coordinator.post_keyed("/bdb/scan", {"dry_run": True}) is not None


def test_the_token_of_gcloud_opens_the_front(url: str, tmp_path: Path) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(f'#!/bin/sh\n[ "$*" = "auth print-identity-token" ] && echo "{token()}"\n')
    gcloud.chmod(0o755)
    assert asked(url, PATH=str(tmp_path)).get("/batches")["batches"] == []


@pytest.mark.parametrize("email", ["stranger@test.iam", None])
def test_a_refusal_by_the_front_says_what_to_do(url: str, email: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Identity, "_from_account", lambda _: None)
    given = {VARIABLE: token(email)} if email else {}
    with pytest.raises(Problem, match=f"gcloud auth login.*{VARIABLE}.*operators"):
        asked(url, **given).get("/batches")


def test_a_token_goes_to_no_address_that_others_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    coordinator = asked("http://coordinator.example", **{VARIABLE: token()})
    assert not coordinator._is_private
    assert Coordinator("https://coordinator.example")._is_private


def test_a_refusal_by_regen_itself_asks_for_no_token(url: str) -> None:
    identity = Identity(url, {"PATH": "", VARIABLE: token()})
    with pytest.raises(Problem) as refused:
        Coordinator(url, "wrong.key", pauses=(), identity=identity).get("/batches")
    assert refused.value.status in {401, 403}
    assert "gcloud" not in str(refused.value)
