"""What can never be carried out holds up nothing, is tried for a day, and is put aside on record."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.errors import Defect, InvalidInput, StatementRefused, Unavailable
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import orders, verifying
from regen.services.healing import sweeping
from regen.services.state import messages, outbox, recording
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC
from regen.services.state.documents import OutboxItem, encode_outbox
from regen.services.state.leases import take
from regen.services.state.paths import OUTBOX_DEAD
from support.bench import Bench
from support.league import entry as entry_of
from support.league import players


class Poisoned(Bench):
    """Audit entries that the table refuses for good."""

    def __init__(self, number: int = 1) -> None:
        super().__init__()
        self.run()
        self.sweep()
        self.refuse = True
        self.tries = 0
        self.jobs: list[list[str]] = []
        real = self.warehouse.record
        (entry, *_) = self.audited("requested")

        def picky(entries: Any, staging: str | None = None) -> None:
            self.jobs.append([e.event_id for e in entries])
            if self.refuse and any(e.error == "poison" for e in entries):
                self.tries += len(entries) == 1
                raise InvalidInput("metadata", "something else")
            real(entries, staging)

        self.warehouse.record = picky  # type: ignore[method-assign]
        made = [outbox.audit_item(_with(entry, f"a-poison-{n:04}")) for n in range(number)]
        self.deps.store.commit(outbox.put(made))

    def put_aside(self) -> list[Any]:
        return [s.data for s in self.store.find(OUTBOX_DEAD)]


def _with(entry: Any, event_id: str) -> Any:
    return type(entry)(
        **{**{f: getattr(entry, f) for f in entry.__struct_fields__}, "event_id": event_id, "error": "poison"}
    )


def test_hundreds_of_failing_items_do_not_delay_later_ones() -> None:
    bench = Poisoned(outbox.LIMIT + 50)
    message = messages.message_item("z", bench.clock.now(), COMPLETE_TOPIC, {"n": 1})
    bench.deps.store.commit(outbox.put([message]))
    for _ in range(3):
        bench.sweep()
    assert {"n": 1} in bench.queue.of(COMPLETE_TOPIC)
    assert bench.tries == outbox.LIMIT + 50, "each was tried once, and its time comes again"


def test_failing_item_is_put_aside_after_a_day_with_an_alert(caplog: pytest.LogCaptureFixture) -> None:
    bench = Poisoned()
    troubled = 0
    for _ in range(24 * 60 + 30):
        troubled += bool(sweeping.sweep(bench.deps).trouble)
        bench.clock.advance(60)
    assert troubled == bench.tries
    assert 250 < bench.tries < 300, "every five minutes"
    (dead,) = bench.put_aside()
    assert "something else" in dead["error"]
    assert json.loads(dead["payload"])["entry"]["error"] == "poison"
    assert bench.store.find("outbox") == []
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    told = [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "outbox_dead"]
    assert [a["item"] for a in told] == ["a-poison-0000"]
    bench.refuse = False
    bench.store.commit([Write("put", "outbox/a-poison-0000", dead)])
    sweeping.sweep(bench.deps)
    assert [e.error for e in bench.audited("requested")][-1] == "poison", "as the runbook says"


def test_an_entry_of_another_version_stops_no_sweep() -> None:
    bench = Bench()
    strange = OutboxItem("a", "audit", bench.clock.now(), None, {"entry": {"what": 1}, "staging": None})
    bench.deps.store.commit([Write("put", "outbox/a", encode_outbox(strange))])
    assert bench.sweep().trouble == [
        "outbox: audit a: entry: expected an audit entry (Object missing required field `event_id`)"
    ]


def _flooded(bench: Bench, number: int) -> list[Any]:
    """Entries on their way, the youngest written first."""
    (entry, *_) = bench.audited("requested")
    at = bench.clock.now() - timedelta(minutes=5)
    made = [
        outbox.audit_item(replace(entry, event_id=f"f{n:04}", at=at + timedelta(milliseconds=n)))
        for n in reversed(range(number))
    ]
    for start in range(0, number, 100):
        bench.deps.store.commit(outbox.put(made[start : start + 100]))
    return made


def test_flood_of_entries_is_recorded_by_few_jobs() -> None:
    """1,000 malformed messages: 2,000 items, a job each, sweeps of 20 to 41 s on a schedule of 5 s."""
    bench = Poisoned(0)
    _flooded(bench, 1000)
    bench.jobs.clear()
    sweeping.sweep(bench.deps)
    assert bench.store.find("outbox") == []
    assert len(bench.jobs) == 1000 / recording.ENTRIES
    assert [name for job in bench.jobs for name in job] == [f"f{n:04}" for n in range(1000)]
    assert len({e.event_id for e in bench.audited("requested")}) == 1001


def test_refused_entry_does_not_delay_the_others() -> None:
    bench = Poisoned(1)
    _flooded(bench, 150)
    bench.jobs.clear()
    report = sweeping.sweep(bench.deps)
    assert {f"f{n:04}" for n in range(150)} <= {e.event_id for e in bench.audited("requested")}
    assert [s.path for s in bench.store.find("outbox")] == ["outbox/a-poison-0000"]
    assert len(bench.jobs) <= 2 * 8 + 1, "halves, down to the one that is refused"
    assert "a-poison-0000: metadata" in report.trouble[0]


def test_a_flush_ends_in_time_and_deletes_as_it_goes() -> None:
    bench = Poisoned(0)
    _flooded(bench, 1000)
    record = bench.warehouse.record

    def slow(entries: Any, staging: str | None = None) -> None:
        record(entries, staging)
        bench.clock.advance(8)

    bench.warehouse.record = slow  # type: ignore[method-assign]
    assert recording.flush(bench.deps) == 3 * recording.ENTRIES
    assert {s.path for s in bench.store.find("outbox")} == {f"outbox/f{n:04}" for n in range(600, 1000)}
    assert recording.flush(bench.deps) == 2 * recording.ENTRIES
    assert bench.store.find("outbox") == []


def test_job_size_is_below_the_request_limit() -> None:
    bench = Poisoned(0)
    (entry, *_) = bench.audited("requested")
    big = [replace(entry, event_id=f"b{n}", metadata={"note": "x" * 400_000}) for n in range(20)]
    for each in big:
        bench.deps.store.commit(outbox.put([outbox.audit_item(each)]))
    bench.jobs.clear()
    assert recording.flush(bench.deps) == 20
    assert max(map(len, bench.jobs)) * 400_000 <= recording.BYTES
    assert sum(map(len, bench.jobs)) == 20


@pytest.mark.parametrize("kind", ["audit", "message", "alert"])
def test_no_flush_takes_an_item_before_its_time(kind: str) -> None:
    """Neither the sweep's nor a batch's own, nor what its end delivers at once."""
    bench = Poisoned(0)
    batch, now = bench.batch(bench.audited("requested")[0].batch_id), bench.clock.now()
    later = {
        "audit": replace(
            outbox.audit_item(replace(bench.audited("requested")[0], event_id="z")), batch_id=batch.batch_id
        ),
        "message": messages.message_item("z", now, COMPLETE_TOPIC, {"n": 1}, batch.batch_id),
        "alert": outbox.alert_item("z", now, {"type": "batch_failed", "why": "x"}, batch.batch_id),
    }[kind]
    bench.store.commit(outbox.put([replace(later, due_at=now + timedelta(minutes=1))]))
    for wait, left in ((59, 1), (1, 0)):
        bench.clock.advance(wait)
        outbox.deliver(bench.deps, batch.batch_id)
        recording.flush(bench.deps, batch.batch_id)
        recording.flush(bench.deps)
        assert len(bench.store.find("outbox")) == left


def test_second_flush_yields_to_the_lease_holder() -> None:
    bench = Poisoned(0)
    _flooded(bench, 3)
    bench.jobs.clear()
    lease = take(bench.deps, recording.AUDIT)
    assert recording.flush(bench.deps) == 0
    assert bench.jobs == []
    lease.release()
    assert recording.flush(bench.deps) == 3


def test_cancel_does_not_wait_for_bigquery(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answered 503 though it was carried out, when a sweep was at its entry."""
    bench = Bench()
    answer = bench.regenerate()
    monkeypatch.setattr(bench.warehouse, "record", _mute)
    monkeypatch.setattr(bench.warehouse, "promote", _mute)
    assert orders.cancel(bench.deps, bench.order(answer)).status is Status.CANCELLED
    monkeypatch.undo()
    bench.drain()
    assert [e.status for e in bench.audited("cancelled")] == ["cancelled"], "without a sweep: the verifier was asked"


def test_cancel_succeeds_while_pubsub_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    answer = bench.regenerate()
    monkeypatch.setattr(bench.queue, "publish", _mute)
    assert orders.cancel(bench.deps, bench.order(answer)).status is Status.CANCELLED
    monkeypatch.undo()
    bench.sweep()
    assert answer.batch_id in [told["batch_id"] for told in bench.queue.of(COMPLETE_TOPIC)]
    assert len(bench.audited("cancelled")) == 1


def _mute(*_: object, **__: object) -> None:
    raise Unavailable("no answer")


def test_round_waits_for_the_recorded_runs_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A promotion and a recording only insert runs, and pass each other in BigQuery: the runs would come twice."""
    bench = Bench([*players(6), *(entry_of(f"late{n}", features=False) for n in range(2))])
    monkeypatch.setattr(bench.warehouse, "record", _mute)
    answer = bench.regenerate()
    with pytest.raises(Unavailable, match="no answer"):
        bench.drain()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    orders.promote(bench.deps, bench.order(batch), list((batch.verdict or {})["failed"]))
    with pytest.raises(Unavailable):
        bench.drain()
    assert bench.batch(answer.batch_id).status is Status.VERIFYING
    monkeypatch.undo()
    bench.clock.advance(100)
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(bench.warehouse.runs()) == len({run["request_id"] for run in bench.warehouse.runs()}) == 8


def _rejected(monkeypatch: pytest.MonkeyPatch, error: Exception) -> tuple[Bench, str]:
    """A rejected batch whose recording was answered with an error, and an operator who promotes it at once."""

    def failing(*_: object, **__: object) -> None:
        raise error

    bench = Bench([*players(6), *(entry_of(f"late{n}", features=False) for n in range(2))])
    monkeypatch.setattr(bench.warehouse, "record", failing)
    answer = bench.regenerate()
    with pytest.raises(Unavailable):
        bench.drain()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    orders.promote(bench.deps, bench.order(batch), list((batch.verdict or {})["failed"]))
    return bench, answer.batch_id


@pytest.mark.parametrize("how", ["dropped", "expired"])
def test_entry_whose_staged_runs_are_gone_is_recorded(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    bench = Bench([entry_of(n, broken=True) for n in ("playera", "playerb")])
    monkeypatch.setattr(bench.warehouse, "record", _mute)
    answer = bench.regenerate()
    with pytest.raises(Unavailable, match="no answer"):
        bench.drain()
    assert bench.batch(answer.batch_id).status is Status.REJECTED
    monkeypatch.undo()
    if how == "dropped":
        bench.warehouse.drop_staging(bench.batch(answer.batch_id).staging or "")
    bench.clock.advance(25 * 3600)
    assert bench.sweep().trouble == []
    assert [e.batch_id for e in bench.audited("rejected")] == [answer.batch_id]
    assert (bench.warehouse.runs(), bench.store.find("outbox")) == ([], [])


@pytest.mark.parametrize("error", [Defect("499"), StatementRefused("the answer to a call")], ids=["defect", "refused"])
def test_a_next_round_waits_for_runs_that_were_put_off(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The job whose answer was lost runs on, for the five minutes that its entry is put off."""
    bench, name = _rejected(monkeypatch, error)
    for _ in range(3):
        with pytest.raises(Unavailable, match="not recorded yet"):
            verifying.verify(bench.deps, name, 2)
        assert bench.batch(name).status is Status.VERIFYING
        bench.clock.advance(100)
    monkeypatch.undo()
    assert verifying.verify(bench.deps, name, 2) == "promoted"
    assert len(bench.warehouse.runs()) == len({run["request_id"] for run in bench.warehouse.runs()}) == 8


def test_a_next_round_waits_for_no_runs_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = StatementRefused("the job's own word")
    refused.final = True
    bench, name = _rejected(monkeypatch, refused)
    with pytest.raises(Unavailable):
        verifying.verify(bench.deps, name, 2)  # it is promoted; the entry waits
    assert bench.batch(name).status is Status.PROMOTED
