"""Starts that come after the first: what is missing is made, gaps are filled, and a start that failed is told of."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.invariants import Finding
from support.league import DAY, entry, players
from support.web_bench import Web, ticked

DATE = DAY.isoformat()
LOW = Finding("coverage", 1, 1, (f"{DATE} 60 %",))
MISSING = {"game_date": DATE, "only": "missing"}


def _start(web: Web, **body: Any) -> dict[str, Any]:
    raw = json.dumps({"game_date": DATE, **body}).encode()
    return web.call("coordinator", "POST", "/start", raw, ticked()).json or {}


def _check(web: Web, **body: Any) -> dict[str, Any]:
    said = web.post("/checks", {"days": 1, "fill": True, **body})
    web.bench.drain()
    web.bench.sweep()
    return said.json or {}


def _alerts(web: Web, kind: str) -> list[Any]:
    return [a for a in web.bench.queue.of("prediction-alerts") if a["type"] == kind]


@pytest.fixture
def gap() -> Web:
    """Three players have predictions; two more are on the slate now, one without features, one who never played."""
    web = Web(players(3))
    web.bench.run()
    web.bench.slate([*players(5), entry("nofeatures", features=False), entry("rookie", games=0)])
    return web


def test_a_later_start_makes_only_what_is_missing(gap: Web) -> None:
    before = gap.bench.makers()
    answer = _start(gap, only="missing")
    assert (answer["status"], answer["requested_players"]) == ("accepted", 3)
    gap.bench.drain()
    after = gap.bench.makers()
    assert {name: after[name] for name in before} == before, "who has predictions keeps them"
    assert after.keys() - before.keys() == {"playerd", "playere"}
    again = _start(gap, only="missing")
    assert (again["status"], "none has features" in again["note"]) == ("complete", True)
    assert len(gap.bench.store.find("prediction_batches")) == 2


def test_a_start_of_what_is_missing_during_a_halt_is_made_up_for(gap: Web) -> None:
    gap.post("/halt", {"reason": "a drill"})
    assert gap.post("/start", MISSING).status_code == 202
    gap.post("/resume", {})
    gap.bench.drain()
    (batch,) = [b for b in (gap.get("/batches").json or {})["batches"] if b["reason"] == "daily"]
    assert (batch["status"], batch["requested_players"]) == ("promoted", 3)


def test_a_gap_is_filled_after_low_coverage(gap: Web) -> None:
    gap.bench.deps.ledger.findings = [LOW]  # type: ignore[union-attr]
    assert _check(gap, dry_run=True)["filled"] == [DATE]
    assert len(gap.bench.store.find("prediction_batches")) == 1
    assert _alerts(gap, "coverage_low") == []
    assert _check(gap)["filled"] == [DATE]
    assert {"playerd", "playere"} <= {name for name, _, _ in gap.bench.current()}
    (entry_,) = [e for e in gap.bench.audited("promoted") if e.triggered_by == "gap_filling"]
    assert (entry_.reason, entry_.metadata["source"]) == ("gap_filling", "coverage_low")
    _check(gap)
    assert len(gap.bench.store.find("prediction_batches")) == 2, "once a day"


def test_a_slate_that_nothing_has_started_is_told_of() -> None:
    web = Web()
    web.post("/halt", {"reason": "a drill"})
    _check(web)
    assert _alerts(web, "start_failed") == [], "a halt is told of by itself"
    web.post("/resume", {})
    _check(web)
    _check(web)
    (told,) = _alerts(web, "start_failed")
    assert (told["game_date"], told["look"]) == (DATE, f"regen status --date {DATE}")
    assert _alerts(Web([]), "start_failed") == []


def test_a_scheduled_start_that_fails_for_good_is_told_of() -> None:
    web = Web([entry("gone", status="OUT")])
    assert _start(web)["status"] == 404
    web.bench.sweep()
    assert len(_alerts(web, "start_failed")) == 1
    for day in (DATE, (DAY + timedelta(days=100)).isoformat()):
        web.post("/start", {"game_date": day})
    web.bench.sweep()
    assert len(_alerts(web, "start_failed")) == 1, "a person reads the answer, and a day without games is none"


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x85b"], ids=repr)
def test_a_check_refuses_a_key_that_is_none(key: str) -> None:
    answer = Web(players(3)).post("/checks", {"days": 1}, {"Idempotency-Key": key})
    assert (answer.status_code, (answer.json or {})["field"]) == (400, "Idempotency-Key")


def test_a_check_with_a_known_key_fills_nothing_again(gap: Web) -> None:
    first = gap.post("/checks", {"days": 1, "fill": True}, {"Idempotency-Key": "k"})
    assert first.status_code == 200
    gap.bench.drain()
    batches = len(gap.bench.store.find("prediction_batches"))
    assert gap.post("/checks", {"days": 1, "fill": True}, {"Idempotency-Key": "k"}).json == first.json
    assert gap.post("/checks", {"days": 2}, {"Idempotency-Key": "k"}).status_code == 422
    assert len(gap.bench.store.find("prediction_batches")) == batches
