"""Messages of an odd form at every door: what outsiders write steers nothing, and no message comes again for ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from regen.ports import Write
from regen.services.state.deps import TRIGGER_TOPIC
from support.league import DAY, players
from support.web_bench import Web, envelope

DATE = DAY.isoformat()
OF_TRIGGERS = f"projects/p/subscriptions/{TRIGGER_TOPIC}-dead-letter-verifier"
NO_TEXT: list[Any] = [["news"], {"name": "news"}, 7, 1.5, True, None, [[]], ["grade"]]
NO_NUMBER: list[Any] = [None, "1", "two", "com.upstream.Event.v1", True, 1.5, [], {}, [99]]


def _batches(web: Web) -> list[Any]:
    return web.bench.store.find("prediction_batches")


def _dead(web: Web, data: Any, **attributes: str) -> int:
    """Push a dead letter of the triggers' topic."""
    body = json.loads(envelope(data, "m-9", **attributes))
    return web.push("verifier", "/dead-letters", json.dumps({**body, "subscription": OF_TRIGGERS}).encode())


@pytest.mark.parametrize("mode", NO_TEXT, ids=str)
def test_a_mode_that_is_no_text_is_recorded_at_once(mode: Any) -> None:
    web = Web(players(3))
    data = {"game_date": DATE, "mode": mode}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    (entry,) = web.malformed()
    assert entry["error"].startswith("mode: ")
    assert _dead(web, data) == 204
    assert len(web.malformed()) == 2
    assert _batches(web) == []


@pytest.mark.parametrize("schema", [*NO_NUMBER, 99, 3, -1], ids=str)
@pytest.mark.parametrize("attributes", [{}, {"follow_up": "x"}, {"event_id": "a-guess"}], ids=str)
def test_a_foreign_schema_of_a_trigger_steers_nothing(schema: Any, attributes: dict[str, str]) -> None:
    """It is a field that regen does not know: the date is made again, and a dead letter is on record."""
    web = Web(players(3))
    data = {"game_date": DATE, "schema": schema}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data, **attributes)) == 204
    assert (len(_batches(web)), web.malformed()) == (1, [])
    assert _dead(web, data, **attributes) == 204
    assert len(web.malformed()) == 1


@pytest.mark.parametrize("schema", [*NO_NUMBER, 99], ids=str)
@pytest.mark.parametrize("data", [{"mode": "grade", "game_date": "2026-01-19"}, {"mode": "advance_backfill"}], ids=str)
def test_a_foreign_schema_of_a_wake_steers_nothing(schema: Any, data: dict[str, Any]) -> None:
    """It does only what is due on record, whichever version sends it."""
    web = Web(players(3))
    wake = {"backfill_id": "backfill_2026-01-20_2026-01-20_00000001", **data, "schema": schema}
    if data["mode"] == "grade":
        del wake["backfill_id"]
    assert web.push("coordinator", "/regenerate-pubsub", envelope(wake)) == 204
    assert _dead(web, wake) == 204
    assert web.malformed() == []


@pytest.mark.parametrize("service", ["worker", "verifier", "dead letters"])
@pytest.mark.parametrize("schema", NO_NUMBER, ids=str)
def test_a_schema_that_is_no_number_is_recorded(service: str, schema: Any) -> None:
    """No version of regen writes one; a number that is too high is of a newer version, and comes again."""
    web = Web(players(3))
    web.post("/regenerate-with-supersede", {"game_date": DATE})
    (batch,) = _batches(web)
    name = batch.path.rpartition("/")[2]
    (request, *_) = web.bench.store.find(f"{batch.path}/requests")
    message = {"batch_id": name, "request_id": request.path.rpartition("/")[2], "round": 1}
    where = {
        "worker": ("worker", "/"),
        "verifier": ("verifier", "/verify"),
        "dead letters": ("verifier", "/dead-letters"),
    }
    assert web.push(*where[service], envelope({**message, "schema": 99})) == 503
    assert web.malformed() == []
    assert web.push(*where[service], envelope({**message, "schema": schema})) == 204
    (entry,) = web.malformed()
    assert entry["error"] == "schema: expected a whole number"


def test_copies_of_an_old_message_cost_one_read() -> None:
    """A thousand copies of a look at the news are no thousand queries."""
    web = Web(players(3))
    body = envelope({"mode": "news", "game_date": DATE}, "m-1")
    assert web.push("coordinator", "/regenerate-pubsub", body) == 204
    ledger, asked = web.bench.deps.books, []
    ledger.standings = lambda *dates: asked.append(dates) or []  # type: ignore[method-assign,func-returns-value]
    for copy in (
        body,
        envelope({"mode": "advance_backfill", "backfill_id": "backfill_2026-01-20_2026-01-20_0000000a"}),
    ):
        before = web.bench.store.reads
        assert web.push("coordinator", "/regenerate-pubsub", copy) == 204
        assert web.bench.store.reads - before == 1
    assert asked == []


@pytest.mark.parametrize("times", [1, 3])
def test_a_dead_letter_ends_a_request_that_is_touched(times: int) -> None:
    """The record was changed between the read and the write, by a newer version's field: the request is pending still."""
    web = Web(players(3))
    web.post("/regenerate-with-supersede", {"game_date": DATE})
    (batch,) = _batches(web)
    (request, *_) = web.bench.store.find(f"{batch.path}/requests")
    commit, left = web.bench.store.commit, [times]

    def touched(writes: Sequence[Write]) -> None:
        if left[0] and any(write.path == request.path for write in writes):
            left[0] -= 1
            commit([Write("update", request.path, {"of_a_later_version": left[0]})])
        commit(writes)

    web.bench.store.commit = touched  # type: ignore[method-assign]
    message = {"batch_id": batch.path.rpartition("/")[2], "request_id": request.path.rpartition("/")[2], "round": 1}
    assert web.push("verifier", "/dead-letters", envelope(message)) == 204
    found = web.bench.store.get(request.path)
    assert found is not None
    assert (found.data["state"], left) == ("done", [0])
