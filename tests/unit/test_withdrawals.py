"""`regen withdraw`: an operator takes away predictions of games that will not be played, on record and with a way back."""

from __future__ import annotations

from typing import Any

import pytest

from regen.services.batch import withdrawing
from support.box_scores import box
from support.league import DAY, entry, players
from support.web_bench import Web

DATE, GAME, OTHER = DAY.isoformat(), "0022500601", "0022500602"
PATH = "/withdrawals"


def _two_games() -> Web:
    web = Web([*players(4), *(entry(f"other{n}", game=OTHER) for n in "abc")])
    web.bench.run()
    return web


def _withdraw(web: Web, **body: Any) -> dict[str, Any]:
    said = web.post(PATH, {"game_date": DATE, "reason": "postponed", **body})
    assert said.status_code == 202, said.text
    web.bench.drain()
    web.bench.sweep()
    return web.get(f"/batches/{(said.json or {})['batch_id']}").json or {}


def _names(web: Web) -> set[str]:
    return {player for player, _, _ in web.bench.current()}


def test_a_game_called_off_is_withdrawn_and_audited() -> None:
    web = _two_games()
    done = _withdraw(web, games=[OTHER], metadata={"note": "snow"})
    assert (done["status"], done["withdrawal"], done["counts"]["withdrawn"]) == ("promoted", "postponed", 6)
    assert _names(web) == {"playera", "playerb", "playerc", "playerd"}
    assert done["withdrawals"] == {"postponed": {"players": 3, "rows": 6}}
    (requested,) = [e for e in web.bench.audited("requested") if e.batch_id == done["batch_id"]]
    (promoted,) = [e for e in web.bench.audited("promoted") if e.batch_id == done["batch_id"]]
    assert (requested.reason, requested.metadata, requested.triggered_by) == (
        "postponed",
        {"note": "snow"},
        "api_key:old",
    )
    assert (promoted.withdrawn, promoted.regenerated_count) == (6, 0)
    moved: dict[str, Any] = web.get(f"/batches/{done['batch_id']}/moves").json or {}
    assert {(row["reason"], row["new_points"]) for row in moved["rows"]} == {("postponed", None)}


def test_what_was_withdrawn_stays_away_from_later_batches() -> None:
    web = _two_games()
    _withdraw(web, games=[OTHER])
    _withdraw(web, players=["playera"])
    later = web.bench.run("t2")
    assert (later.status.value, later.requested_players) == ("promoted", 3)
    assert _names(web) == {"playerb", "playerc", "playerd"}
    asked = web.post("/regenerate-with-supersede", {"game_date": DATE, "games": [OTHER]})
    assert asked.status_code == 202
    web.bench.drain()
    assert _names(web) == {"playerb", "playerc", "playerd", "othera", "otherb", "otherc"}
    assert web.bench.run("t3").requested_players == 6


def test_the_news_watch_leaves_a_withdrawn_game_alone() -> None:
    web = _two_games()
    _withdraw(web, games=[OTHER])
    for body in ({}, {"game_date": DATE}):
        scanned: dict[str, Any] = web.post("/news/scan", body).json or {}
        assert (scanned["triggered"], scanned["games"]) == ([], 1)


def test_a_withdrawal_is_undone_by_a_rollback() -> None:
    web = _two_games()
    before = web.bench.current()
    done = _withdraw(web, games=[OTHER])
    assert web.post(f"/batches/{done['batch_id']}/rollback", {"reason": "it is played after all"}).status_code == 202
    web.bench.drain()
    assert web.bench.current() == before
    web.bench.clock.advance(1)
    assert web.bench.run("t2").requested_players == 7


def test_a_withdrawal_of_a_played_game_is_refused() -> None:
    web = _two_games()
    web.bench.clock.advance(86400)
    web.bench.warehouse.seed_box_scores(box(OTHER, DAY))
    for more in ({}, {"dry_run": True}):
        said = web.post(PATH, {"game_date": DATE, "reason": "postponed", "games": [OTHER], **more})
        assert (said.status_code, OTHER in said.text) == (409, True)
    assert web.post(PATH, {"game_date": DATE, "reason": "postponed", "games": [GAME]}).status_code == 202


def test_a_withdrawal_under_one_key_is_carried_out_once() -> None:
    web, key = _two_games(), {"Idempotency-Key": "k"}
    body = {"game_date": DATE, "reason": "postponed", "games": [OTHER]}
    told: dict[str, Any] = web.post(PATH, {**body, "dry_run": True}, key).json or {}
    assert (told["would"], told["rows"], told["players"]) == ("withdraw", 6, ["othera", "otherb", "otherc"])
    first = web.post(PATH, body, key)
    web.bench.drain()
    assert web.post(PATH, body, key).json == first.json
    assert (web.post(PATH, {**body, "dry_run": True}, key).json or {})["would"] == "nothing"
    assert web.post(PATH, {**body, "games": [GAME]}, key).status_code == 422
    assert len(web.bench.audited("promoted")) == 2


def test_a_withdrawal_whose_opener_dies_is_carried_on(monkeypatch: pytest.MonkeyPatch) -> None:
    web = _two_games()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(withdrawing, "start_dispatching", dies)
    with pytest.raises(KeyboardInterrupt):
        web.post(PATH, {"game_date": DATE, "reason": "postponed", "games": [OTHER]})
    (listed,) = (web.get("/batches?status=created").json or {})["batches"]
    web.bench.clock.advance(300)
    web.bench.sweep()
    assert web.bench.batch(listed["batch_id"]).status.value == "promoted"
    assert _names(web) == {"playera", "playerb", "playerc", "playerd"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"games": ["0"]}, 404),
        ({"games": [GAME, "0"]}, 400),
        ({"players": ["nobody"]}, 404),
        ({}, 400),
        ({"games": [GAME], "players": ["playera"]}, 400),
        ({"games": [GAME], "reason": "snow"}, 400),
        ({"games": [GAME], "game_date": "2026-07-01"}, 404),
    ],
)
def test_a_withdrawal_of_nothing_is_refused_by_name(body: dict[str, Any], status: int) -> None:
    web = _two_games()
    said = web.post(PATH, {"game_date": DATE, "reason": "postponed", **body})
    assert said.status_code == status, said.text
