"""Every field of every kind of record, missing or holding what it cannot: that record is in trouble, and nothing else is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from regen.domain.errors import AccessDenied, KeyReused, RegenError, Unreadable
from regen.ports import Snapshot, Write
from regen.services.healing import malformed, sweeping
from regen.services.healing.vitals import vitals
from regen.services.state import heartbeats, leases, messages_read, outbox, recording
from regen.services.state.denials import note_denied
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC
from regen.services.state.documents import (
    decode_backfill,
    decode_batch,
    decode_date,
    decode_lease,
    decode_once,
    decode_outbox,
    decode_request,
)
from regen.services.state.idempotency import IdempotencyKey, is_known
from regen.services.state.leases import opening_lease
from regen.services.state.messages import message_item
from regen.services.state.paths import (
    backfill_path,
    batch_path,
    date_path,
    denial_path,
    heartbeat_path,
    key_path,
    lease_path,
    note_path,
    requests_path,
)
from support.backfill_bench import DAYS, BackfillBench
from support.league import DAY
from support.lists import list_batches

MISSING = object()
VALUES: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "a number": 7,
    "a huge number": 2**63 - 1,
    "no number": float("nan"),
    "a number without end": 10**400,
    "a text": "x",
    "a moment without a zone": "0001-01-01T00:00:00",
    "a moment of year 1": datetime(1, 1, 1, tzinfo=UTC),
    "the last moment": datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    "a list": [7],
    "an object": {"x": 7},
    "a flag": True,
    "bytes": b"\x00",
    "the JSON of a list": "[7]",
    "the JSON of an object": "{}",
}
KEY = IdempotencyKey("/regenerate-with-supersede one", "k", "")


class World(BackfillBench):
    """One record of each kind: a batch that runs, and another that is to be left in peace."""

    def __init__(self) -> None:
        super().__init__()
        self.own = self.regenerate("t1", key="k").batch_id
        self.regenerate("t2")
        self.peer = self.regenerate("t3", day=DAYS[1]).batch_id
        self.made = self.create(first=DAYS[3], last=DAYS[3]).backfill_id
        now = self.clock.now()
        self.store.commit(
            outbox.put([message_item("note", now, "nba-prediction-trigger", {"game_date": "2026-01-20"})])
        )
        self.store.commit(outbox.put([message_item("message", now, COMPLETE_TOPIC, {"n": 1})]))
        self.store.commit(outbox.put([outbox.alert_item("alert", now, {"type": "batch_stuck", "why": "one"})]))
        malformed.record(self.deps, b"{7", "message 7 is odd", "pubsub:one", "m7")
        for name in (leases.PROMOTION, recording.AUDIT):
            leases.take(self.deps, name).release()
        heartbeats.beat(self.deps, heartbeats.SWEEP, live=1)
        note_denied(self.deps, AccessDenied("no").of("BigQuery"))
        self.queue.waiting.clear()
        self.clock.advance(self.deps.config.deadline_seconds + 600)
        self.kept = dict(self.store._documents), {k: dict(v) for k, v in self.store._collections.items()}

    def again(self) -> None:
        """As it was when it was made."""
        documents, collections = self.kept
        self.store._documents = dict(documents)
        self.store._collections = {k: dict(v) for k, v in collections.items()}
        self.queue.waiting.clear()
        self.queue.published.clear()
        self.events.clear()

    def waiting_alerts(self) -> list[str]:
        """Alerts that the next sweep sends."""
        return [str(s.data["payload"]) for s in self.store.find("outbox", [("kind", "==", "alert")])]

    def paths(self) -> dict[str, str]:
        """Where there is one of each kind."""
        items = {s.data["kind"]: s.path for s in self.store.find("outbox") if s.data["batch_id"] is None}
        return {
            "batch": batch_path(self.own),
            "request": self.store.find(requests_path(self.own))[0].path,
            "date": date_path(DAY),
            "backfill": backfill_path(self.made),
            "promotion lease": lease_path(leases.PROMOTION),
            "audit lease": lease_path(recording.AUDIT),
            "opening lease": lease_path(opening_lease(self.own)),
            "key": key_path(KEY.scope, KEY.key),
            "note": note_path("note"),
            "denial": denial_path("BigQuery"),
            "heartbeat": heartbeat_path(heartbeats.SWEEP),
            **{f"outbox {kind}": path for kind, path in items.items()},
        }


DECODERS: dict[str, Any] = {
    "batch": decode_batch,
    "request": decode_request,
    "date": lambda snapshot: decode_date(snapshot, DAY),
    "backfill": decode_backfill,
    "lease": decode_lease,
    "outbox": decode_outbox,
    "key": decode_once,
    "note": decode_once,
    "denial": decode_once,
}
KINDS = sorted(World().paths())


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def broken(before: Snapshot, step: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The record with each field, one after the other, holding each `step`-th of the values; other ones in the next field."""
    for number, field in enumerate(before.data):
        for name, value in list(VALUES.items())[number % step :: step]:
            data = {k: v for k, v in before.data.items() if k != field}
            yield field, name, data if value is MISSING else {**data, field: value}


def decoded(kind: str, snapshot: Snapshot) -> bool:
    """Whether it can be read; whatever is wrong with it is Unreadable."""
    decoder = next((d for name, d in DECODERS.items() if name in kind.split()), None)
    try:
        if decoder:
            decoder(snapshot)
    except Unreadable:
        return False
    return True


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_field_is_the_trouble_of_its_record_alone(
    kind: str, step: int, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A third of the values for each field in `make test`; all of them in the long suite."""
    caplog.set_level(logging.ERROR)
    world.again()
    path = world.paths()[kind]
    before = world.store.get(path)
    assert before is not None
    for field, name, data in broken(before, step):
        where = f"{path}: {field}: {name}"
        world.again()
        world.store.commit([Write("put", path, data)])
        found = world.store.get(path)
        assert found is not None
        readable = decoded(kind, found)
        told = sweeping.sweep(world.deps)
        vitals(world.deps)
        list_batches(world.deps, None, None)
        note_denied(world.deps, AccessDenied("no").of("BigQuery"))
        messages_read.own_event(world.deps, {"game_date": "2026-01-20"}, {"event_id": "note"})
        is_known_or_refused(world)
        assert world.batch(world.peer).status == "complete", where
        foreign = [r.getMessage() for r in caplog.records if r.exc_info and not isinstance(r.exc_info[1], RegenError)]
        assert not foreign, (where, foreign)
        if not readable and kind in {"batch", "date", "backfill", "promotion lease", "audit lease"} and field != "live":
            assert [t for t in (*told.unreadable, *told.healed) if path in t], where
            assert [a for a in (*world.queue.of(ALERT_TOPIC), *world.waiting_alerts()) if path in str(a)], where


def is_known_or_refused(world: World) -> None:
    """A key whose record is broken is known, has run out, or came with another body."""
    with suppress(KeyReused):
        is_known(world.deps, KEY)
