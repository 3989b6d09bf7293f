"""Names in a request: spelt nearly right, of another game, excluded, or waiting in a trigger of their own."""

from __future__ import annotations

import pytest

from support.league import DAY, entry, players
from support.web_bench import Web, envelope

RUN = "/regenerate-with-supersede"
DATE, GAME = DAY.isoformat(), "0022500601"


def test_misspelt_player_is_answered_with_similar_names() -> None:
    web = Web([*players(3), entry("lebronjames"), entry("shaigilgeous-alexander")])
    asked = ["LeBronJames ", "lebron james", "shaigilgeousalexander", "zzz"]
    answer = web.post(RUN, {"game_date": DATE, "players": asked})
    assert answer.json is not None
    told = answer.json["expected"]
    assert (answer.status_code, answer.json["field"]) == (400, "players")
    assert "'lebron james' is not (nearest: lebronjames" in told
    assert "'shaigilgeousalexander' is not (nearest: shaigilgeous-alexander" in told
    assert "'zzz' is not" in told
    assert "LeBronJames" not in told


def test_names_ignore_case_spaces_and_duplicates() -> None:
    web = Web([*players(3), entry("lebronjames")])
    named = {"players": [" LeBronJames", "lebronjames"], "systems": ["STEADY", "steady "], "games": [f" {GAME}"]}
    answer = web.post(RUN, {"game_date": DATE, **named}).json
    assert answer is not None
    assert answer["requested_players"] == 1
    batch = web.bench.batch(answer["batch_id"])
    assert (batch.scope.players, batch.scope.systems, batch.scope.games) == (("lebronjames",), ("steady",), (GAME,))


def test_player_outside_the_requested_games_is_named() -> None:
    web = Web([*players(3), entry("elsewhere", game="0022509999")])
    answer = web.post(RUN, {"game_date": DATE, "games": [GAME], "players": ["playera", "elsewhere"]})
    assert answer.json is not None
    assert (answer.status_code, answer.json["field"]) == (400, "players")
    assert "elsewhere" in answer.json["expected"]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("named", [["nobody"], ["playera", "nobody"]])
def test_trigger_with_an_unknown_player_is_recorded(named: list[str], live: bool) -> None:  # noqa: FBT001
    web = Web()
    if live:
        web.bench.regenerate()
    batches = len(web.bench.store.find("prediction_batches"))
    data = {"game_date": DATE, "players": named}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    (entry_,) = web.malformed()
    assert "'nobody' is not" in entry_["error"]
    assert len(web.bench.store.find("prediction_batches")) == batches


def test_answer_counts_the_excluded_players() -> None:
    web = Web()
    web.bench.slate([*players(3), entry("gone", status="OUT")])
    body = {"game_date": DATE, "players": ["playera", "gone"]}
    told, done = web.post(RUN, {**body, "dry_run": True}).json, web.post(RUN, body).json
    assert told is not None
    assert done is not None
    assert (told["requested_players"], told["excluded"]) == (1, {"out": 1})
    assert (done["requested_players"], done["excluded"]) == (1, {"out": 1})


def test_batch_lists_the_coalesced_triggers_it_carries() -> None:
    web = Web()
    first = web.bench.regenerate().batch_id
    answer = web.post(RUN, {"game_date": DATE}, {"Idempotency-Key": "mine"}).json
    assert answer is not None
    assert (answer["status"], answer["batch_id"], answer["trigger_id"]) == ("coalesced", first, "mine")
    assert web.post(RUN, {"game_date": DATE}, {"Idempotency-Key": "mine"}).json == answer
    listed = web.get(f"/batches?game_date={DATE}").json
    assert listed is not None
    assert [w["trigger_id"] for w in listed["waiting"]] == ["mine"]
    assert web.get("/batches?trigger_id=mine").json == {"batches": [], "next": None, "halt": None}
    web.bench.drain()
    web.bench.sweep()
    web.bench.drain()
    found = web.get("/batches?trigger_id=mine").json
    assert found is not None
    assert [b["batch_id"] == first for b in found["batches"]] == [False]
    assert (web.get(f"/batches?game_date={DATE}").json or {})["waiting"] == []
    assert web.query("/batches", {"trigger_id": ""}).status_code == 400
