"""Invalid triggers from Pub/Sub: each is recorded, acknowledged, and opens no batch."""

from __future__ import annotations

import json
import os
from typing import Any
from unittest.mock import patch

import pytest

from acceptance.conftest import Local
from support.polling import wait_until

GOOD = {"game_date": "2026-01-19", "reason": "pubsub_test", "mode": "regenerate_with_supersede"}


def publish(local: Local, *messages: bytes) -> None:
    from google.cloud import pubsub_v1  # noqa: PLC0415

    with patch.dict(os.environ, local.env):
        publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(local.env["PROJECT_ID"], "nba-prediction-trigger")
    for future in [publisher.publish(topic, message) for message in messages]:
        future.result(timeout=10)


def malformed(local: Local) -> list[dict[str, Any]]:
    return local.reader.query(
        "SELECT error FROM {prediction_regeneration_audit} WHERE event = 'malformed' AND regeneration_timestamp > '2000-01-01'"
    )


@pytest.mark.usefixtures("local")
def test_malformed_triggers_do_not_delay_valid_ones(local: Local) -> None:
    if "PUBSUB_EMULATOR_HOST" not in local.env:
        pytest.skip("no Pub/Sub emulator here")
    known = len(malformed(local))
    poison = [
        b"no json",
        b"[]",
        json.dumps({**GOOD, "mode": "destroy"}).encode(),
        json.dumps({**GOOD, "game_date": "soon"}).encode(),
    ]
    publish(local, *poison, json.dumps(GOOD).encode())

    def done() -> bool:
        return any(b.value.status == "promoted" for b in local.coordinator.batches("2026-01-19"))

    wait_until(done, 60, "the good trigger's batch")
    wait_until(lambda: len(malformed(local)) >= known + len(poison), 30, "the audit of the malformed triggers")
    errors = {row["error"] for row in malformed(local)}
    assert any("mode" in str(error) for error in errors)
    assert any("game_date" in str(error) for error in errors)
    assert len(local.coordinator.batches("2026-01-19")) == 1
    assert len(malformed(local)) == known + len(poison)


def test_trigger_for_a_date_without_slate_is_audited_as_rejected(local: Local) -> None:
    if "PUBSUB_EMULATOR_HOST" not in local.env:
        pytest.skip("no Pub/Sub emulator here")
    publish(local, json.dumps({**GOOD, "game_date": "2026-08-19"}).encode())
    (batch,) = wait_until(lambda: local.coordinator.batches("2026-08-19"), 30, "the rejected batch")
    assert (batch.value.status, batch.value.error) == ("rejected", "no_slate")
