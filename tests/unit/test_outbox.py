"""What can never be carried out holds up nothing, is tried for a day, and is put aside on record."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from regen.domain.errors import InvalidInput
from regen.ports import Write
from regen.services import outbox, sweeping
from regen.services.deps import ALERT_TOPIC, COMPLETE_TOPIC
from regen.services.records import OUTBOX_DEAD, OutboxItem, encode_outbox
from simulation.bench import Bench


class Poisoned(Bench):
    """Audit entries that the table refuses for good."""

    def __init__(self, number: int = 1) -> None:
        super().__init__()
        self.run()
        self.sweep()
        self.refuse = True
        self.tries = 0
        real = self.warehouse.record
        (entry, *_) = self.audited("requested")

        def picky(entries: Any, staging: str | None = None) -> None:
            if self.refuse and any(e.error == "poison" for e in entries):
                self.tries += 1
                raise InvalidInput("metadata", "something else")
            real(entries, staging)

        self.warehouse.record = picky  # type: ignore[method-assign]
        made = [outbox.audit_item(_with(entry, f"a-poison-{n:04}")) for n in range(number)]
        self.deps.store.commit(outbox.put(made))

    def put_aside(self) -> list[Any]:
        return [s.data for s in self.store.find(OUTBOX_DEAD)]


def _with(entry: Any, event_id: str) -> Any:
    return type(entry)(**{**{f: getattr(entry, f) for f in entry.__slots__}, "event_id": event_id, "error": "poison"})


def test_hundreds_of_them_do_not_starve_what_comes_after() -> None:
    bench = Poisoned(outbox.LIMIT + 50)
    message = outbox.message_item("z", bench.clock.now(), COMPLETE_TOPIC, {"n": 1})
    bench.deps.store.commit(outbox.put([message]))
    for _ in range(3):
        bench.sweep()
    assert {"n": 1} in bench.queue.of(COMPLETE_TOPIC)
    assert bench.tries == outbox.LIMIT + 50, "each was tried once, and its time comes again"


def test_one_is_tried_for_a_day_then_put_aside_with_an_alert_and_one_error(caplog: pytest.LogCaptureFixture) -> None:
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
