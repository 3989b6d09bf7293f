"""Heartbeats and `/ready`: what `doctor` and dashboards take for the system's signs of life."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regen.api.health import Heartbeat, Outbox
from regen.cli.doctor import system
from regen.cli.doctor.looking import LookResult, findings
from regen.cli.session import Session
from regen.cli.settings import Given
from regen.client.vitals import State
from regen.domain.errors import Unavailable
from regen.domain.values import Secret
from regen.ports import Write
from regen.services.healing.vitals import vitals
from regen.services.state import heartbeats
from regen.services.state.paths import HEARTBEATS
from support.bench import Bench
from support.fake_coordinator import FakeCoordinator, serving
from support.web_bench import KEYED, Web, ticked


def beats(web: Web) -> set[str]:
    return {snapshot.path.rpartition("/")[2] for snapshot in web.bench.store.find(HEARTBEATS)}


def test_each_function_and_the_sweep_leave_a_heartbeat() -> None:
    web = Web()
    web.call("coordinator", "GET", "/batches", headers=KEYED)
    web.call("verifier", "POST", "/sweep", headers=ticked())
    assert beats(web) == {"coordinator", "verifier", "sweep"}


def test_refused_caller_leaves_no_heartbeat() -> None:
    web = Web()
    web.call("coordinator", "GET", "/batches")
    web.call("coordinator", "GET", "/health")
    assert beats(web) == set()


def test_an_instance_writes_its_heartbeat_once_a_minute() -> None:
    web = Web()
    for seconds in (0, 30, 29, 2):
        web.bench.clock.advance(seconds)
        web.call("coordinator", "GET", "/batches", headers=KEYED)
    assert web.bench.store.writes == 2


def test_a_heartbeat_that_cannot_be_written_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()

    def silent(*_: Any, **__: Any) -> None:
        raise Unavailable("no Firestore")

    monkeypatch.setattr(heartbeats, "beat", silent)
    assert web.call("coordinator", "GET", "/batches", headers=KEYED).status_code == 200


def test_vitals_count_what_is_late_failing_and_dead() -> None:
    bench = Bench()
    now = bench.clock.now()
    bench.store.commit(
        [
            Write("put", "outbox/late", {"due_at": now - timedelta(minutes=4), "error": None}),
            Write("put", "outbox/fresh", {"due_at": now, "error": None}),
            Write("put", "outbox/failing", {"due_at": now + timedelta(minutes=5), "error": "no such column"}),
            Write("put", "outbox_dead/gone", {"kind": "audit"}),
            Write("put", "prediction_batches/old", {"live": True, "deadline": now - timedelta(minutes=9)}),
            Write("put", "prediction_batches/young", {"live": True, "deadline": now + timedelta(minutes=9)}),
            Write("put", "prediction_batches/ended", {"live": False, "deadline": now - timedelta(minutes=9)}),
        ]
    )
    told = vitals(bench.deps)
    assert told.outbox == Outbox(late=1, failing=1, dead=1)
    assert told.past_deadline == ["old"]


@pytest.mark.parametrize("odd", ["missing", None, 7, "0001-01-01T00:00:00", []], ids=str)
def test_unreadable_record_hides_no_other_sign_of_life(odd: Any) -> None:
    web = Web()
    bench = web.bench
    now = bench.clock.now()
    heartbeats.beat(bench.deps, "worker")
    at, deadline = ({}, {}) if odd == "missing" else ({"at": odd}, {"deadline": odd})
    bench.store.commit(
        [
            Write("put", f"{HEARTBEATS}/sweep", {"code_version": "1", **at}),
            Write("put", f"{HEARTBEATS}/verifier", {"at": now, "code_version": odd}),
            Write("put", "prediction_batches/odd", {"live": True, **deadline}),
            Write("put", "prediction_batches/old", {"live": True, "deadline": now - timedelta(minutes=9)}),
        ]
    )
    told = vitals(bench.deps)
    assert (told.past_deadline, told.unreadable) == (["old"], ["odd"])
    found = told.heartbeats
    assert isinstance(found, dict)
    assert found["sweep"] == "unreadable"
    assert isinstance(found["worker"], Heartbeat)
    assert web.call("coordinator", "GET", "/ready", headers=KEYED).status_code == 200


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        yield fake


GOOD: Mapping[str, Any] = {
    "heartbeats": {
        "sweep": {"code_version": "1", "at": "2026-01-25T20:00:00+00:00", "age_seconds": 20, "live": 0, "trouble": 0},
        "worker": {"code_version": "1", "at": "2026-01-25T20:00:00+00:00", "age_seconds": 50},
    },
    "outbox": {"late": 0, "failing": 0, "dead": 0},
    "past_deadline": [],
    "halt": {"status": "running", "at": None, "by": None, "reason": None, "waiting": []},
}
HALTED = {
    "status": "halted",
    "at": "2026-01-25T20:00:00+00:00",
    "by": "api_key:ops",
    "reason": "a drill",
    "waiting": [],
}


def rows(fake: FakeCoordinator, vitals: Mapping[str, Any] | None, tmp_path: Path) -> dict[str, LookResult]:
    ready = {"status": "ready", "version": "1", "firestore": "ok", "bigquery": "ok"}
    fake.say("GET /health", (200, {"status": "healthy", "service": "coordinator", "version": "1"}))
    fake.say("GET /ready", (200, ready if vitals is None else {**ready, "vitals": vitals}))
    session = Session(Given(url=fake.url, key=Secret("k"), project="p-123"))
    found = [look for look in system.looks(session) if look.what not in {"models", "tables"}]
    return {finding.what: finding for finding in findings(found)}


def changed(**more: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(GOOD)), **more}


def beat(**more: Any) -> dict[str, Any]:
    return changed(heartbeats={**GOOD["heartbeats"], **more})


def test_healthy_system_passes(fake: FakeCoordinator, tmp_path: Path) -> None:
    assert {name for name, f in rows(fake, GOOD, tmp_path).items() if f.state is not State.OK} == set()


@pytest.mark.parametrize(
    ("vitals", "row", "says"),
    [
        (beat(sweep={**GOOD["heartbeats"]["sweep"], "age_seconds": 700}), "sweep", "came 12 min ago"),
        (beat(sweep={**GOOD["heartbeats"]["sweep"], "trouble": 2}), "sweep", "2 things are in trouble"),
        (changed(heartbeats={}), "sweep", "it has never come"),
        (beat(worker={**GOOD["heartbeats"]["worker"], "code_version": "0"}), "revisions that ran", "they differ"),
        (changed(outbox={"late": 3, "failing": 0, "dead": 0}), "outbox", "3 late"),
        (changed(outbox={"late": 0, "failing": 2, "dead": 0}), "outbox", "2 failing"),
        (changed(outbox={"late": 0, "failing": 0, "dead": 1}), "outbox", "1 put aside"),
        (changed(past_deadline=["regen_2026-01-20_x_1"]), "deadlines", "regen_2026-01-20_x_1"),
        (beat(sweep="unreadable"), "sweep", "unreadable"),
        (beat(worker="unreadable"), "revisions that ran", "worker"),
        (changed(unreadable=["regen_2026-01-20_x_1"]), "deadlines", "regen_2026-01-20_x_1"),
        (changed(halt=HALTED), "halt", "since 2026-01-25 20:00:00 UTC by api_key:ops: a drill"),
        ({"error": "Unavailable"}, "outbox", "Firestore does not answer"),
    ],
)
def test_failing_vital_sign_is_named(
    fake: FakeCoordinator, tmp_path: Path, vitals: Mapping[str, Any], row: str, says: str
) -> None:
    found = rows(fake, vitals, tmp_path)[row]
    assert found.state is State.FAILED
    assert says in found.details
    assert found.next


def test_old_heartbeat_is_not_another_revision(fake: FakeCoordinator, tmp_path: Path) -> None:
    old = beat(worker={**GOOD["heartbeats"]["worker"], "code_version": "0", "age_seconds": 9000})
    assert rows(fake, old, tmp_path)["revisions that ran"].state is State.OK


def test_coordinator_without_vitals_is_reported_as_older(fake: FakeCoordinator, tmp_path: Path) -> None:
    assert rows(fake, None, tmp_path)["sweep"].state is State.MISSING
