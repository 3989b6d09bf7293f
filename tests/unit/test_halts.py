"""`regen halt` and `regen resume`: a halted platform records its triggers, loses none, and opens them afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from support.league import DAY, players
from support.web_bench import Web, envelope, ticked

DATE, RUN = DAY.isoformat(), "/regenerate-with-supersede"
WHY = {"reason": "a model is being rolled back"}


def _halted(web: Web | None = None) -> Web:
    web = web or Web()
    assert web.post("/halt", WHY).status_code == 200
    return web


def _resume(web: Web) -> dict[str, Any]:
    said = web.post("/resume", {})
    assert said.status_code == 200, said.text
    web.bench.drain()
    web.bench.sweep()
    return said.json or {}


def _batches(web: Web) -> list[dict[str, Any]]:
    return list((web.get("/batches").json or {})["batches"])


def test_triggers_of_a_halted_platform_open_on_resume() -> None:
    web = _halted()
    said = web.post(RUN, {"game_date": DATE, "players": ["playera"]}, {"Idempotency-Key": "one"})
    assert (said.status_code, (said.json or {})["status"]) == (202, "halted")
    assert web.post(RUN, {"game_date": DATE, "players": ["playera"]}, {"Idempotency-Key": "one"}).json == said.json
    assert web.push("coordinator", "/regenerate-pubsub", envelope({"game_date": DATE, "players": ["playerb"]})) == 204
    web.bench.sweep()
    assert _batches(web) == []
    assert (web.get("/halt").json or {})["waiting"] == [DATE]
    _resume(web)
    (batch,) = _batches(web)
    assert (batch["status"], batch["requested_players"]) == ("promoted", 2)
    assert set(batch["trigger_ids"]) == {"one", "m-1"}
    assert (web.get("/halt").json or {}) == {"status": "running", "at": None, "by": None, "reason": None, "waiting": []}
    web.bench.sweep()
    assert len(_batches(web)) == 1


def test_a_scheduled_start_during_a_halt_is_made_up_for() -> None:
    web = _halted()
    said = web.call("coordinator", "POST", "/start", b'{"game_date": "%s", "min_minutes": 5}' % DATE.encode(), ticked())
    assert (said.json or {})["status"] == "halted"
    _resume(web)
    (batch,) = _batches(web)
    assert (batch["status"], batch["requested_players"]) == ("promoted", 8)
    assert web.bench.batch(batch["batch_id"]).min_minutes == 5


def test_a_batch_under_way_ends_during_a_halt() -> None:
    web = Web()
    live = web.bench.regenerate()
    web.bench.regenerate("t2")
    _halted(web)
    web.bench.drain()
    web.bench.sweep()
    assert web.bench.batch(live.batch_id).status.value == "promoted"
    assert [b["batch_id"] for b in _batches(web)] == [live.batch_id], "the follow-up waits"
    _resume(web)
    assert {b["status"] for b in _batches(web)} == {"promoted"}
    assert len(_batches(web)) == 2


def test_a_backfill_waits_for_the_end_of_a_halt() -> None:
    web = _halted()
    made: dict[str, Any] = web.post("/backfills", {"from": DATE, "to": DATE}).json or {}
    web.bench.drain()
    web.bench.sweep()
    assert _batches(web) == []
    _resume(web)
    web.bench.sweep()
    assert (web.get(f"/backfills/{made['backfill_id']}").json or {})["status"] == "done"


def test_a_trigger_that_meets_the_resumption_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    from regen.services.batch import dates  # noqa: PLC0415

    web = _halted()
    entry_of = dates.coalesced_entry

    def slow(*given: Any) -> Any:
        monkeypatch.undo()
        assert web.post("/resume", {}).status_code == 200, "while the trigger is about to be recorded"
        return entry_of(*given)

    monkeypatch.setattr("regen.services.batch.halting.coalesced_entry", slow)
    said = web.post(RUN, {"game_date": DATE})
    assert (said.json or {})["status"] == "accepted"


def test_more_dates_than_a_commit_holds_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    from regen.services.batch import halting  # noqa: PLC0415

    monkeypatch.setattr(halting, "AT_ONCE", 1)
    web = _halted()
    days = [DAY + timedelta(days=n) for n in range(3)]
    for day in days:
        web.bench.slate(players(3), day)
        web.post(RUN, {"game_date": day.isoformat()})
    _resume(web)
    assert {b["game_date"] for b in _batches(web)} == {day.isoformat() for day in days}


def test_a_halt_is_on_record_and_told_of_once_a_day() -> None:
    web = _halted(Web(players(3)))
    assert web.post("/halt", WHY).status_code == 409
    assert (web.get("/batches").json or {})["halt"]["reason"] == WHY["reason"]
    vitals: dict[str, Any] = (web.get("/ready").json or {})["vitals"]
    assert (vitals["halt"]["status"], vitals["halt"]["by"]) == ("halted", "api_key:old")
    for day in (0, 1):
        for _ in range(2 * 60):
            web.bench.clock.advance(60)
            web.bench.sweep()
        web.bench.clock.advance(0 if day else 22 * 3600)
    told = [a for a in web.bench.queue.of("prediction-alerts") if a["type"] == "platform_halted"]
    assert len(told) == 2
    _resume(web)
    assert [e.metadata["order_reason"] for e in web.bench.audited("halted")] == [WHY["reason"]]
    assert len(web.bench.audited("resumed")) == 1
    assert web.post("/resume", {}).status_code == 409


def test_orders_on_a_batch_are_taken_during_a_halt() -> None:
    web = Web()
    done = web.bench.run()
    _halted(web)
    assert web.post(f"/batches/{done.batch_id}/rollback", {}).status_code == 202
    web.bench.drain()
    assert web.bench.batch(done.batch_id).status.value == "rolled_back"
    later = (date.fromisoformat(DATE) + timedelta(days=1)).isoformat()
    assert web.post("/withdrawals", {"game_date": later, "reason": "out", "games": ["0"]}).status_code == 404
