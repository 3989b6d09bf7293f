"""The local stack with stand-ins for the functions, on Google's emulators: what the platform does between them."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth import jwt
from google.cloud import firestore
from google.cloud.pubsub_v1 import PublisherClient

from regen.adapters.bigquery.clients import emulator_client
from regen.local.emulators import Emulators, find_emulators
from regen.local.plan import Options
from regen.local.processes import ProcessDied
from regen.local.relay_config import AUDIENCE, ISSUER, push_account, scheduler_account
from regen.local.stack import Stack, StackError
from support.polling import wait_until

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "tests" / "fixtures" / "functions"
PROJECT = "stand-in-project"

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("own stacks"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    folder = tmp_path_factory.mktemp("stack")
    return Options(
        project=PROJECT,
        home=folder / "local",
        functions=FUNCTIONS,
        packages=folder,
        schedules={"regen-sweep": 0.5},
        variables={"REGEN_RETENTION_DAYS": "7"},
    )


@pytest.fixture(scope="module")
def stack(options: Options) -> Iterator[Stack]:
    if not isinstance(found := find_emulators(), Emulators):
        pytest.skip(f"SKIPPED, Google's emulators are not here: {found}")
    os.environ["REGEN_LEAKED"] = "x"
    with Stack(options) as one:
        yield one
        del os.environ["REGEN_LEAKED"]
        one.check()


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
        content: dict[str, Any] = json.loads(answer.read())
    return content


def health(stack: Stack, name: str) -> dict[str, Any]:
    return get(stack.urls[name] + "/health")


def calls(stack: Stack, name: str, path: str, containing: str = "") -> list[dict[str, Any]]:
    lines = (stack.options.home / "home" / "calls.jsonl").read_text().splitlines()
    made = [json.loads(line) for line in lines]
    return [c for c in made if (c["name"], c["path"]) == (name, path) and containing in c["body"] + str(c["headers"])]


def account(stack: Stack, call: dict[str, Any]) -> str:
    """Whose token it came with, checked as the functions check it."""
    certs = get(stack.urls["relay"] + "/certs")
    token = call["headers"]["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, certs, audience=AUDIENCE)  # type: ignore[no-untyped-call]
    assert claims["iss"] == ISSUER
    return str(claims["email"])


def behave(stack: Stack, name: str, **how: float) -> None:
    (stack.options.home / "home" / f"behaviour-{name}.json").write_text(json.dumps(how))


def publish(stack: Stack, topic: str, data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBSUB_EMULATOR_HOST", stack.env["PUBSUB_EMULATOR_HOST"])
        client = PublisherClient()
    client.publish(f"projects/{PROJECT}/topics/{topic}", data).result(10)


def test_functions_run_packaged_code_in_a_clean_environment(stack: Stack) -> None:
    for name in ("coordinator", "worker", "verifier"):
        said = health(stack, name)
        folder = stack.options.packages / "functions" / name  # type: ignore[operator]
        assert said["regen"] == str(folder / "regen" / "__init__.py")
        assert said["environment"]["REGEN_RETENTION_DAYS"] == "7"
        assert "REGEN_LEAKED" not in said["environment"]
        assert said["environment"]["PUBSUB_EMULATOR_HOST"] == stack.env["PUBSUB_EMULATOR_HOST"]


def test_the_worker_has_two_processes(stack: Stack) -> None:
    pids: set[int] = set()

    def both() -> bool:
        pids.add(health(stack, "worker")["pid"])
        return len(pids) == 2

    wait_until(both, 20, "both processes")


def test_a_published_message_is_pushed_with_a_token(stack: Stack) -> None:
    publish(stack, "prediction-verify", b'{"batch_id":"pushed"}')
    [call] = wait_until(lambda: calls(stack, "verifier", "/verify"), 10, "the push")
    assert account(stack, call) == push_account(PROJECT)
    envelope = json.loads(call["body"])
    assert envelope["subscription"] == f"projects/{PROJECT}/subscriptions/prediction-verify-verifier"
    assert envelope["message"]["data"] == "eyJiYXRjaF9pZCI6InB1c2hlZCJ9"


def test_refused_message_is_pushed_again(stack: Stack) -> None:
    behave(stack, "coordinator", status=503)
    publish(stack, "nba-prediction-trigger", b"{}")
    wait_until(lambda: calls(stack, "coordinator", "/regenerate-pubsub"), 10, "the first push")
    behave(stack, "coordinator", status=204)
    wait_until(lambda: len(calls(stack, "coordinator", "/regenerate-pubsub")) >= 2, 15, "the second push")


def test_updated_batch_is_an_event_and_a_request_is_not(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.env["FIRESTORE_EMULATOR_HOST"])
    client = firestore.Client(project=PROJECT)
    document = client.collection("prediction_batches").document("some_batch")
    document.set({"status": "created"})
    request = document.collection("requests").document("r")
    request.set({"state": "pending"})
    request.update({"state": "done"})
    document.update({"status": "complete"})
    found = wait_until(lambda: calls(stack, "verifier", "/events/batch"), 10, "the event")
    assert [c["headers"]["ce-document"] for c in found] == ["prediction_batches/some_batch"]
    assert found[0]["headers"]["ce-type"] == "google.cloud.firestore.document.v1.updated"
    assert "some_batch" in found[0]["body"]
    assert account(stack, found[0]) == push_account(PROJECT)


def test_the_sweep_runs_in_the_schedulers_name(stack: Stack) -> None:
    found = wait_until(lambda: calls(stack, "verifier", "/sweep")[1:], 10, "a second sweep")
    assert account(stack, found[0]) == scheduler_account(PROJECT)


def test_the_warehouse_has_its_tables(stack: Stack) -> None:
    client = emulator_client(stack.env["BIGQUERY_EMULATOR_HOST"], PROJECT)
    assert "player_prop_predictions" in {table.table_id for table in client.list_tables("nba_predictions")}


def test_restarted_worker_receives_messages_sent_meanwhile(stack: Stack) -> None:
    stack.kill("worker")
    publish(stack, "prediction-request", b'{"request_id":"while away"}')
    stack.restart("worker")
    sent = "eyJyZXF1ZXN0X2lkIjoid2hpbGUgYXdheSJ9"
    wait_until(lambda: calls(stack, "worker", "/", sent), 15, "the push after the restart")
    stack.check()


def test_second_stack_in_the_same_folder_is_refused(stack: Stack, options: Options) -> None:
    with pytest.raises(StackError, match="already"):
        Stack(options).start()
    assert health(stack, "worker")


def test_restart_of_an_unknown_process_lists_the_known_ones(stack: Stack) -> None:
    with pytest.raises(StackError, match="no process postgres; there are bigquery, "):
        stack.restart("postgres")


def test_a_process_that_dies_is_reported(stack: Stack) -> None:
    os.killpg(stack.pid("coordinator"), signal.SIGKILL)
    wait_until(lambda: stack.failures, 10, "the report")
    with pytest.raises(ProcessDied, match=r"coordinator was ended by SIGKILL; the end of .*coordinator.log"):
        stack.check()
    stack.restart("coordinator")
    stack.check()
    assert health(stack, "coordinator")
