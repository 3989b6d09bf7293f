"""The predecessor's commands, as its operators type them, and its queries, through the official clients."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from acceptance.conftest import Local
from regen.client.waiting import wait_for
from support.polling import wait_until
from support.predecessors_commands import commands

CURL = commands()["regenerate by HTTP"].replace("curl -X", "curl -s -X")


def _asked(question: str) -> str:
    """A query of theirs, about the one date that is predicted here."""
    return re.sub(r"'2026-01-2[04]'", "'2026-01-25'", commands()[question])


COUNTS, COVERAGE = _asked("final prediction counts"), _asked("coverage")


@pytest.fixture
def google_environment(local: Local) -> Iterator[None]:
    """Set the variables of the `env` file, by which Google's clients find the stack."""
    with patch.dict(os.environ, local.env):
        yield


def wait_for_end(local: Local, batch_id: str) -> dict[str, Any]:
    (view,) = wait_for(local.coordinator, [batch_id], timeout=60)
    return view.record


def test_predecessors_health_check_works(local: Local) -> None:
    assert local.coordinator.get("/health")["status"] == "healthy"


def test_predecessors_commands_and_queries_work(local: Local, google_environment: None) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    said = subprocess.run(
        ["bash", "-c", CURL], env=os.environ.copy(), capture_output=True, text=True, check=True
    ).stdout
    answer = json.loads(said)
    assert answer["status"] == "accepted"
    assert answer["batch_id"].startswith("regen_2026-01-25_test_")
    first = wait_for_end(local, answer["batch_id"])
    assert (first["status"], first["counts"]["superseded"]) == ("promoted", 0)

    second = _regenerate_by_pubsub(local, first["batch_id"])
    assert (second["status"], second["metadata"]) == ("promoted", {"test": True})
    assert second["counts"]["superseded"] == first["counts"]["inserted"] == second["counts"]["inserted"]

    rows = _query(COUNTS)
    assert [(row["superseded"], row["predictions"]) for row in rows] == [
        (None, second["counts"]["inserted"]),
        (True, first["counts"]["inserted"]),
    ]
    assert rows[0]["latest_prediction"] > rows[1]["latest_prediction"]
    (covered,) = [row for row in _query(COVERAGE) if row["game_date"] is not None]
    assert covered["coverage_pct"] > 90


def _regenerate_by_pubsub(local: Local, before: str) -> dict[str, Any]:
    from google.cloud import pubsub_v1  # noqa: PLC0415

    message = {
        "game_date": "2026-01-25",
        "reason": "pubsub_test",
        "mode": "regenerate_with_supersede",
        "metadata": {"test": True},
    }
    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(local.env["PROJECT_ID"], "nba-prediction-trigger")
    publisher.publish(topic, json.dumps(message).encode()).result(timeout=10)

    def opened() -> str | None:
        known = [batch.value.batch_id for batch in local.coordinator.batches("2026-01-25")]
        return known[0] if known[0] != before else None

    return wait_for_end(local, wait_until(opened, 30, "the triggered batch") or "")


def _query(text: str) -> list[Any]:
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
    from google.cloud import bigquery  # noqa: PLC0415

    client = bigquery.Client(os.environ["PROJECT_ID"], AnonymousCredentials())  # type: ignore[no-untyped-call]
    return list(client.query(text).result())
