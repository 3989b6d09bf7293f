"""The doors of the news watch: the route, the schedule's rhythm, and messages of upstreams that push."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regen.services.state.deps import TRIGGER_TOPIC
from support.league import DAY, TIP_OFF, entry, players
from support.web_bench import Web, envelope, pushed, ticked

DATE = DAY.isoformat()
SCAN = "/news/scan"
PUSH = "/regenerate-pubsub"


def _news(**numbers: Any) -> Web:
    """A predicted date on which playera has been ruled out since."""
    web = Web(players(8), **numbers)
    web.bench.run()
    web.bench.slate([entry("playera", status="out"), *players(8)[1:]])
    return web


def _push(web: Web, data: Any, message_id: str = "m-1", **attributes: str) -> int:
    return web.push("coordinator", PUSH, envelope(data, message_id, **attributes))


def _asked(web: Web) -> list[Any]:
    return [data for data in web.bench.queue.of(TRIGGER_TOPIC) if (data.get("metadata") or {}).get("source")]


def test_a_pushed_message_has_the_news_carried_at_once() -> None:
    web = _news()
    for n in range(3):
        assert _push(web, {"mode": "news", "game_date": DATE}, f"m-{n}") == 204
    assert len(_asked(web)) == 1, "a copy, and another message about the same, change nothing"
    web.bench.drain()
    assert "playera" not in web.bench.makers()
    newest = (web.get("/batches").json or {})["batches"][0]
    assert (newest["reason"], newest["status"]) == ("availability_change", "promoted")


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"players": ["PlayerA "]}, 1),
        ({"players": ["playerb"]}, 0),
        ({"games": ["0022500601"]}, 1),
        ({"games": ["0022500699"]}, 0),
        ({"reason": "availability_change", "metadata": {"feed": "x"}}, 1),
    ],
)
def test_a_message_narrows_the_look_to_its_names(more: dict[str, Any], number: int) -> None:
    web = _news()
    assert _push(web, {"mode": "news", "game_date": DATE, **more}) == 204
    assert len(_asked(web)) == number
    assert web.malformed() == []


@pytest.mark.parametrize("more", [{"game_date": "soon"}, {"systems": ["steady"]}, {"players": []}, {"plyers": ["a"]}])
def test_a_malformed_message_of_news_is_recorded(more: dict[str, Any]) -> None:
    web = _news()
    assert _push(web, {"mode": "news", "game_date": DATE, **more}) == 204
    assert (len(web.malformed()), _asked(web)) == (1, [])


def test_nobody_outside_can_send_the_watchs_own_trigger() -> None:
    """Its hold-down is short, and it opens nothing after tip-off: neither can be had by writing its metadata."""
    web = _news(hold_down_seconds=900.0)
    forged = {"game_date": DATE, "players": ["playerb"], "reason": "line_move", "metadata": {"source": "news_scan"}}
    assert _push(web, forged, event_id="a-guess") == 204
    batches = (web.get("/batches").json or {})["batches"]
    assert len(batches) == 1, "it waits for the hold-down of any other trigger"


def test_schedule_scans_in_the_rhythm_of_the_settings() -> None:
    web = _news()
    due = json.dumps({"if_due": True}).encode()
    said = []
    for _ in range(20):
        answer = web.call("coordinator", "POST", SCAN, due, ticked())
        said.append((answer.json or {})["status"])
        web.bench.clock.advance(60)
    assert said.count("scanned") == 1, "seven hours before the game once an hour"
    web.bench.clock.advance((TIP_OFF - web.bench.clock.now()).total_seconds() - 7200)
    said = []
    for _ in range(30):
        answer = web.call("coordinator", "POST", SCAN, due, ticked())
        said.append((answer.json or {})["status"])
        web.bench.clock.advance(60)
    assert said.count("scanned") == 6
    assert (web.post(SCAN, {}).json or {})["status"] == "scanned", "a person does not wait"


def test_a_scan_with_a_known_key_is_answered_as_before() -> None:
    web = _news()
    first = web.post(SCAN, {}, {"Idempotency-Key": "k"}).json
    assert (first or {})["counts"] == {"regenerate": 1}
    assert web.post(SCAN, {}, {"Idempotency-Key": "k"}).json == first
    assert len(_asked(web)) == 1


def test_what_was_decided_is_told_by_date() -> None:
    web = _news()
    web.post(SCAN, {})
    events = (web.get(f"/news?game_date={DATE}").json or {})["events"]
    assert [(e["player_lookup"], e["kind"], e["act"]) for e in events] == [("playera", "ruled_out", "regenerate")]
    assert (web.get("/news?game_date=2026-01-21").json or {})["events"] == []
    assert web.get("/news").status_code == 400


def test_a_dead_letter_of_news_is_left_to_the_schedule() -> None:
    web = _news()
    data = {"mode": "news", "game_date": DATE}
    kept = json.loads(envelope(data, CloudPubSubDeadLetterSourceSubscription="nba-prediction-trigger-coordinator"))
    assert web.call("verifier", "POST", "/dead-letters", json.dumps(kept).encode(), pushed()).status_code == 204
    assert web.malformed() == []
