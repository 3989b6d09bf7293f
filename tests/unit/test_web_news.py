"""The doors of the news watch: the route, the schedule's rhythm, and messages of upstreams that push."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.values import replace
from regen.ports import Write
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


@pytest.mark.parametrize(
    "more", [{"game_date": "soon"}, {"systems": ["steady"]}, {"players": []}, {"plyers": ["a"]}, {"hold": True}]
)
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


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("names", "status"),
    [
        ({"players": ["playera", "playerx9"]}, 400),
        ({"players": ["playerx9"]}, 404),
        ({"games": ["0022500601", "0022599999"]}, 400),
        ({"games": ["0022599999"]}, 404),
        ({"games": ["0022500601"], "players": ["playerx9"]}, 404),
        ({"games": [" 0022500601 "], "players": ["PlayerA"]}, 200),
    ],
)
def test_a_misspelt_name_is_refused_by_a_scan(names: dict[str, Any], status: int, dry_run: bool) -> None:  # noqa: FBT001
    """It would be dropped without a word, and the operator would take the silence for `no news`."""
    web = _news()
    answer = web.post(SCAN, {"game_date": DATE, "dry_run": dry_run, **names})
    assert answer.status_code == status
    assert len(_asked(web)) == (status == 200 and not dry_run)
    assert status == 200 or "is not" in (answer.json or {})["detail"]


def test_where_no_game_is_to_come_no_name_is_unknown() -> None:
    answer = _news().post(SCAN, {"game_date": "2026-07-01", "players": ["playerx9"]})
    assert (answer.status_code, (answer.json or {})["games"]) == (200, 0)


def test_a_feed_may_know_more_players_than_the_slate(caplog: pytest.LogCaptureFixture) -> None:
    """What it says of those who are on the slate is carried, and the log names the others."""
    caplog.set_level("WARNING")
    web = _news()
    assert _push(web, {"mode": "news", "game_date": DATE, "players": ["playera", "playerx9"]}) == 204
    assert (len(_asked(web)), web.malformed()) == (1, [])
    assert "'playerx9' is not" in caplog.text


def test_a_scan_in_a_halt_says_so_and_settles_no_key() -> None:
    """After the resumption the same call looks."""
    web = _news()
    web.post("/halt", {"reason": "a drill"})
    for body in ({"dry_run": True}, {}):
        assert (web.post(SCAN, body, {"Idempotency-Key": "k"}).json or {})["status"] == "halted"
    assert _push(web, {"mode": "news", "game_date": DATE}) == 204
    web.post("/resume", {})
    assert _push(web, {"mode": "news", "game_date": DATE}) == 204
    assert len(_asked(web)) == 1
    assert (web.post(SCAN, {}, {"Idempotency-Key": "k"}).json or {})["status"] == "scanned"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "x" * 500, "a\x00b"], ids=repr)
def test_a_row_with_an_odd_name_spoils_no_news_of_its_game(name: str) -> None:
    """Named beside the others it would make their trigger malformed, again at each scan."""
    web = _news()
    web.bench.slate(
        [entry("playera", status="out"), *players(8)[1:], replace(entry("odd", status="out"), player_lookup=name)]
    )
    for _ in range(2):
        assert web.post(SCAN, {}).status_code == 200
        web.bench.drain()
        web.bench.clock.advance(90)
    assert web.malformed() == []
    assert "playera" not in web.bench.makers()


@pytest.mark.parametrize("harm", [{"promoted": 7}, {"coalesced": ["{"]}, {"schema": 99}], ids=str)
def test_an_unreadable_date_holds_up_no_news_of_others(harm: dict[str, Any]) -> None:
    web = _news()
    tomorrow = DAY + timedelta(days=1)
    entries = [replace(one, game_id="0022500701") for one in players(4)]
    web.bench.slate([replace(one, game_start=TIP_OFF + timedelta(days=1)) for one in entries], tomorrow)
    web.bench.run("t2", day=tomorrow)
    web.post("/withdrawals", {"game_date": tomorrow.isoformat(), "players": ["playerb"], "reason": "out"})
    web.bench.drain()
    web.bench.store.commit([Write("update", f"game_dates/{tomorrow}", harm)])
    answer = web.post(SCAN, {}).json or {}
    assert (answer["triggered"], answer["games"]) == ([DATE], 1)
    assert any(item.payload.get("type") == "record_unreadable" for item in web.outbox() if item.kind == "alert")
