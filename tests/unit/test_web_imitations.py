"""What only regen sends cannot be imitated by those who may publish triggers, and no trigger is lost for trying."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.dates import eastern_today
from regen.services.healing import dead_letters
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.state.paths import IDEMPOTENCY
from support.league import DAY
from support.lists import list_batches
from support.web_bench import Web, envelope, pushed, ticked

DAY_ = DAY.isoformat()
TRIGGER: dict[str, Any] = {"game_date": DAY_, "reason": "late_data", "mode": "regenerate_with_supersede"}
FROM_TRIGGERS = "projects/p/subscriptions/nba-prediction-trigger-dead-letter-verifier"
ATTRIBUTES: list[dict[str, str]] = [
    {"follow_up": "x"},
    {"follow_up": ""},
    {"event_id": "e"},
    {"follow_up": "x", "event_id": "e"},
    {"follow_up": "regen_2026-01-20_x_1/1", "event_id": "0" * 24, "traceparent": "no"},
]


def listed(web: Web) -> list[list[str]]:
    return sorted(b.trigger_ids or [] for b in list_batches(web.bench.deps, None, None))


def send(web: Web, message_id: str, attributes: Mapping[str, str], **data: Any) -> None:
    body = envelope({**TRIGGER, **data}, message_id, **attributes)
    assert web.push("coordinator", "/regenerate-pubsub", body) == 204


def own_follow_up(web: Web) -> tuple[dict[str, Any], dict[str, str]]:
    """A follow-up as regen sent it."""
    message = next(m for t, m in web.bench.queue.published if t == TRIGGER_TOPIC and "follow_up" in m.attributes)
    return dict(message.data), dict(message.attributes)


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_imitated_follow_up_is_treated_as_a_trigger(attributes: dict[str, str]) -> None:
    web = Web()
    send(web, "m1", attributes)
    assert listed(web) == [["m1"]]
    send(web, "m2", attributes)
    web.bench.drain()
    web.bench.sweep()
    assert listed(web) == [["m1"], ["m2"]], "while a batch is live it waits, as any trigger does"
    assert not web.malformed()


def test_triggers_that_share_an_event_id_stay_separate() -> None:
    """Upstream may name its own events so; the second one is news of its own."""
    web = Web()
    send(web, "m1", {"event_id": "game-42"})
    web.bench.drain()
    send(web, "m2", {"event_id": "game-42"})
    send(web, "m2", {"event_id": "game-42"})
    web.bench.drain()
    assert listed(web) == [["m1"], ["m2"]]


def test_altered_copy_of_a_follow_up_is_a_trigger() -> None:
    web = Web()
    web.bench.regenerate("t1")
    web.bench.regenerate("t2")
    web.bench.drain()
    web.bench.sweep()
    assert listed(web) == [["t1"], ["t2"]]
    data, attributes = own_follow_up(web)
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data, "again", **attributes)) == 204
    assert listed(web) == [["t1"], ["t2"]], "delivered again, it carries nothing"
    other = {**data, "players": ["playera"]}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(other, "stolen", **attributes)) == 204
    assert listed(web) == [["stolen"], ["t1"], ["t2"]], "with another body it is a trigger of somebody else's"


def test_follow_up_of_the_previous_release_loses_nothing() -> None:
    """Its event is noted nowhere: it is a trigger, which takes along all that waits on the date."""
    web = Web()
    web.bench.regenerate("t1")
    web.bench.regenerate("t2")
    for path in [p for p in web.everything() if p.startswith(f"{IDEMPOTENCY}/sent_")]:
        del web.bench.store._documents[path]
    message = web.bench.until(TRIGGER_TOPIC)
    for path in [p for p in web.everything() if p.startswith(f"{IDEMPOTENCY}/sent_")]:
        del web.bench.store._documents[path]
    web.bench.queue.waiting.popleft()
    assert web.push("coordinator", "/regenerate-pubsub", envelope(message.data, "old", **message.attributes)) == 204
    web.bench.drain()
    assert listed(web) == [["old", "t2"], ["t1"]]


def test_external_grade_message_for_a_future_date_is_recorded() -> None:
    web = Web()
    day = eastern_today(web.bench.clock.now()).isoformat()
    send(web, "m1", {}, mode="grade", game_date=day)
    assert "a date that is over" in web.malformed()[0]["error"]


def test_external_wake_message_opens_nothing() -> None:
    web = Web()
    send(web, "m1", {}, mode="advance_backfill", backfill_id="backfill_x")
    assert "the id of a backfill" in web.malformed()[0]["error"]
    assert listed(web) == []


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_dead_trigger_imitating_a_follow_up_is_recorded(attributes: dict[str, str]) -> None:
    web = Web()
    web.bench.regenerate("t1")
    web.bench.regenerate("t2")
    (batch_id,) = [b.batch_id for b in list_batches(web.bench.deps, None, None)]
    requests = [p.rpartition("/")[2] for p in web.everything() if "/requests/" in p]
    for number, more in enumerate(({}, {"batch_id": batch_id, "request_id": requests[0]}, {"batch_id": batch_id})):
        body = json.loads(envelope({**TRIGGER, **more}, f"m{number}", **attributes))
        body["subscription"] = FROM_TRIGGERS
        assert web.push("verifier", "/dead-letters", json.dumps(body).encode()) == 204
    assert len(web.malformed()) == 3
    states = {v["state"] for p, v in web.everything().items() if "/requests/" in p}
    assert states == {"pending"}, "no request of ours was ended by it"


def test_dead_imitated_follow_up_is_recorded() -> None:
    web = Web()
    assert dead_letters.handle(web.bench.deps, "m1", TRIGGER, {"follow_up": "x", "event_id": "e"}, b"{}") == "recorded"


def test_scheduler_jobs_of_one_minute_have_separate_keys() -> None:
    web = Web()
    moment = {"X-CloudScheduler": "true", "X-CloudScheduler-ScheduleTime": "2026-01-20T11:00:00Z"}

    def run(job: str, days: int) -> int:
        headers = {**ticked(), **moment, "X-CloudScheduler-JobName": job}
        body = json.dumps({"game_date": DAY_, "min_minutes": days}).encode()
        return web.call("coordinator", "POST", "/start", body, headers).status_code

    assert run("regen-start", 10) == 202
    assert run("regen-start", 10) == 202, "the same run, delivered again"
    assert run("regen-start-early", 12) == 409, "its own key: the live batch is in the way, not another's key"
    assert run("j" * 500, 12) == 409
    assert run("regen-start", 12) == 422


def test_key_shared_by_two_callers_is_coalesced_twice() -> None:
    web = Web()
    web.bench.regenerate("t0")
    for caller, name in (("one-key-of-sixteen-or-more", "playera"), ("another-key-that-is-valid-too", "playerb")):
        body = {"game_date": DAY_, "players": [name]}
        answer = web.post("/regenerate-with-supersede", body, {"Idempotency-Key": "k", "X-API-Key": caller})
        assert answer.status_code == 202
    web.bench.drain()
    web.bench.sweep()
    assert min(b.requested_players or 0 for b in list_batches(web.bench.deps, None, None)) == 2
    assert len(web.bench.audited("coalesced")) == 2


def test_only_the_platform_may_push_a_trigger() -> None:
    assert Web().call("coordinator", "POST", "/regenerate-pubsub", envelope(TRIGGER), pushed()).status_code == 204


def copies_cost(web: Web, data: Mapping[str, Any], attributes: Mapping[str, str]) -> tuple[int, int]:
    """Reads of each copy after the second delivery, and the statements of all."""
    bodies = [envelope(data, "copy", **attributes)] * 5
    seen = []
    for body in bodies:
        seen.append((web.bench.store.reads, web.bench.warehouse.submitted))
        assert web.push("coordinator", "/regenerate-pubsub", body) == 204
    end = (web.bench.store.reads, web.bench.warehouse.submitted)
    return (end[0] - seen[2][0]) // 3, end[1] - seen[2][1]


def test_copy_of_a_handled_message_costs_one_read() -> None:
    """5,000 copies of old messages beside a regeneration took its time."""
    web = Web()
    web.bench.regenerate("t1")
    web.bench.regenerate("t2")
    web.bench.drain()
    web.bench.sweep()
    day = (DAY - timedelta(days=400)).isoformat()
    range_ = {"from": DAY_, "to": DAY_, "reason": "backfill"}
    assert web.post("/backfills", range_).status_code == 202
    web.bench.drain()
    wake = next(m for _, m in web.bench.queue.published if m.data.get("mode") == "advance_backfill" and m.attributes)
    assert copies_cost(web, *own_follow_up(web)) == (1, 0)
    assert copies_cost(web, dict(wake.data), dict(wake.attributes)) == (1, 0)
    assert copies_cost(web, {"mode": "grade", "game_date": day}, {}) == (1, 0)
    assert copies_cost(web, TRIGGER, {}) == (1, 0)
