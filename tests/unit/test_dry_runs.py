"""A dry run and the order itself go one way: what the one refuses, the other refuses, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.league import DAY, entry, players
from support.web_bench import Web, envelope

DATE, GAME = DAY.isoformat(), "0022500601"
FREE = "2026-07-01"


def _rejected(web: Web) -> str:
    web.bench.slate([*players(3), *(entry(f"broken{n}", broken=True) for n in range(3))])
    return web.bench.run().batch_id


def _short(web: Web) -> str:
    batch_id = _rejected(web)
    web.bench.slate([*players(3), *(entry(f"broken{n}") for n in range(3))])
    return batch_id


def _live(web: Web) -> str:
    return web.bench.regenerate().batch_id


def _promoted(web: Web) -> str:
    return web.bench.run().batch_id


def _stood_on(web: Web) -> str:
    batch_id = _promoted(web)
    web.bench.run("t2")
    return batch_id


def _blocked(web: Web) -> str:
    batch_id = _promoted(web)
    web.bench.regenerate("t2")
    return batch_id


def _expired(web: Web) -> str:
    batch_id = _promoted(web)
    web.bench.clock.advance(91 * 86400)
    return batch_id


def _backfill(web: Web) -> str:
    return str((web.post("/backfills", {"from": DATE, "to": DATE}).json or {})["backfill_id"])


def _cancelled(web: Web) -> str:
    name = _backfill(web)
    web.post(f"/backfills/{name}/cancel", {})
    return name


def _paused(web: Web) -> str:
    name = _backfill(web)
    web.post(f"/backfills/{name}/pause", {})
    return name


def _ruled_out(web: Web) -> str:
    web.bench.run()
    web.bench.slate([entry("playera", status="OUT", game=GAME), *players(8)[1:]])
    return ""


def _one_out(web: Web) -> str:
    web.bench.slate([*players(3), entry("gone", status="OUT")])
    return ""


def _halted(web: Web) -> str:
    web.post("/halt", {"reason": "a drill"})
    return ""


def _some_missing(web: Web) -> str:
    web.bench.slate(players(3))
    web.bench.run()
    web.bench.slate(players(5))
    return ""


def _nothing(_: Web) -> str:
    return ""


@dataclass(frozen=True)
class Case:
    path: str
    status: int
    body: dict[str, Any] = field(default_factory=dict)
    scene: Callable[[Web], str] = _nothing


BATCH, FILL, RUN, OUT = "/batches/{}/", "/backfills/{}/", "/regenerate-with-supersede", "/withdrawals"
CASES = {
    "cancel live": Case(BATCH + "cancel", 202, scene=_live),
    "cancel promoted": Case(BATCH + "cancel", 409, scene=_promoted),
    "cancel nobody's": Case("/batches/nosuch/cancel", 404),
    "cancel without a reason": Case(BATCH + "cancel", 400, {"reason": ""}, _live),
    "close live": Case(BATCH + "close", 202, scene=_live),
    "close promoted": Case(BATCH + "close", 409, scene=_promoted),
    "close nobody's": Case("/batches/nosuch/close", 404),
    "redrive short": Case(BATCH + "redrive", 202, scene=_short),
    "redrive whole": Case(BATCH + "redrive", 409, scene=_promoted),
    "redrive live": Case(BATCH + "redrive", 409, scene=_live),
    "redrive expired": Case(BATCH + "redrive", 410, scene=_expired),
    "redrive odd id": Case("/batches/a.b/redrive", 404),
    "rollback promoted": Case(BATCH + "rollback", 202, scene=_promoted),
    "rollback rejected": Case(BATCH + "rollback", 409, scene=_rejected),
    "rollback stood on": Case(BATCH + "rollback", 409, scene=_stood_on),
    "rollback blocked": Case(BATCH + "rollback", 409, scene=_blocked),
    "rollback misspelt": Case(BATCH + "rollback", 400, {"raeson": "x"}, _promoted),
    "promote rejected": Case(BATCH + "promote", 202, {"checks": ["coverage"]}, _rejected),
    "promote too little named": Case(BATCH + "promote", 400, {"checks": ["errors"]}, _rejected),
    "promote nothing named": Case(BATCH + "promote", 400, {"checks": []}, _rejected),
    "promote what cannot be": Case(BATCH + "promote", 400, {"checks": ["unique_keys"]}, _rejected),
    "promote what is no check": Case(BATCH + "promote", 400, {"checks": ["coverage", "errors"]}, _rejected),
    "promote what has passed": Case(BATCH + "promote", 400, {"checks": ["coverage", "direction"]}, _rejected),
    "promote promoted": Case(BATCH + "promote", 409, {"checks": ["coverage"]}, _promoted),
    "backfill": Case("/backfills", 202, {"from": DATE, "to": DATE}),
    "backfill backwards": Case("/backfills", 400, {"from": DATE, "to": "2026-01-01"}),
    "pause": Case(FILL + "pause", 202, scene=_backfill),
    "pause cancelled": Case(FILL + "pause", 409, scene=_cancelled),
    "pause with a word": Case(FILL + "pause", 400, {"force": True}, _backfill),
    "resume": Case(FILL + "resume", 202, scene=_paused),
    "resume nobody's": Case("/backfills/backfill_x/resume", 404),
    "cancel backfill": Case(FILL + "cancel", 202, scene=_backfill),
    "scan": Case("/bdb/scan", 200),
    "scan with a word": Case("/bdb/scan", 400, {"days": 2}),
    "news": Case("/news/scan", 200),
    "news of a date": Case("/news/scan", 200, {"game_date": DATE, "games": [GAME], "players": ["playera"]}, _ruled_out),
    "news with a word": Case("/news/scan", 400, {"days": 2}),
    "news of no date": Case("/news/scan", 400, {"game_date": "soon"}),
    "grade": Case("/grades", 200, {"from": DATE}),
    "grade due": Case("/grades", 200),
    "grade backwards": Case("/grades", 400, {"from": DATE, "to": "2026-01-01"}),
    "start": Case("/start", 202, {"game_date": DATE}),
    "start again": Case("/start", 409, {"game_date": DATE}, _promoted),
    "start again with force": Case("/start", 202, {"game_date": DATE, "force": True}, _promoted),
    "start live": Case("/start", 409, {"game_date": DATE, "force": True}, _live),
    "start without a slate": Case("/start", 404, {"game_date": FREE}),
    "regenerate": Case(RUN, 202, {"game_date": DATE}),
    "regenerate live": Case(RUN, 202, {"game_date": DATE}, _live),
    "regenerate without a slate": Case(RUN, 404, {"game_date": FREE}),
    "regenerate nobody known": Case(RUN, 404, {"game_date": DATE, "players": ["nobody"]}),
    "regenerate nobody known, live": Case(RUN, 404, {"game_date": DATE, "players": ["nobody"]}, _live),
    "regenerate one misspelt": Case(RUN, 400, {"game_date": DATE, "players": ["playera", "playerx9"]}),
    "regenerate one misspelt, live": Case(RUN, 400, {"game_date": DATE, "players": ["playera", "playerx9"]}, _live),
    "regenerate one game misspelt": Case(RUN, 400, {"game_date": DATE, "games": [GAME, "0"]}),
    "regenerate no game known": Case(RUN, 404, {"game_date": DATE, "games": ["0"]}),
    "regenerate a system misspelt": Case(RUN, 400, {"game_date": DATE, "systems": ["stead"]}),
    "regenerate nobody named": Case(RUN, 400, {"game_date": DATE, "players": []}),
    "regenerate null named": Case(RUN, 400, {"game_date": DATE, "players": None}),
    "regenerate a blank named": Case(RUN, 400, {"game_date": DATE, "games": [" "]}),
    "regenerate the excluded": Case(RUN, 404, {"game_date": DATE, "players": ["gone"]}, _one_out),
    "regenerate one excluded": Case(RUN, 202, {"game_date": DATE, "players": ["playera", "gone"]}, _one_out),
    "start what is missing": Case("/start", 202, {"game_date": DATE, "only": "missing"}, _some_missing),
    "start what is missing, live": Case("/start", 409, {"game_date": DATE, "only": "missing"}, _live),
    "start only some": Case("/start", 400, {"game_date": DATE, "only": "half"}),
    "halt": Case("/halt", 200, {"reason": "a drill"}),
    "halt without a reason": Case("/halt", 400),
    "halt again": Case("/halt", 409, {"reason": "a drill"}, _halted),
    "resume the platform": Case("/resume", 200, scene=_halted),
    "resume what runs": Case("/resume", 409),
    "regenerate during a halt": Case(RUN, 202, {"game_date": DATE}, _halted),
    "use a model without a store": Case(
        "/models/use", 409, {"hash": "a" * 16, "expected": "b" * 16, "reason": "a drill"}
    ),
    "use a model without a hash": Case("/models/use", 400, {"expected": "b" * 16, "reason": "a drill"}),
    "go back to no model": Case("/models/rollback", 409, {"expected": "b" * 16, "reason": "a drill"}),
    "challenge with a system": Case("/models/challenge", 200, {"challenger": "line_blend_v1", "reason": "a drill"}),
    "challenge without a store": Case("/models/challenge", 409, {"challenger": "a" * 16, "reason": "a drill"}),
    "challenge with a system misspelt": Case("/models/challenge", 400, {"challenger": "blend", "reason": "a drill"}),
    "end what never challenged": Case(
        "/models/challenge", 409, {"challenger": "line_blend_v1", "end": True, "reason": "a drill"}
    ),
    "scan of the tables": Case("/checks", 200, {"days": 1, "fill": True}),
    "scan of the tables with a word": Case("/checks", 400, {"force": True}),
    "withdraw": Case(OUT, 202, {"game_date": DATE, "reason": "postponed", "games": [GAME]}, _promoted),
    "withdraw live": Case(OUT, 409, {"game_date": DATE, "reason": "postponed", "games": [GAME]}, _blocked),
    "withdraw nothing": Case(OUT, 404, {"game_date": DATE, "reason": "postponed", "games": [GAME]}),
    "withdraw one game misspelt": Case(
        OUT, 400, {"game_date": DATE, "reason": "postponed", "games": [GAME, "0"]}, _promoted
    ),
    "withdraw for another reason": Case(OUT, 400, {"game_date": DATE, "reason": "snow", "games": [GAME]}, _promoted),
    "start misspelt": Case("/start", 400, {"game_date": DATE, "min_minute": 3}),
}
ACTS = {
    "/batches/{id}/cancel",
    "/batches/{id}/close",
    "/batches/{id}/redrive",
    "/batches/{id}/rollback",
    "/batches/{id}/promote",
} | {
    *("/backfills", "/backfills/{id}/pause", "/backfills/{id}/resume", "/backfills/{id}/cancel", "/bdb/scan"),
    *("/news/scan",),
    *("/grades", "/start", "/regenerate-with-supersede", "/withdrawals", "/halt", "/resume", "/checks"),
    *("/models/use", "/models/rollback", "/models/challenge"),
}
CHANGE_NOTHING_BY_THEMSELVES = {"/regenerate-pubsub": "refuses the word"}


@pytest.mark.parametrize("name", list(CASES))
def test_dry_run_answers_like_the_call_and_changes_nothing(name: str) -> None:
    case, web = CASES[name], Web()
    path = case.path.format(case.scene(web))
    before, sent = _documents(web), len(web.bench.queue.published)
    told = web.post(path, {**case.body, "dry_run": True})
    assert _documents(web) == before
    assert len(web.bench.queue.published) == sent
    done = web.post(path, case.body)
    assert done.status_code == case.status, done.text
    if case.status >= 400:
        assert (told.status_code, _told(told.json)) == (case.status, _told(done.json))
    else:
        assert told.status_code == 200, told.text
        assert name.startswith(("scan", "grade due")) or _documents(web) != before or case.path == "/grades"


def _documents(web: Web) -> dict[str, Any]:
    """All but the functions' signs of life."""
    return {path: data for path, data in web.everything().items() if not path.startswith("heartbeats/")}


def _told(problem: Any) -> dict[str, Any]:
    return {key: value for key, value in problem.items() if key != "instance"}


def test_every_order_takes_a_dry_run_or_says_why_not() -> None:
    web = Web()
    posts = {route.path for route in web.routers["coordinator"].routes if route.method == "POST"}
    assert posts == ACTS | set(CHANGE_NOTHING_BY_THEMSELVES)
    driven = {case.path.replace("{}", "{id}") for case in CASES.values()}
    assert driven >= ACTS


@pytest.mark.parametrize("path", sorted(ACTS))
def test_a_field_that_no_route_knows_is_refused_by_name(path: str) -> None:
    web = Web()
    batch_id, name = _promoted(web), _backfill(web)
    before = _documents(web)
    answer = web.post(path.replace("{id}", name if "backfills" in path else batch_id), {"dryrun": True})
    assert answer.json is not None
    assert (answer.status_code, answer.json["field"]) == (400, "dryrun")
    assert "dry_run" in answer.json["expected"]
    assert _documents(web) == before


@pytest.mark.parametrize(
    "field",
    [
        *("dry_run", "dryRun", "DRY-RUN", "force", "min_minutes", "checks", "from", "player", "game_id", "system_id"),
        *("gamedate", "Reason", "raeson", "metdata", "game", "playrs", "modes", "Players", "dates"),
    ],
)
def test_trigger_with_an_unsupported_field_is_recorded(field: str) -> None:
    web = Web()
    assert web.push("coordinator", "/regenerate-pubsub", envelope({"game_date": DATE, field: True})) == 204
    (entry_,) = web.malformed()
    assert field in entry_["error"]
    assert not web.bench.store.find("prediction_batches")


@pytest.mark.parametrize("field", ["season", "model", "source", "correlation_id", "published_at", "schema_version"])
def test_unknown_field_of_a_trigger_is_kept_in_metadata(field: str) -> None:
    web = Web()
    data = {"game_date": DATE, "metadata": {"ticket": 7}, field: "2025-26"}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    assert web.malformed() == []
    (batch,) = web.get("/batches").json["batches"]  # type: ignore[index]
    assert batch["metadata"] == {"ticket": 7, "ignored_fields": {field: "2025-26"}}


@pytest.mark.parametrize("act", ["cancel", "redrive", "rollback"])
def test_order_repeated_under_one_key_is_executed_once(act: str) -> None:
    web = Web()
    batch_id = {"cancel": _live, "redrive": _short, "rollback": _promoted}[act](web)
    path, key = f"/batches/{batch_id}/{act}", {"Idempotency-Key": "k"}
    first = web.post(path, {"reason": "one"}, key)
    assert first.status_code == 202
    before = _documents(web)
    again = web.post(path, {"reason": "one"}, key)
    assert (again.status_code, again.json) == (202, first.json)
    assert web.post(path, {"reason": "one", "dry_run": True}, key).json == {
        "status": "dry_run",
        "would": "nothing",
        "batch_id": batch_id,
        "why": "this idempotency key has given the order before",
    }
    assert web.post(path, {"reason": "two"}, key).status_code == 422
    assert web.post(path, {"reason": "two", "dry_run": True}, key).status_code == 422
    assert _documents(web) == before


def test_backfill_key_reused_for_another_range_is_refused() -> None:
    web, key = Web(), {"Idempotency-Key": "k"}
    first = web.post("/backfills", {"from": DATE, "to": DATE}, key)
    for more in ({}, {"dry_run": True}):
        answer = web.post("/backfills", {"from": DATE, "to": "2026-01-21", **more}, key)
        assert answer.status_code == 422
    again = web.post("/backfills", {"from": DATE, "to": DATE}, key)
    assert first.json is not None
    assert again.json is not None
    assert again.json["backfill_id"] == first.json["backfill_id"]
    assert len(web.bench.store.find("backfills")) == 1


@pytest.mark.parametrize("path", ["/grades", "/bdb/scan"])
def test_maintenance_key_reused_with_another_body_is_refused(path: str) -> None:
    web, key = Web(), {"Idempotency-Key": "k"}
    body, other = ({"days": 1}, {"days": 3}) if path == "/grades" else ({}, None)
    first = web.post(path, body, key)
    assert (web.post(path, body, key).status_code, web.post(path, body, key).json) == (200, first.json)
    if other:
        assert web.post(path, other, key).status_code == 422
