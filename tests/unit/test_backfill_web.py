"""The coordinator's routes for backfills, the BDB scan, the look at the tables and the grades."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from regen.domain.invariants import Finding
from regen.ports import Write
from support.league import DAY
from support.web_bench import Web, envelope, ticked

RANGE = {"from": "2026-01-20", "to": "2026-01-22", "reason": "bdb_upgrade"}


def body(answer: TestResponse) -> Any:
    return json.loads(answer.data)


@pytest.fixture
def web() -> Web:
    return Web()


def test_backfill_is_planned_created_and_viewed(web: Web) -> None:
    plan = web.post("/backfills", {**RANGE, "dry_run": True})
    assert plan.status_code == 200
    assert [d["status"] for d in body(plan)["dates"]] == ["waiting", "no_slate", "no_slate"]
    assert body(web.get("/backfills")) == {"backfills": []}
    made = web.post("/backfills", RANGE, {"Idempotency-Key": "k"})
    assert made.status_code == 202
    name = body(made)["backfill_id"]
    assert body(made)["status_url"] == f"http://localhost/backfills/{name}"
    assert body(web.post("/backfills", RANGE, {"Idempotency-Key": "k"}))["backfill_id"] == name
    assert web.post("/backfills", {**RANGE, "reason": "other"}, {"Idempotency-Key": "k"}).status_code == 422
    told = body(web.get(f"/backfills/{name}"))
    assert (told["status"], told["counts"]) == ("running", {"waiting": 1, "no_slate": 2})
    assert [b["backfill_id"] for b in body(web.get("/backfills"))["backfills"]] == [name]
    advance = {"mode": "advance_backfill", "backfill_id": name}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(advance)) == 204
    day = body(web.get(f"/backfills/{name}"))["dates"][0]
    assert day["status"] == "running"
    assert web.get(f"/batches/{day['batch_id']}").status_code == 200
    assert web.push("coordinator", "/regenerate-pubsub", envelope(advance, "m-2")) == 204
    assert len(web.bench.store.find("prediction_batches")) == 1


def test_unreadable_backfill_is_listed_with_the_others(web: Web) -> None:
    good, newer = (body(web.post("/backfills", RANGE, {"Idempotency-Key": key}))["backfill_id"] for key in ("k1", "k2"))
    web.bench.store.commit([Write("update", f"backfills/{newer}", {"schema": 99})])
    listed = {b["backfill_id"]: b for b in body(web.get("/backfills"))["backfills"]}
    assert {name: b["status"] for name, b in listed.items()} == {good: "running", newer: "unreadable"}
    assert f"backfills/{newer}" in listed[newer]["error"]
    assert web.get(f"/backfills/{newer}").status_code == 503


def test_backfill_can_be_paused_resumed_and_cancelled(web: Web) -> None:
    name = body(web.post("/backfills", RANGE))["backfill_id"]
    assert body(web.post(f"/backfills/{name}/pause", {}))["status"] == "paused"
    assert body(web.post(f"/backfills/{name}/resume", {}))["status"] == "running"
    assert body(web.post(f"/backfills/{name}/cancel", {}))["status"] == "cancelled"
    assert web.post(f"/backfills/{name}/resume", {}).status_code == 409
    assert web.post("/backfills/backfill_x/pause", {}).status_code == 404
    assert web.get("/backfills/prediction_batches").status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"to": "2026-01-20"}, "from"),
        ({"from": "2026-01-20"}, "to"),
        ({**RANGE, "to": "2026-01-19"}, "to"),
        ({**RANGE, "to": "2029-01-19"}, "to"),
        ({**RANGE, "to": "soon"}, "to"),
        ({**RANGE, "reason": "Because!"}, "reason"),
        ({**RANGE, "max_concurrent_dates": 0}, "max_concurrent_dates"),
        ({**RANGE, "max_concurrent_dates": True}, "max_concurrent_dates"),
        ({**RANGE, "only": "some"}, "only"),
        ({**RANGE, "only": []}, "only"),
        ({**RANGE, "backwards": "yes"}, "backwards"),
        ({**RANGE, "metadata": []}, "metadata"),
        ({**RANGE, "colour": "red"}, "colour"),
    ],
)
def test_invalid_backfill_names_its_field(web: Web, sent: dict[str, Any], field: str) -> None:
    answer = web.post("/backfills", sent)
    assert answer.status_code == 400
    assert body(answer)["field"] == field
    assert body(web.get("/backfills")) == {"backfills": []}


def test_wake_message_without_backfill_id_is_recorded(web: Web) -> None:
    assert web.push("coordinator", "/regenerate-pubsub", envelope({"mode": "advance_backfill"})) == 204
    assert len(web.malformed()) == 1
    gone = {"mode": "advance_backfill", "backfill_id": "backfill_gone"}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(gone, "m-2")) == 204
    assert len(web.malformed()) == 2


@pytest.mark.parametrize("path", ["/bdb/scan", "/checks", "/grades"])
def test_maintenance_routes_admit_scheduler_and_key_only(web: Web, path: str) -> None:
    assert web.call("coordinator", "POST", path, b"{}", ticked()).status_code == 200
    assert web.post(path, {}).status_code == 200
    assert web.call("coordinator", "POST", path, b"{}").status_code == 401
    assert web.call("coordinator", "GET", path).status_code == 405


def test_invariant_check_reports_its_findings(web: Web) -> None:
    ledger: Any = web.bench.deps.ledger
    ledger.findings = [Finding("audit_missing", 3, 1, ("2026-01-20 b made 9 rows",))]
    answer = web.post("/checks", {"from": DAY.isoformat(), "to": DAY.isoformat()})
    assert body(answer)["findings"][0]["violations"] == 1
    assert [item.payload["type"] for item in web.outbox() if item.kind == "alert"] == ["audit_disagreement"]


def test_grade_takes_a_range_or_the_due_dates(web: Web) -> None:
    ledger: Any = web.bench.deps.ledger
    web.post("/grades", {"from": "2025-11-01", "to": "2025-11-03"})
    assert [(a.isoformat(), b.isoformat()) for a, b in ledger.graded] == [("2025-11-01", "2025-11-03")]
    ledger.graded.clear()
    web.post("/grades", {"days": 3})
    assert [(a.isoformat(), b.isoformat()) for a, b in ledger.graded] == [("2026-01-18", "2026-01-20")]
    assert body(web.post("/grades", {"days": 0}))["field"] == "days"
    assert body(web.post("/grades", {"from": "2025-11-03", "to": "2025-11-01"}))["field"] == "to"
