"""Invalid input: the answer names the field, and nothing is changed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from acceptance.conftest import Local

DAY = "2026-01-17"
PATH = "/regenerate-with-supersede"
NO_HEADER = "none at all"


def post(local: Local, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any], str]:
    given = {"Content-Type": "application/json", "X-API-Key": local.env["API_KEY"], **headers}
    sent = {name: value for name, value in given.items() if value != NO_HEADER}
    request = urllib.request.Request(local.env["COORDINATOR_URL"] + path, body, sent, method="POST")  # noqa: S310 - our own stack
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            status, data, kind = response.status, response.read(), response.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        with error:
            status, data, kind = error.code, error.read(), error.headers["Content-Type"]
    return status, json.loads(data) if data else {}, kind or ""


def regeneration(**fields: Any) -> bytes:
    return json.dumps({"game_date": DAY, **fields}).encode()


@pytest.mark.parametrize(
    ("path", "body", "status", "names"),
    [
        (PATH, b"{", 400, "body"),
        (PATH, b"[]", 400, "body"),
        (PATH, b"", 400, "game_date"),
        (PATH, b'{"game_date": NaN}', 400, "game_date"),
        (PATH, b"[" * 100_000, 400, "body"),
        (PATH, b"\xff\xfe", 400, "body"),
        (PATH, json.dumps({"game_date": "2026-02-30"}).encode(), 400, "game_date"),
        (PATH, json.dumps({"game_date": "yesterday"}).encode(), 400, "game_date"),
        (PATH, json.dumps({"game_date": 20260117}).encode(), 400, "game_date"),
        (PATH, json.dumps({"game_date": "2026-07-17"}).encode(), 404, "2026-07-17"),
        (PATH, regeneration(reason="Not A Reason"), 400, "reason"),
        (PATH, regeneration(metadata="text"), 400, "metadata"),
        (PATH, regeneration(metadata={"much": "x" * 30_000}), 400, "metadata"),
        (PATH, regeneration(players=[]), 400, "players"),
        (PATH, regeneration(players=["nobody"]), 404, DAY),
        (PATH, regeneration(systems=["nosuch_v1"]), 400, "systems"),
        (PATH, regeneration(mode="other"), 400, "mode"),
        (PATH, regeneration(dry_run="yes"), 400, "dry_run"),
        ("/start", json.dumps({"game_date": DAY, "min_minutes": 49}).encode(), 400, "min_minutes"),
        ("/batches/nosuch/rollback", b"{}", 404, "nosuch"),
        ("/batches/..%2F..%2Fx/cancel", b"{}", 404, ""),
        ("/nosuch", b"{}", 404, "nosuch"),
    ],
)
def test_odd_input_names_its_field_and_creates_no_batch(
    path: str, body: bytes, status: int, names: str, local: Local
) -> None:
    before = local.coordinator.batches()
    got, problem, kind = post(local, path, body)
    assert (got, kind) == (status, "application/problem+json")
    assert names in f"{problem.get('field')} {problem['detail']}"
    assert local.coordinator.batches() == before


@pytest.mark.parametrize("headers", [{"X-API-Key": key} for key in ("wrong", "", "\xe9", NO_HEADER)])
def test_request_without_a_valid_key_is_refused(headers: dict[str, str], local: Local) -> None:
    assert post(local, PATH, b"{", **headers)[0] == 401


def test_body_over_one_mebibyte_is_not_read(local: Local) -> None:
    status, problem, _ = post(local, PATH, regeneration(metadata={"x": "y" * (1024 * 1024)}))
    assert status == 413
    assert "1 MiB" in problem["detail"]


def test_push_without_token_and_key_is_refused(local: Local) -> None:
    assert post(local, "/regenerate-pubsub", b'{"message": {}}', **{"X-API-Key": NO_HEADER})[0] == 401


def test_the_same_key_with_another_body_is_refused(local: Local) -> None:
    key = {"Idempotency-Key": "inputs-1"}
    first = post(local, PATH, regeneration(reason="one", players=["nobody"]), **key)
    assert first[0] == 404
    opened = post(local, PATH, json.dumps({"game_date": "2026-01-18", "reason": "one"}).encode(), **key)
    assert opened[0] == 202
    assert post(local, PATH, json.dumps({"game_date": "2026-01-18", "reason": "one"}).encode(), **key)[1] == opened[1]
    assert post(local, PATH, json.dumps({"game_date": "2026-01-18", "reason": "two"}).encode(), **key)[0] == 422
    local.regen("wait", opened[1]["batch_id"])
