"""The predecessor's callers: their fields, and what they read of the answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from support.league import DAY
from support.web_bench import Web

DATE = DAY.isoformat()
TRACES = {"correlation_id": "a1b2c3d4", "parent_processor": "phase4", "skip_completeness_check": True}
COUNTED = ("superseded_count", "regenerated_count", "processing_time_seconds")


def test_a_start_keeps_the_fields_that_only_trace() -> None:
    web = Web()
    said = web.post("/start", {"game_date": DATE, "use_multiple_lines": False, "dataset_prefix": "", **TRACES})
    assert said.status_code == 202
    kept = (web.get(f"/batches/{(said.json or {})['batch_id']}").json or {})["metadata"]
    assert kept == {"use_multiple_lines": False, "dataset_prefix": "", **TRACES}
    web.bench.drain()
    (audit,) = web.bench.audited("promoted")
    assert audit.metadata["correlation_id"] == "a1b2c3d4"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset_prefix", "test"),
        ("dataset_prefix", 0),
        ("use_multiple_lines", True),
        ("use_multiple_lines", None),
        ("skip_completeness_check", "yes"),
        ("correlation_id", 7),
        ("correlation_id", "x" * 201),
    ],
)
def test_a_field_that_would_change_a_start_is_refused(field: str, value: Any) -> None:
    web = Web()
    said = web.post("/start", {"game_date": DATE, field: value})
    assert said.status_code == 400
    assert str((said.json or {})["detail"]).startswith(f"{field}: expected ")
    assert web.bench.queue.published == []


@pytest.mark.parametrize("path", ["/regenerate-with-supersede", "/start"])
def test_counts_are_null_with_a_reason_until_the_end(path: str) -> None:
    web = Web()
    said: dict[str, Any] = web.post(path, {"game_date": DATE}).json or {}
    assert [said[name] for name in COUNTED] == [None] * 3
    assert "null until the batch has ended" in said["note"]
    open_: dict[str, Any] = web.get(f"/batches/{said['batch_id']}").json or {}
    assert [open_[name] for name in COUNTED] == [None] * 3


def test_regenerated_count_counts_rows() -> None:
    web = Web()
    web.post("/start", {"game_date": DATE})
    web.bench.drain()
    web.bench.clock.advance(60)
    said: dict[str, Any] = web.post("/regenerate-with-supersede", {"game_date": DATE}).json or {}
    web.bench.clock.advance(12)
    web.bench.drain()
    done: dict[str, Any] = web.query("/status", {"batch_id": said["batch_id"]}).json or {}
    rows = len(web.bench.current())
    assert rows > said["requested_players"] > said["requests"]
    assert (done["superseded_count"], done["regenerated_count"]) == (rows, rows)
    assert done["processing_time_seconds"] == pytest.approx(12, abs=5)


def test_what_the_secret_prints_is_the_key() -> None:
    from regen.web.callers import Gatekeeper  # noqa: PLC0415
    from regen.web.settings import read_settings  # noqa: PLC0415
    from support.web_bench import environment  # noqa: PLC0415

    secret = base64.b64encode(b"what gcloud prints").decode()
    gate = Gatekeeper(read_settings(environment(REGEN_API_KEYS=f"{secret}\n")))
    assert gate.by_key({"X-API-Key": secret}).name == "api_key:default"
