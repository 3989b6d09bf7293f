"""The stack where the emulators are missing: the same functions in one process, the same deliveries."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regen.local.plan import Options
from regen.local.stack import Stack
from support.polling import wait_until

ROOT = Path(__file__).parents[2]
PROJECT = "stand-in-project"

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("own stacks"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    options = Options(
        project=PROJECT,
        home=folder / "local",
        functions=ROOT / "tests" / "fixtures" / "functions",
        packages=folder,
        emulators=False,
        schedules={"regen-sweep": 0.5},
    )
    said: list[str] = []
    with Stack(options, say=said.append) as one:
        assert said[0] == "no emulators (asked for): Pub/Sub and Firestore are in-process adapters"
        yield one
        one.check()


def send(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def calls(stack: Stack, name: str, path: str) -> list[dict[str, Any]]:
    lines = (stack.options.home / "home" / "calls.jsonl").read_text().splitlines()
    return [call for line in lines if (call := json.loads(line))["name"] == name and call["path"] == path]


def test_the_emulators_variables_are_not_set(stack: Stack) -> None:
    assert "PUBSUB_EMULATOR_HOST" not in stack.env
    assert "FIRESTORE_EMULATOR_HOST" not in stack.env
    environment = json.loads(send(stack.urls["worker"] + "/health")[1])["environment"]
    assert environment["REGEN_BACKEND"] == "memory"
    assert "PUBSUB_EMULATOR_HOST" not in environment


def test_functions_in_process_share_one_packaged_copy(stack: Stack) -> None:
    said = [json.loads(send(stack.urls[name] + "/health")[1]) for name in ("coordinator", "worker", "verifier")]
    assert [s["name"] for s in said] == ["coordinator", "worker", "verifier"]
    assert len({(s["regen"], s["pid"]) for s in said}) == 1
    assert str(stack.options.packages) in said[0]["regen"]


def test_a_published_message_is_delivered_with_a_token(stack: Stack) -> None:
    assert send(stack.urls["coordinator"] + "/publish?topic=prediction-request", b'{"request_id":"r"}')[0] == 204
    [call] = wait_until(lambda: calls(stack, "worker", "/"), 10, "the delivery")
    assert call["headers"]["authorization"].startswith("Bearer ")
    assert json.loads(call["body"])["subscription"] == f"projects/{PROJECT}/subscriptions/prediction-request-worker"


def test_updated_batch_is_an_event_and_a_request_is_not(stack: Stack) -> None:
    for path in ("prediction_batches/b/requests/r", "prediction_batches/b"):
        assert send(f"{stack.urls['coordinator']}/update?path={path}", b"")[0] == 204
    [call] = wait_until(lambda: calls(stack, "verifier", "/events/batch"), 10, "the event")
    assert call["headers"]["ce-document"] == "prediction_batches/b"


def test_scheduled_sweep_runs_in_process(stack: Stack) -> None:
    wait_until(lambda: calls(stack, "verifier", "/sweep")[1:], 10, "a second sweep")


def test_external_push_goes_through_the_relay(stack: Stack) -> None:
    relay = stack.urls["relay"]
    assert send(f"{relay}/push/nba-prediction-trigger-coordinator", b'{"message":{}}')[0] == 204
    assert calls(stack, "coordinator", "/regenerate-pubsub")[0]["body"] == '{"message":{}}'
    assert send(f"{relay}/push/no-such", b"{}")[0] == 404
