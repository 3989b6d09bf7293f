"""The sweep carries on what died; dead letters and malformed messages are recorded and out of the way."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from regen.api.health import SweepReport
from regen.domain import ids
from regen.domain.batch import Status
from regen.domain.errors import Unavailable
from regen.domain.promotion import StagedRow, StagingTable
from regen.domain.texts import storable
from regen.ports import Write
from regen.services.batch.dispatching import dispatch, start_dispatching
from regen.services.healing import dead_letters, fences, malformed, orphans, sweeping
from regen.services.state import leases, messages
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC, REQUEST_TOPIC, TRIGGER_TOPIC
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, entry, names, players
from support.lists import list_batches


def test_a_quiet_system_is_left_alone() -> None:
    bench = Bench()
    bench.run()
    bench.sweep()
    before = bench.store.writes
    report = bench.sweep()
    assert (report.live, report.flushed, report.healed, report.trouble) == (0, 0, [], [])
    assert bench.store.writes == before


def test_requests_whose_messages_were_lost_are_published_again() -> None:
    bench = Bench()
    answer = bench.regenerate()
    bench.queue.waiting.clear()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.RUNNING, "too early to say"
    bench.clock.advance(200)
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_sweep_finishes_the_work_of_a_dead_dispatcher() -> None:
    bench = Bench()
    answer = bench.regenerate()
    bench.queue.waiting.clear()
    seen = bench.store.get(f"prediction_batches/{answer.batch_id}")
    assert seen is not None
    bench.store.commit([Write("update", seen.path, {"status": "dispatching", "published_at": None})])
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_sweep_leaves_a_dispatching_batch_to_its_opener() -> None:
    bench = Bench()
    answer = bench.regenerate()
    bench.store.commit([Write("update", f"prediction_batches/{answer.batch_id}", {"status": "dispatching"})])
    opener = leases.take(bench.deps, leases.opening_lease(answer.batch_id))
    bench.queue.waiting.clear()
    sweeping.sweep(bench.deps)
    assert (bench.batch(answer.batch_id).status, list(bench.queue.waiting)) == (Status.DISPATCHING, [])
    opener.release()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_deadline_ends_a_batch_and_names_missing_players() -> None:
    bench = Bench(players(8), deadline_seconds=600.0)
    answer = bench.regenerate()
    bench.step(events=False)
    bench.queue.waiting.clear()
    bench.clock.advance(601)
    bench.sweep()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert (view.counts.produced, view.counts.failed) == (4, 4)
    assert {o.reason for o in view.outcomes} == {"deadline"}


def test_sweep_wakes_a_complete_batch_with_a_lost_event() -> None:
    bench = Bench()
    answer = bench.regenerate()
    while bench.queue.waiting:
        bench.step(events=False)
    bench.events.clear()
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_sweep_leaves_a_batch_to_its_lease_holder() -> None:
    bench = Bench()
    answer = bench.regenerate()
    while bench.queue.waiting:
        bench.step(events=False)
    bench.events.clear()
    leases.take(bench.deps, answer.batch_id)
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    bench.clock.advance(91)
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_nothing_is_dispatched_for_a_created_batch() -> None:
    bench = Bench()
    answer = bench.regenerate()
    bench.queue.waiting.clear()
    published = len(bench.queue.published)
    seen = bench.store.get(f"prediction_batches/{answer.batch_id}")
    assert seen is not None
    bench.store.commit([Write("update", seen.path, {"status": "created"})])
    dispatch(bench.deps, answer.batch_id)
    assert len(bench.queue.published) == published
    start_dispatching(bench.deps, answer.batch_id)
    assert bench.batch(answer.batch_id).status is Status.DISPATCHING


def test_orphaned_staging_tables_are_reported() -> None:
    bench = Bench()
    bench.run()
    bench.warehouse.stage("left_behind", _a_row(bench))
    assert orphans.orphaned_staging(bench.deps) == []
    bench.clock.advance(timedelta(hours=3).total_seconds())
    assert orphans.orphaned_staging(bench.deps) == ["left_behind"]


def tick(bench: Bench, hours: int) -> SweepReport:
    """A sweep in the first minute of the hour that is so many away."""
    later = bench.clock.now() + timedelta(hours=hours)
    bench.clock.advance((later.replace(minute=0, second=5) - bench.clock.now()).total_seconds())
    return bench.sweep()


def test_orphans_are_logged_every_ten_minutes_and_alerted_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.warehouse.stage("left_behind", _a_row(bench))
    assert tick(bench, 1).orphans == []
    assert tick(bench, 3).orphans == ["left_behind"]
    assert "left_behind" in caplog.text
    bench.clock.advance(60)
    assert bench.sweep().orphans == [], "it is not looked for in every minute"
    bench.clock.advance(540)
    assert bench.sweep().orphans == ["left_behind"]
    told = [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "staging_orphaned"]
    assert [(a["table"], a["severity"]) for a in told] == [("left_behind", "WARNING")]


def test_staging_tables_in_use_are_not_orphans() -> None:
    bench = Bench(deadline_seconds=1e6)
    answer = bench.regenerate()
    bench.queue.waiting.clear()
    entry_of = bench.store.find("outbox")[0]
    for name in ("awaited", ids.staging_table(answer.batch_id, 1, 7), ids.staging_table("regen_another", 1, 7)):
        bench.warehouse.stage(name, _a_row(bench))
    payload = {**json.loads(entry_of.data["payload"]), "staging": "awaited"}
    bench.store.commit([Write("put", "outbox/x", {**entry_of.data, "event_id": "x", "payload": json.dumps(payload)})])
    bench.clock.advance(timedelta(hours=3).total_seconds())
    assert orphans.orphaned_staging(bench.deps) == [ids.staging_table("regen_another", 1, 7)]


def test_failed_listing_of_tables_stops_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    answer = bench.regenerate()
    bench.queue.waiting.clear()

    def away() -> list[StagingTable]:
        raise Unavailable("no listing")

    monkeypatch.setattr(bench.warehouse, "staging_tables", away)
    report = tick(bench, 1)
    assert report.trouble == ["staging: no listing"]
    assert bench.batch(answer.batch_id).status is not Status.RUNNING


def _a_row(bench: Bench) -> list[Any]:
    return [StagedRow("slate", "playera")]


def test_a_dead_request_fails_by_name_and_the_batch_ends() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    dead = bench.queue.of(REQUEST_TOPIC)[0]
    word = dead_letters.handle(bench.deps, "m1", dead, {}, b"")
    assert word == "failed"
    assert dead_letters.handle(bench.deps, "m1", dead, {}, b"") == "already_done"
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.counts.failed) == (Status.REJECTED, 4)
    bench.sweep()
    alerts = [a["type"] for a in bench.queue.of(ALERT_TOPIC)]
    assert sorted(alerts) == ["batch_rejected", "dead_letter"]


def test_a_dead_letter_never_overwrites_an_outcome() -> None:
    bench = Bench()
    answer = bench.regenerate()
    dead = bench.queue.of(REQUEST_TOPIC)[0]
    bench.step(events=False)
    assert dead_letters.handle(bench.deps, "m1", dead, {}, b"") == "already_done"
    bench.drain()
    assert dead_letters.handle(bench.deps, "m1", dead, {}, b"") == "over"
    assert bench.batch(answer.batch_id).counts.produced == 8


def test_only_dead_triggers_are_recorded() -> None:
    bench = Bench()
    trigger = {"game_date": "2026-01-20", "reason": "late"}
    assert dead_letters.handle(bench.deps, "m1", trigger, {}, b"{}") == "recorded"
    assert dead_letters.handle(bench.deps, "m2", {"batch_id": "x", "round": 1}, {}, b"{}") == "left_to_the_sweep"
    assert dead_letters.handle(bench.deps, "m3", {"batch_id": "x", "request_id": "y"}, {}, b"{}") == "unknown"
    bench.sweep()
    assert [e.trigger_id for e in bench.audited("malformed")] == ["m1"]


def test_a_dead_follow_up_is_sent_again() -> None:
    bench = Bench()
    bench.regenerate()
    bench.regenerate("t2")
    message = bench.until(TRIGGER_TOPIC)
    bench.queue.waiting.popleft()
    assert dead_letters.handle(bench.deps, "m1", message.data, message.attributes, b"{}") == "sent_again"
    bench.sweep()
    batches = list_batches(bench.deps, None, "promoted")
    assert sorted(b.trigger_ids or [] for b in batches) == [["t1"], ["t2"]]
    assert bench.audited("malformed") == []


def test_dead_backfill_wake_is_sent_again() -> None:
    bench = Bench()
    data = {"mode": messages.ADVANCE, "backfill_id": "backfill_x"}
    assert dead_letters.handle(bench.deps, "m1", data, {}, b"{}") == "sent_again"
    sweeping.sweep(bench.deps)
    assert bench.queue.of(TRIGGER_TOPIC) == [data]
    grade = {"mode": messages.GRADE, "game_date": "2026-01-20"}
    assert dead_letters.handle(bench.deps, "m2", grade, {}, b"{}") == "left_to_the_schedule"
    sweeping.sweep(bench.deps)
    assert bench.audited("malformed") == []


def test_a_malformed_message_is_recorded_once_with_its_body() -> None:
    bench = Bench()
    for _ in range(3):
        malformed.record(bench.deps, b"\xff{", "no JSON", "pubsub:pusher", "m1")
    bench.sweep()
    bench.sweep()
    (audit,) = bench.audited("malformed")
    assert (audit.error, audit.trigger_id) == ("no JSON", "m1")
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)] == ["message_malformed"]


def test_a_large_message_is_recorded_whole_in_several_entries() -> None:
    bench = Bench()
    body = ('\x00"\\é' * 250_000).encode()
    for _ in range(2):
        malformed.record(bench.deps, body, "a trigger that could not be delivered", "dead-letter", "m1")
    bench.sweep()
    found = sorted(bench.audited("malformed"), key=lambda e: e.metadata["part"])
    assert "".join(e.metadata["body"] for e in found) == storable(body.decode())
    assert {(e.metadata["parts"], e.trigger_id) for e in found} == {(len(found), "m1")}


def test_resumed_flush_writes_no_second_audit_row() -> None:
    bench = Bench()
    answer = bench.regenerate()
    waiting = bench.store.find("outbox")
    bench.sweep()
    assert bench.store.find("outbox") == []
    bench.store.commit([Write("put", s.path, s.data) for s in waiting])
    bench.sweep()
    assert len(bench.audited("requested")) == 1
    assert bench.batch(answer.batch_id).status is Status.PROMOTED


def test_runs_survive_a_crash_after_the_staging_drop() -> None:
    bench = Bench([entry(n, broken=True) for n in names(4)])
    bench.regenerate()
    kept: list[Any] = []
    bench.store.subscribe(lambda _: kept.extend(bench.store.find("outbox")))
    bench.drain()
    items = {s.path: s for s in kept if s.data["kind"] == "audit"}
    bench.store.commit([Write("put", s.path, s.data) for s in items.values()])
    report = bench.sweep()
    assert not report.trouble
    assert bench.store.find("outbox") == []
    assert len(bench.warehouse.runs()) == 4
    assert len(bench.queue.of(COMPLETE_TOPIC)) == 1


def test_duplicate_fence_rows_are_repaired_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    asked: list[int] = []

    def mend() -> list[date]:
        asked.append(bench.clock.now().minute)
        return [DAY]

    monkeypatch.setattr(bench.warehouse, "mend_fences", mend)
    reports = []
    for _ in range(121):
        reports += [sweeping.sweep(bench.deps)]
        bench.clock.advance(60)
    assert set(asked) == {fences.MINUTE}
    assert len(asked) == 2
    assert sum(bool(report.healed) for report in reports) == len(asked)
    assert any(f"{DAY}: the fence was doubled" in report.healed for report in reports)
