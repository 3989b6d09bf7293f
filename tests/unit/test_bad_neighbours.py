"""In whatever is done for many records, one that cannot be read costs no other its turn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regen.domain.alerts import AlertKind, alert
from regen.domain.backfill import Only
from regen.domain.batch import Status
from regen.domain.errors import Unreadable
from regen.ports import Write
from regen.services.batch import keeping, verifying
from regen.services.state import alert_records
from regen.services.state.alerting import raise_once
from regen.services.state.documents import decode_exclusions
from regen.services.state.paths import batch_path, date_path, excluded_path, requests_path
from regen.services.views import alerts_view, batch_view
from regen.services.views.batch_view import Filter
from support.backfill_bench import DAYS, BackfillBench
from support.bench import Bench
from support.hands import NEWER, alerts, hand, tick_out
from support.league import DAY, entry, players

OTHER = DAYS[1]
BROKEN_DATES: list[dict[str, Any]] = [{"promoted": 7}, {"coalesced": ["{"]}, NEWER, {"game_date": "2026-01-01"}]
YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)


def _open(bench: Bench, kind: AlertKind = AlertKind.BATCH_REJECTED) -> set[Any]:
    """The game dates of the open alerts of a kind."""
    found = bench.store.find("alerts", [("open", "==", True), ("type", "==", kind.value)])
    return {s.data["game_date"] for s in found}


def _put(bench: Bench, path: str, fields: dict[str, Any]) -> None:
    bench.store.commit([Write("put", path, fields)])


def _told(bench: Bench, path: str) -> list[Any]:
    return [a for a in alerts(bench, AlertKind.RECORD_UNREADABLE) if a["path"] == path]


def _rejected(bench: Bench, *days: date) -> None:
    for day in days:
        bench.slate(players(8, quality=20.0, day=day), day)
        assert bench.run("bad", day=day).status is Status.REJECTED
    bench.sweep()
    bench.clock.advance(60)


def _promoted(bench: Bench, day: date) -> None:
    bench.slate(players(8, day=day), day)
    assert bench.run("good", day=day).status is Status.PROMOTED


@pytest.mark.parametrize("broken", [DAY, OTHER])
@pytest.mark.parametrize("fields", BROKEN_DATES, ids=str)
def test_alerts_end_beside_a_date_that_cannot_be_read(fields: dict[str, Any], broken: date) -> None:
    bench = BackfillBench()
    _rejected(bench, DAY, OTHER)
    good = OTHER if broken == DAY else DAY
    _promoted(bench, good)
    hand(bench, date_path(broken), **fields)
    named = [why for _ in range(6) for why in tick_out(bench).unreadable]
    assert _open(bench) == {broken.isoformat()}
    assert [why for why in named if why.startswith(date_path(broken))]
    assert len(_told(bench, date_path(broken))) == 1


@pytest.mark.parametrize("fields", [{"status": "paused"}, {"round": "first"}, NEWER], ids=str)
def test_alerts_end_beside_a_batch_that_cannot_be_read(fields: dict[str, Any]) -> None:
    bench = BackfillBench()
    stuck = bench.regenerate("s1")
    bench.queue.waiting.clear()
    bench.events.clear()
    content = alert(AlertKind.BATCH_STUCK, "stuck", batch_id=stuck.batch_id, game_date=DAY.isoformat())
    raise_once(bench.deps, "0_first_of_all", content, stuck.batch_id)
    _rejected(bench, OTHER)
    _promoted(bench, OTHER)
    hand(bench, batch_path(stuck.batch_id), **fields)
    for _ in range(6):
        tick_out(bench)
    assert (_open(bench), _open(bench, AlertKind.BATCH_STUCK)) == (set(), {DAY.isoformat()})


def test_what_ends_an_alert_may_fail_for_one_alone() -> None:
    """The watches over the tables and over the inputs end alerts in the same loop."""
    bench = Bench(players(2))
    for n in range(3):
        content = alert(AlertKind.SOURCE_LATE, f"late {n}", game_date=f"2026-01-0{n + 1}")
        raise_once(bench.deps, f"late{n}", content)

    def over(record: Any) -> str | None:
        if record.event_id == "late0":
            raise Unreadable("a record: broken")
        return "it came"

    said: list[Unreadable] = []
    assert alert_records.end_where(bench.deps, over, said.append) == 2
    assert ([str(why) for why in said], _open(bench, AlertKind.SOURCE_LATE)) == (["a record: broken"], {"2026-01-01"})


NEWER_ALERT = {"open": True, "schema": 99}


@pytest.mark.parametrize("number", [1, 300, 650])
def test_no_number_of_unreadable_alerts_hides_another(number: int) -> None:
    bench = BackfillBench()
    for n in range(number):
        _put(bench, f"alerts/{n:024d}", {**NEWER_ALERT, "raised_at": bench.clock.now() + timedelta(days=1)})
    _rejected(bench, OTHER)
    listed = alerts_view.list_alerts(bench.deps, 100)
    assert AlertKind.BATCH_REJECTED in {one.type for one in listed}
    assert AlertKind.BATCH_REJECTED in {one.type for one in alerts_view.list_alerts(bench.deps, 5, only_open=True)}
    _promoted(bench, OTHER)
    for _ in range(6):
        tick_out(bench)
    left = bench.store.find("alerts", [("open", "==", True)])
    assert {s.data.get("type") for s in left} == {None}


def test_open_alerts_are_looked_at_up_to_a_commits_worth() -> None:
    bench = Bench(players(2))
    for n in range(alert_records.MAX_OPEN + 50):
        content = alert(AlertKind.BATCH_REJECTED, "why", batch_id=f"b{n}", game_date=DAY.isoformat())
        raise_once(bench.deps, f"event{n:04}", content)
    found = alert_records.open_alerts(bench.deps)
    assert sum(map(len, found)) == alert_records.MAX_OPEN
    assert alert_records.end_where(bench.deps, lambda _: "over") == len(found)
    assert alert_records.end_where(bench.deps, lambda _: "over") > 0
    assert alert_records.open_alerts(bench.deps) == []


@pytest.mark.parametrize("odd", ["2026-01-20T00:00", "2026-01-20 ", "2026-01-2x", "2026-W04-2", "20260120"])
def test_a_plan_of_failed_dates_leaves_out_an_odd_one(odd: str) -> None:
    bench = BackfillBench()
    _rejected(bench, DAY, OTHER)
    before = bench.plan(Only.FAILED)
    for name in ("x1", "x2"):
        (batch,) = bench.store.find("prediction_batches", [("game_date", "==", DAY.isoformat())])
        _put(bench, batch_path(name), {**batch.data, "batch_id": name, "game_date": odd})
    assert bench.plan(Only.FAILED) == before
    assert (before[DAY], before[OTHER]) == ("waiting", "waiting")


@pytest.mark.parametrize(
    "fields", [{"created_at": 7}, {"created_at": YEAR_1}, {"created_at": None}, {"status": 7}, NEWER], ids=str
)
def test_a_plan_of_failed_dates_needs_a_moment_and_a_status(fields: dict[str, Any]) -> None:
    bench = BackfillBench()
    _rejected(bench, DAY, OTHER)
    (batch,) = bench.store.find("prediction_batches", [("game_date", "==", DAY.isoformat())])
    _put(bench, batch_path("odd"), {**batch.data, "batch_id": "odd", "status": "promoted", **fields})
    planned = bench.plan(Only.FAILED)
    assert planned[OTHER] == "waiting"


def _excluding(bench: Bench) -> Any:
    bench.run("t0")
    answer = bench.regenerate("t1")
    (found,) = bench.store.find(excluded_path(answer.batch_id))
    return answer.batch_id, found


@pytest.mark.parametrize("players_of", [None, {"format": "new"}, 7], ids=["as before", "another form", "a number"])
def test_newer_exclusions_are_left_to_their_version(players_of: Any) -> None:
    bench = Bench([*players(8), entry("benched", status="OUT")])
    batch_id, found = _excluding(bench)
    more = {} if players_of is None else {"players": players_of}
    hand(bench, found.path, **NEWER, **more)
    left, current = bench.store.get(found.path), bench.current()
    for _ in range(3):
        tick_out(bench)
    batch = bench.batch(batch_id)
    assert (batch.status, batch.error) == (Status.VERIFYING, None), "neither promoted without them nor rejected"
    assert (bench.store.get(found.path), bench.current()) == (left, current)
    assert len(_told(bench, found.path)) == 1
    _put(bench, found.path, dict(found.data))
    tick_out(bench)
    assert bench.batch(batch_id).status is Status.PROMOTED, "the newer version, or a hand, has come back to it"


BROKEN_PLAYERS: list[Any] = [None, 7, "x", [], {}, b"{", b"{}", b"[7]", b"[" * 100_000, b'["\xed\xa0\x80"]', "\ud800"]


@pytest.mark.parametrize("broken", BROKEN_PLAYERS, ids=lambda value: repr(value)[:12])
def test_broken_exclusions_reject_their_batch(broken: Any) -> None:
    bench = Bench([*players(8), entry("benched", status="OUT")])
    batch_id, found = _excluding(bench)
    assert decode_exclusions(found)
    hand(bench, found.path, players=broken)
    again = bench.store.get(found.path)
    assert again is not None
    assert decode_exclusions(again) == []
    bench.drain()
    batch = bench.batch(batch_id)
    assert (batch.status, "1 excluded players" in str(batch.error)) == (Status.REJECTED, True)


@pytest.mark.parametrize("name", ["requests", "excluded"])
def test_verification_alerts_to_what_it_cannot_read(name: str) -> None:
    bench = Bench([*players(2), entry("benched", status="OUT")])
    batch_id, _ = _excluding(bench)
    bench.until("prediction-verify")
    found, *_ = bench.store.find(f"{batch_path(batch_id)}/{name}")
    hand(bench, found.path, **NEWER)
    for _ in range(2):
        with pytest.raises(Unreadable):
            verifying.verify(bench.deps, batch_id, 1)
    bench.queue.waiting.clear()
    bench.clock.advance(1)
    tick_out(bench)
    assert len(_told(bench, found.path)) == 1


@pytest.mark.parametrize("odd", [7, True, None, {"a": 1}, "a text"], ids=repr)
def test_a_list_by_trigger_leaves_out_odd_trigger_ids(odd: Any) -> None:
    bench = Bench(players(2))
    good = bench.run("wanted")
    document = bench.store.get(batch_path(good.batch_id))
    assert document is not None
    _put(bench, batch_path("odd"), {**document.data, "batch_id": "odd", "trigger_ids": odd})
    found, _ = batch_view.page_of_batches(bench.deps, Filter(first=DAY, last=DAY, trigger_id="wanted"))
    assert [one.batch_id for one in found] == [good.batch_id]


@pytest.mark.parametrize("odd", [7, True, {"a": 1}, "text"], ids=repr)
def test_odd_players_of_a_request_keep_no_inputs_back(odd: Any) -> None:
    bench = Bench(players(8))
    batch = bench.run()
    requests = bench.store.find(requests_path(batch.batch_id))
    hand(bench, requests[0].path, players=odd)
    kept = [one for page in keeping._pages(bench.deps, batch) for one in map(keeping._kept, page)]
    assert {len(one.players) for one in kept} == {0, len(requests[1].data["players"])}
