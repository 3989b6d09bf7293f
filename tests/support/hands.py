"""What people and other versions do to records by hand, and sweeps that go on in spite of it."""

from contextlib import suppress
from typing import Any

from regen.api.health import SweepReport
from regen.domain.alerts import AlertKind
from regen.domain.errors import Unreadable
from regen.ports import Write
from regen.services.healing import sweeping
from regen.services.state.deps import ALERT_TOPIC
from support.bench import Bench

NEWER = {"schema": 99}


def hand(bench: Bench, path: str, **fields: Any) -> None:
    """What a person, or another version, writes into a document."""
    bench.store.commit([Write("update", path, fields)])


def without(bench: Bench, path: str, *names: str) -> None:
    """The document without some of its fields."""
    found = bench.store.get(path)
    assert found is not None
    bench.store.commit([Write("put", path, {k: v for k, v in found.data.items() if k not in names})])


def delete(bench: Bench, *paths: str) -> None:
    """What a person deletes."""
    bench.store.commit([Write("delete", path) for path in paths])


def tick(bench: Bench) -> SweepReport:
    """A sweep and all that follows; what cannot be read is delivered again some other time."""
    report = sweeping.sweep(bench.deps)
    while bench.queue.waiting or bench.events:
        with suppress(Unreadable):
            bench.step()
    return report


def alerts(bench: Bench, kind: AlertKind) -> list[Any]:
    """The alerts of a kind that went out."""
    return [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == kind]


def tick_out(bench: Bench) -> SweepReport:
    """A sweep, with every message delivered once, and a minute."""
    report = tick(bench)
    bench.clock.advance(60)
    return report
