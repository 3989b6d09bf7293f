"""Alerts: one list of kinds, each told once, each with its numbers, its command and its heading in the runbook."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regen.adapters.webhook_forms import text_of
from regen.domain.alerts import SPECS, AlertKind, alert
from regen.domain.batch import Status
from regen.domain.errors import Unavailable
from regen.domain.invariants import Finding
from regen.domain.values import replace
from regen.services.healing import dead_letters, malformed, sweeping
from regen.services.state.alerting import raise_once
from regen.services.state.deps import ALERT_TOPIC
from regen.services.tables import checking
from support.backfill_bench import BackfillBench
from support.league import DAY, players

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


def test_runbook_lists_exactly_the_alert_kinds() -> None:
    part = RUNBOOK.read_text(encoding="utf-8").split("\n## Alerts\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^### (\w+)$", part, re.MULTILINE)) == set(AlertKind)
    for kind in AlertKind:
        text = part.split(f"### {kind}\n")[1].split("\n### ")[0]
        assert SPECS[kind].severity in text
        assert "`regen " in text, "what to type"


def test_each_alert_kind_has_a_severity_and_a_command() -> None:
    assert set(SPECS) == set(AlertKind)
    for kind in AlertKind:
        told = alert(kind, "why", batch_id="b", game_date="2026-01-20", until="2026-01-21")
        assert str(told["look"]).startswith("regen ")
        assert str(told["runbook"]).endswith(f"#{kind}")
        assert "{" not in str(alert(kind, "why")["look"]), "without the fields, too"


def test_chat_message_says_what_happened_and_what_to_do() -> None:
    text = text_of(alert(AlertKind.COVERAGE_LOW, "61 %", game_date="2026-01-20", violations=1))
    assert "coverage_low" in text
    assert "regen coverage 2026-01-20" in text
    assert "operations.md#coverage_low" in text


def alerts(bench: BackfillBench) -> list[Any]:
    bench.sweep()
    return list(bench.queue.of(ALERT_TOPIC))


def test_one_event_raises_one_alert() -> None:
    bench = BackfillBench()
    told = alert(AlertKind.BATCH_HEALED, "why")
    assert raise_once(bench.deps, "e1", told)
    assert alerts(bench) == [{"event_id": "e1", **told}]
    assert not raise_once(bench.deps, "e1", told)
    assert len(alerts(bench)) == 1


def test_alerts_of_rejected_and_partial_batches_have_counts() -> None:
    bench = BackfillBench()
    bench.slate([*players(3), *players(8, quality=20.0)[3:]])
    bench.run()
    bench.slate([*players(19), *players(20, quality=20.0)[19:]])
    bench.run("t2")
    rejected, partial = alerts(bench)
    assert (rejected["type"], rejected["severity"], rejected["requested"], rejected["produced"]) == (
        "batch_rejected",
        "ERROR",
        8,
        3,
    )
    assert rejected["coverage_pct"] == 37.5
    assert rejected["look"] == f"regen status {rejected['batch_id']}"
    assert (partial["type"], partial["severity"], partial["produced"]) == ("batch_partial", "WARNING", 19)


def test_batch_past_its_deadline_raises_one_alert() -> None:
    bench = BackfillBench(deadline_seconds=600.0)
    answer = bench.regenerate()
    while bench.batch(answer.batch_id).status is not Status.COMPLETE:
        bench.step()
    bench.events.clear()
    bench.queue.waiting.clear()
    bench.clock.advance(1000)
    for _ in range(3):
        sweeping.sweep(bench.deps)
        bench.queue.waiting.clear()
    found = bench.queue.of(ALERT_TOPIC)
    assert sorted(a["type"] for a in found) == ["batch_healed", "batch_stuck"]
    assert {a["batch_id"] for a in found} == {answer.batch_id}


def test_quick_batch_is_not_reported_as_healed() -> None:
    bench = BackfillBench()
    answer = bench.regenerate()
    while bench.batch(answer.batch_id).status is not Status.COMPLETE:
        bench.step()
    assert alerts(bench) == []


def test_redelivered_bad_message_raises_one_alert() -> None:
    bench = BackfillBench()
    for _ in range(2):
        dead_letters.handle(bench.deps, "m1", {"batch_id": "b"}, {}, b"{}")
        malformed.record(bench.deps, b"nonsense", "no JSON", "pubsub:x", "m2")
        bench.sweep()
    assert sorted(a["type"] for a in alerts(bench)) == ["dead_letter", "message_malformed"]
    assert len(bench.audited("malformed")) == 1


def test_broken_invariant_raises_one_alert_a_day() -> None:
    bench = BackfillBench()
    bench.ledger.findings = [
        Finding("one_generation", 9, 0),
        Finding("audit_missing", 9, 2, ("2026-01-20 b made 9 rows, and no entry says so",)),
        Finding("coverage", 1, 1, ("2026-01-20: 61.2 % (31 of 51), missing a, b",)),
    ]
    for _ in range(2):
        checking.check(bench.deps, DAY, DAY + timedelta(days=1))
    found = alerts(bench)
    assert sorted(a["type"] for a in found) == ["audit_disagreement", "coverage_low"]
    assert {a["look"] for a in found} == {"regen verify 2026-01-20 2026-01-21", "regen coverage 2026-01-20"}
    bench.clock.advance(86400)
    checking.check(bench.deps, DAY, DAY + timedelta(days=1))
    assert len(alerts(bench)) == 4


def test_unanswering_chat_fails_no_request_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Deaf:
        def send(self, alert: object) -> None:
            raise Unavailable("the webhook does not answer")

    bench = BackfillBench()
    bench.deps = replace(bench.deps, alerts=Deaf())
    raise_once(bench.deps, "e1", alert(AlertKind.BATCH_HEALED, "why"))
    assert len(alerts(bench)) == 1
    assert "alert not delivered" in caplog.text
