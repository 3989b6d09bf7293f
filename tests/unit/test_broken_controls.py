"""A broken record of the halt or of the models in use is named by each sweep, shuts nothing else, and an order mends it."""

from __future__ import annotations

from typing import Any

import pytest

from regen.domain.alerts import AlertKind
from regen.domain.batch import Status
from regen.domain.errors import Unreadable
from regen.domain.invariants import Finding
from regen.ports import Write
from regen.services.backfill import starting
from regen.services.batch import using
from regen.services.state.paths import date_path, halt_path, models_path
from regen.services.tables import bdb_scanning
from support.backfill_bench import DAYS, BackfillBench
from support.bench import Bench
from support.hands import NEWER, alerts, hand, tick_out
from support.league import DAY, players
from support.web_bench import Web, envelope

DATE, RUN = DAY.isoformat(), "/regenerate-with-supersede"
WHY = {"reason": "the record was broken"}
GOOD: dict[str, Any] = {"halted": False, "at": "2026-01-01T00:00:00+00:00", "by": "api_key:one", "reason": "over"}
BROKEN_HALTS: dict[str, dict[str, Any]] = {
    "empty": {},
    "a word instead of a bool": {**GOOD, "halted": "yes"},
    "a moment of year 1": {**GOOD, "at": "0001-01-01T00:00:00"},
    "no caller": {**GOOD, "by": None},
    "a list as a reason": {**GOOD, "reason": ["over"]},
    "a schema that is no number": {**GOOD, "schema": "two"},
}
USE = {"hash": "0123456789abcdef", "feature_version": "v1", "at": "2026-01-01T00:00:00Z", "by": "x", "reason": "y"}
BROKEN_MODELS: dict[str, dict[str, Any]] = {
    "uses that are a number": {"uses": 7},
    "a use without fields": {"uses": [{}]},
    "a use that is a text": {"uses": ["0123456789abcdef"]},
    "a use of what is no hash": {"uses": [{**USE, "hash": "../../etc"}]},
    "a use of year 1": {"uses": [{**USE, "at": "0001-01-01T00:00:00"}]},
    "challenges that are a text": {"challenges": "learned_v1"},
    "a challenge without a name": {"challenges": [{"at": 7}]},
    "a schema that is no number": {"schema": "two"},
    "a schema that is nothing": {"schema": None},
}


def _put(bench: Bench, path: str, fields: dict[str, Any]) -> None:
    bench.store.commit([Write("put", path, fields)])


def _told(bench: Bench, path: str) -> list[Any]:
    return [a for a in alerts(bench, AlertKind.RECORD_UNREADABLE) if a["path"] == path]


def _named_by_each_sweep(bench: Bench, path: str) -> None:
    for _ in range(3):
        report = tick_out(bench)
        assert [why for why in report.unreadable if why.startswith(path)]
        assert [why for why in report.trouble if why.startswith(path)]
    assert len(_told(bench, path)) == 1


@pytest.mark.parametrize("fields", [*BROKEN_HALTS.values(), NEWER], ids=[*BROKEN_HALTS, "newer"])
def test_each_sweep_names_a_halt_that_it_cannot_read(fields: dict[str, Any]) -> None:
    bench = Bench(players(3))
    live = bench.regenerate()
    _put(bench, halt_path(), fields)
    before = bench.store.get(halt_path())
    _named_by_each_sweep(bench, halt_path())
    assert bench.batch(live.batch_id).status is Status.PROMOTED, "what is under way comes to its end"
    assert bench.store.get(halt_path()) == before


@pytest.mark.parametrize("word", ["halt", "resume"])
@pytest.mark.parametrize("fields", BROKEN_HALTS.values(), ids=BROKEN_HALTS)
def test_an_order_replaces_a_broken_record_of_the_halt(fields: dict[str, Any], word: str) -> None:
    web = Web(players(3))
    _put(web.bench, halt_path(), fields)
    before = web.bench.store.get(halt_path())
    assert web.post(RUN, {"game_date": DATE}).status_code == 503
    web.bench.sweep()
    assert len(_told(web.bench, halt_path())) == 1
    assert (web.get("/halt").json or {})["status"] == "unreadable"
    assert (web.get("/batches").json or {})["halt"]["status"] == "unreadable"
    would = web.post(f"/{word}", {**WHY, "dry_run": True})
    assert ((would.json or {})["would"], web.bench.store.get(halt_path())) == (word, before)
    said = web.post(f"/{word}", WHY)
    assert (said.status_code, (said.json or {})["status"]) == (200, "halted" if word == "halt" else "running")
    answer = web.post(RUN, {"game_date": DATE})
    assert (answer.json or {})["status"] == ("halted" if word == "halt" else "accepted")
    assert tick_out(web.bench).unreadable == []
    assert len(web.bench.audited("halted" if word == "halt" else "resumed")) == 1


def test_a_newer_record_of_the_halt_is_left_to_its_version() -> None:
    web = Web(players(3))
    _put(web.bench, halt_path(), {**GOOD, **NEWER})
    before = web.bench.store.get(halt_path())
    for path, body in (("/halt", WHY), ("/resume", {}), (RUN, {"game_date": DATE})):
        assert web.post(path, body).status_code == 503
    assert web.push("coordinator", "/regenerate-pubsub", envelope({"game_date": DATE})) == 503
    assert web.bench.store.get(halt_path()) == before


def test_a_broken_halt_holds_back_openings_and_nothing_else() -> None:
    bench = BackfillBench()
    made = bench.create()
    while not bench.store.find("prediction_batches"):
        bench.step()
    _put(bench, halt_path(), {})
    bench.drain()
    for _ in range(3):
        tick_out(bench)
    begun = len(bench.store.find("prediction_batches"))
    states = bench.states(made.backfill_id)
    assert (states.count("promoted"), states.count("waiting")) == (begun, 4 - begun)
    bdb_scanning.scan(bench.deps)
    web = Web(players(3))
    _put(web.bench, halt_path(), {})
    vitals: dict[str, Any] = (web.get("/ready").json or {})["vitals"]
    assert (vitals["halt"]["status"], vitals["outbox"]) == ("unreadable", {"late": 0, "failing": 0, "dead": 0})


@pytest.mark.parametrize("fields", [*BROKEN_MODELS.values(), NEWER], ids=[*BROKEN_MODELS, "newer"])
def test_no_record_of_models_shuts_a_platform_without_them(fields: dict[str, Any]) -> None:
    bench = Bench(players(3))
    _put(bench, models_path(), fields)
    before = bench.store.get(models_path())
    first = bench.run()
    assert (first.status, first.models, first.challengers) == (Status.PROMOTED, {}, ())
    _named_by_each_sweep(bench, models_path())
    assert bench.run("t2").status is Status.PROMOTED
    assert bench.store.get(models_path()) == before
    assert len(_told(bench, models_path())) == 1


@pytest.mark.parametrize("fields", [*BROKEN_MODELS.values(), NEWER], ids=[*BROKEN_MODELS, "newer"])
def test_an_opening_alerts_to_the_models_before_a_sweep(fields: dict[str, Any]) -> None:
    bench = Bench(players(3))
    _put(bench, models_path(), fields)
    bench.regenerate()
    assert [s for s in bench.store.find("alerts") if s.data["why"].startswith(models_path())]


def test_a_challenge_that_can_be_read_goes_on_beside_others() -> None:
    bench = Bench(players(3))
    sound = {"name": "learned_v1", "at": bench.clock.now(), "by": "x", "reason": "y"}
    _put(bench, models_path(), {"uses": 7, "challenges": [{}, sound, {**sound, "name": "/"}]})
    assert [c.name for c in using.view(bench.deps).challengers] == ["learned_v1"]


BROKEN_DATES: dict[str, dict[str, Any]] = {
    "a trigger that is no JSON": {"coalesced": ["{"]},
    "promotions that are a number": {"promoted": 7},
    "another date's": {"game_date": "2026-01-01"},
    "a schema of a newer version": NEWER,
}


@pytest.mark.parametrize("halted", [True, False])
@pytest.mark.parametrize("fields", BROKEN_DATES.values(), ids=BROKEN_DATES)
def test_a_date_that_cannot_be_read_stays_parked_alone(fields: dict[str, Any], halted: bool) -> None:  # noqa: FBT001
    web = Web(players(3))
    bench, other = web.bench, DAYS[1]
    bench.slate(players(3, day=other), other)
    web.post("/halt", WHY)
    for day in (DAY, other):
        assert (web.post(RUN, {"game_date": day.isoformat()}).json or {})["status"] == "halted"
    sound = bench.store.get(date_path(DAY))
    assert sound is not None
    hand(bench, date_path(DAY), **fields)
    if halted:
        would = web.post("/resume", {"dry_run": True})
        assert ((would.json or {})["would"], _told(bench, date_path(DAY))) == ("resume", [])
        said = web.post("/resume", {})
        assert (said.status_code, (said.json or {})["waiting"]) == (200, [DATE])
    else:  # as after a resumption of more dates than one commit holds
        hand(bench, halt_path(), halted=False)
    for _ in range(61):
        tick_out(bench)
    assert [(s.data["game_date"], s.data["status"]) for s in bench.store.find("prediction_batches")] == [
        (other.isoformat(), "promoted")
    ]
    assert len(_told(bench, date_path(DAY))) == 1
    hand(bench, date_path(DAY), **{name: sound.data[name] for name in fields})
    for _ in range(61):
        tick_out(bench)
    assert {s.data["game_date"] for s in bench.store.find("prediction_batches")} == {DATE, other.isoformat()}


@pytest.mark.parametrize("name", ["test", "20260120", "2026-W04-2", "2026-1-20", "2026-13-01", "9999-12-32"])
def test_a_parked_record_that_is_no_dates_stops_no_resumption(name: str) -> None:
    web = Web(players(3))
    web.post("/halt", WHY)
    web.post(RUN, {"game_date": DATE})
    _put(web.bench, f"game_dates/{name}", {"parked": True})
    assert web.post("/resume", {}).status_code == 200
    web.bench.drain()
    web.bench.sweep()
    assert [s.data["status"] for s in web.bench.store.find("prediction_batches")] == ["promoted"]
    assert len(_told(web.bench, f"game_dates/{name}")) == 1


@pytest.mark.parametrize("fields", [*BROKEN_DATES.values()], ids=BROKEN_DATES)
def test_a_trigger_of_a_broken_date_is_alerted_to_once(fields: dict[str, Any]) -> None:
    """No sweep reads the record of a date that no batch holds."""
    bench = Bench(players(3))
    bench.run()
    hand(bench, date_path(DAY), **fields)
    for name in ("t1", "t2"):
        with pytest.raises(Unreadable):
            bench.regenerate(name)
        bench.clock.advance(60)
        bench.sweep()
    assert len(_told(bench, date_path(DAY))) == 1


@pytest.mark.parametrize("fields", BROKEN_DATES.values(), ids=BROKEN_DATES)
def test_gaps_are_filled_beside_a_date_that_cannot_be_read(fields: dict[str, Any]) -> None:
    bench = BackfillBench(days=DAYS[:2])
    _put(bench, date_path(DAY), fields)
    findings = [Finding("coverage", 2, 2)]
    assert starting.see_to_dates(bench.deps, DAYS[0], DAYS[1], findings) == [DAYS[1]]
    assert len(_told(bench, date_path(DAY))) == 0
    bench.sweep()
    assert len(_told(bench, date_path(DAY))) == 1
