"""An alert reaches the webhook at least once, holds up nothing, and ends when its cause is gone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.alerts import AlertKind, alert, key_of
from regen.domain.batch import Status
from regen.domain.errors import AlertRefused, Unavailable
from regen.domain.invariants import Finding
from regen.domain.values import replace
from regen.services.batch import opening
from regen.services.batch.dates import read_date
from regen.services.batch.pinning import NO_PINS
from regen.services.healing import sweeping
from regen.services.state.alerting import raise_once
from regen.services.state.deps import ALERT_TOPIC
from regen.services.state.paths import OUTBOX
from regen.services.tables import checking
from regen.services.views.alerts_view import list_alerts
from support.backfill_bench import BackfillBench
from support.league import DAY, players

FIVE = 300
"""Seconds to the next sweep that looks whether an alert is over."""


class Receiver:
    """A chat that takes what comes, once it answers."""

    def __init__(self) -> None:
        self.got: list[Mapping[str, Any]] = []
        self.tried = 0
        self.error: Unavailable | None = None

    def send(self, alert: Mapping[str, Any]) -> None:
        self.tried += 1
        if self.error:
            raise self.error
        self.got.append(alert)


def bench_with(receiver: Receiver, **numbers: Any) -> BackfillBench:
    bench = BackfillBench(**numbers)
    bench.deps = replace(bench.deps, alerts=receiver)
    return bench


def rejected(bench: BackfillBench, trigger: str = "t1") -> None:
    bench.slate([*players(3), *players(8, quality=20.0)[3:]])
    assert bench.run(trigger).status is Status.REJECTED
    bench.sweep()


def promoted(bench: BackfillBench, trigger: str = "t2", number: int = 8) -> None:
    bench.clock.advance(FIVE)
    bench.slate(players(number))
    assert bench.run(trigger).status is Status.PROMOTED
    bench.sweep()
    bench.sweep()


def test_an_alert_that_was_not_taken_is_sent_again() -> None:
    receiver = Receiver()
    bench = bench_with(receiver)
    receiver.error = Unavailable("the webhook does not answer")
    rejected(bench)
    assert (receiver.got, len(bench.queue.of(ALERT_TOPIC))) == ([], 1)
    receiver.error = None
    bench.clock.advance(60)
    bench.sweep()
    assert [told["type"] for told in receiver.got] == ["batch_rejected"]
    assert len(bench.queue.of(ALERT_TOPIC)) == 1, "the topic had it already"
    bench.clock.advance(3600)
    bench.sweep()
    assert len(receiver.got) == 1
    assert bench.store.find(OUTBOX) == []


def test_a_silent_webhook_costs_one_try_a_sweep() -> None:
    receiver = Receiver()
    bench = bench_with(receiver)
    receiver.error = Unavailable("the webhook has not answered within 5 s")
    for number in range(25):
        raise_once(bench.deps, f"e{number}", alert(AlertKind.BATCH_HEALED, "why", batch_id=f"b{number}"))
    report = sweeping.sweep(bench.deps)
    assert (receiver.tried, report.trouble) == (1, [])
    assert len(bench.queue.of(ALERT_TOPIC)) == 25
    receiver.error = None
    bench.clock.advance(3600)
    bench.sweep()
    assert len(receiver.got) == 25


def test_an_alert_that_is_refused_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Picky(Receiver):
        def send(self, alert: Mapping[str, Any]) -> None:
            if alert["event_id"] == "bad":
                raise AlertRefused("the webhook answered 400: it does not take this alert")
            super().send(alert)

    receiver = Picky()
    bench = bench_with(receiver)
    for name in ("bad", "good"):
        raise_once(bench.deps, name, alert(AlertKind.BATCH_HEALED, "why", batch_id=name))
    bench.sweep()
    assert [told["event_id"] for told in receiver.got] == ["good"]
    assert [r.levelno for r in caplog.records if "not delivered" in r.message] == [logging.ERROR], "told at once"


def test_an_alert_is_given_up_after_a_day(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    bench = bench_with(receiver)
    receiver.error = Unavailable("the webhook does not answer")
    raise_once(bench.deps, "e1", alert(AlertKind.BATCH_HEALED, "why", batch_id="b"))
    for _ in range(60):
        bench.sweep()
        bench.clock.advance(1800)
    assert bench.store.find(OUTBOX) == []
    levels = [r.levelno for r in caplog.records if "not delivered" in r.message]
    assert levels.count(logging.ERROR) == 1
    assert levels[-1] == logging.ERROR, "nobody tries again"
    assert 10 < receiver.tried < 40, "with growing pauses"


def test_promoting_the_date_ends_what_was_rejected() -> None:
    receiver = Receiver()
    bench = bench_with(receiver)
    rejected(bench)
    rejected(bench, "again")
    assert [a.state for a in list_alerts(bench.deps, only_open=True)] == ["open", "open"]
    promoted(bench)
    first, second, over = receiver.got
    assert (over["type"], over["resolved"]) == ("batch_rejected", True)
    assert over["why"].endswith("was promoted")
    assert key_of(first) == key_of(second) == key_of(over) == f"regen/batch_rejected/{DAY}"
    assert list_alerts(bench.deps, only_open=True) == []
    assert [(a.state, a.resolved_why) for a in list_alerts(bench.deps)] == [("resolved", over["why"])] * 2
    assert [told["type"] for told in bench.queue.of(ALERT_TOPIC)] == ["batch_rejected"] * 2, "readers know no ends"
    bench.sweep()
    assert len(receiver.got) == 3


def test_a_partial_promotion_does_not_end_an_alert_of_its_kind() -> None:
    bench = bench_with(receiver := Receiver())
    for trigger in ("t1", "t2"):
        bench.clock.advance(FIVE)
        bench.slate([*players(19), *players(20, quality=20.0)[19:]])
        bench.run(trigger)
        bench.sweep()
    assert [a.state for a in list_alerts(bench.deps)] == ["open", "open"]
    promoted(bench, "t3", 20)
    assert [told.get("resolved") for told in receiver.got] == [None, None, True]


def test_a_promotion_without_the_late_data_ends_no_wait_for_it() -> None:
    bench = bench_with(receiver := Receiver())
    overdue = alert(AlertKind.BDB_OVERDUE, "7 games wait", game_date=DAY.isoformat(), games=7)
    raise_once(bench.deps, "late", overdue)
    promoted(bench)
    assert [a.state for a in list_alerts(bench.deps)] == ["open"]
    bench.clock.advance(FIVE)
    bench.regenerate("t9", reason="bdb_upgrade")
    bench.drain()
    bench.sweep()
    bench.sweep()
    assert [a.state for a in list_alerts(bench.deps)] == ["resolved"]
    assert [told.get("resolved") for told in receiver.got] == [None, True]


def test_a_lost_opening_raises_the_alert_of_a_failed_batch() -> None:
    bench = bench_with(receiver := Receiver())
    bench.slate(players(8))
    seen = (bench.warehouse.read_slate(DAY), NO_PINS)
    trigger = bench.trigger("t1")
    opening._take_date(bench.deps, trigger, read_date(bench.deps, DAY), seen, None)
    bench.clock.advance(1000)
    bench.sweep()
    (told,) = [told for told in receiver.got if told["type"] == "batch_failed"]
    assert "trigger waits for a new one" in told["why"]


def test_coverage_that_is_back_ends_its_alert() -> None:
    bench = bench_with(receiver := Receiver())
    low = [Finding("coverage", 1, 1, ("2026-01-20: 61 %",)), Finding("one_generation", 1, 1, ("x",))]
    bench.ledger.findings = low
    checking.check(bench.deps, DAY, DAY)
    bench.sweep()
    assert [a.type for a in list_alerts(bench.deps, only_open=True)] == ["coverage_low", "audit_disagreement"]
    bench.clock.advance(3600)
    bench.ledger.findings = [low[1]]
    checking.check(bench.deps, DAY - timedelta(days=5), DAY - timedelta(days=1))
    assert len(list_alerts(bench.deps, only_open=True)) == 3, "other dates say nothing of this one"
    checking.check(bench.deps, DAY, DAY + timedelta(days=1))
    bench.sweep()
    over = [told for told in receiver.got if told.get("resolved")]
    assert [told["dedup_key"] for told in over] == [f"regen/coverage_low/{DAY}"]


def test_coverage_that_is_low_again_alerts_again() -> None:
    bench = bench_with(Receiver())
    for findings in ([Finding("coverage", 1, 1, ("x",))], [], [Finding("coverage", 1, 1, ("y",))]):
        bench.ledger.findings = findings
        checking.check(bench.deps, DAY, DAY)
        checking.check(bench.deps, DAY, DAY)
        bench.clock.advance(60)
    assert sorted(alert.state for alert in list_alerts(bench.deps)) == ["open", "resolved"]


def test_a_stuck_batch_that_ends_ends_its_alert() -> None:
    bench = bench_with(receiver := Receiver(), deadline_seconds=600.0)
    bench.slate(players(8))
    answer = bench.regenerate()
    while bench.batch(answer.batch_id).status is not Status.COMPLETE:
        bench.step()
    bench.events.clear()
    bench.queue.waiting.clear()
    bench.clock.advance(1000)
    sweeping.sweep(bench.deps)
    bench.drain()
    bench.clock.advance(4 * FIVE - 1000)
    bench.sweep()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    over = [told for told in receiver.got if told.get("resolved")]
    assert [told["type"] for told in over] == ["batch_stuck"]


def test_an_alert_that_nothing_ends_is_closed_after_two_weeks() -> None:
    bench = bench_with(Receiver())
    rejected(bench)
    bench.clock.advance(15 * 86400)
    bench.sweep()
    (closed,) = list_alerts(bench.deps)
    assert (closed.state, closed.resolved_why) == ("resolved", "nothing ended it within 14 days")
