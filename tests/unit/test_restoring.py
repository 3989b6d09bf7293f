"""Restores, rehearsed from the seat as docs/operations.md has them: the tables of yesterday, or a Firestore that is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regen.adapters.bigquery.looking import Looked
from regen.client import reader
from regen.domain.batch import Status
from regen.domain.invariants import INVARIANTS, RECORDS
from regen.schemas import tables
from support.league import DAY, players
from support.restoring import lose_firestore, restore_tables, rows_now, snapshot_of_tables
from support.seat import Seat, SeatReader, seated

DATE = DAY.isoformat()
ORDER = ("--reason", "restored", "--yes", "--wait")


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    """A slate of six players with a promoted batch."""
    with seated(tmp_path, players(6)) as made:
        monkeypatch.setattr(reader, "Reader", lambda *_: SeatReader(made))
        ledger = made.bench.deps.books
        monkeypatch.setattr(
            "regen.adapters.bigquery.looking.looked", lambda *asked: Looked(*ledger.looked(*asked[2:]), [])
        )
        made.promoted()
        made.bench.clock.advance(3600)
        yield made


def lost_by(seat: Seat) -> list[str]:
    """What `regen verify` names; its exit code agrees."""
    told = seat("verify", DATE, "--json")
    assert told.stdout, told.output
    answer = json.loads(told.stdout)
    assert answer["records"]["name"] == RECORDS
    assert told.exit_code == (0 if answer["holds"] else 1), told.output
    return [line.split(" ", 2)[1].strip(":") for line in answer["records"]["examples"]]


def better(seat: Seat, count: int = 6) -> None:
    """Other inputs, so that another generation has other values."""
    seat.bench.slate(players(count + 1)[1:])


def test_verify_names_a_promotion_that_restored_tables_lost(seat: Seat) -> None:
    saved = snapshot_of_tables(seat.bench)
    assert lost_by(seat) == []
    late = seat.promoted()
    restore_tables(seat.bench, saved)
    assert lost_by(seat) == [late.batch_id]
    told = seat("verify", DATE).stdout
    assert f"{late.batch_id}: round 1 is promoted in its record, and not in the audit" in told
    seat.bench.deps.ledger.findings = []  # type: ignore[union-attr]
    seat.web.post("/checks", {"from": DATE, "to": DATE})
    kinds = [item.payload["type"] for item in seat.web.outbox() if item.kind == "alert"]
    assert kinds == ["audit_disagreement"], "the daily check alerts to it"


def test_a_lost_promotion_is_promoted_again_from_its_record(seat: Seat) -> None:
    saved = snapshot_of_tables(seat.bench)
    before = rows_now(seat.bench)
    better(seat)
    late = seat.promoted()
    after, stale, counts = rows_now(seat.bench), seat.bench.warehouse.fence(DAY), seat.bench.batch(late.batch_id).counts
    assert before != after
    restore_tables(seat.bench, saved)
    assert rows_now(seat.bench) == before
    seat.bench.slate([])  # the inputs of then are not asked for
    done = seat("promote", late.batch_id, *ORDER)
    assert done.exit_code == 0, done.output
    assert rows_now(seat.bench) == after, "what was current before the restore is current again, with its values"
    assert lost_by(seat) == []
    fence = seat.bench.warehouse.fence(DAY)
    assert fence
    assert stale
    assert fence.token == stale.token + 1, "one step above what the lease had: no war of tokens"
    batch = seat.bench.batch(late.batch_id)
    assert (batch.promoted_rounds, batch.counts) == ((2,), counts)
    again = seat("rollback", late.batch_id, "--yes", "--wait")
    assert again.exit_code == 0, again.output
    assert rows_now(seat.bench) == before


def test_lost_promotions_are_promoted_again_oldest_first(seat: Seat) -> None:
    saved = snapshot_of_tables(seat.bench)
    better(seat)
    whole = seat.promoted()
    seat.bench.clock.advance(60)
    done = seat("regenerate", DATE, "--reason", "one", "--players", "playerb", "--wait", "--json")
    part = json.loads(done.stdout)["batch_id"]
    after = rows_now(seat.bench)
    restore_tables(seat.bench, saved)
    assert lost_by(seat) == [whole.batch_id, part]
    for name in lost_by(seat):
        told = seat("promote", name, *ORDER)
        assert told.exit_code == 0, told.output
    assert rows_now(seat.bench) == after
    assert seat.bench.makers()["playerb"] == {part}
    assert lost_by(seat) == []
    late = seat("promote", whole.batch_id, *ORDER)
    assert late.exit_code == 3, "it is there, and a later one stands on it"


def test_a_new_generation_mends_what_restored_tables_lost(seat: Seat) -> None:
    saved = snapshot_of_tables(seat.bench)
    seat.promoted()
    restore_tables(seat.bench, saved)
    part = seat("regenerate", DATE, "--players", "playerb", "--wait")
    assert part.exit_code == 0, part.output
    assert len(lost_by(seat)) == 1, "one player is not the date"
    assert seat("regenerate", DATE, "--wait").exit_code == 0
    assert lost_by(seat) == []


def test_a_lost_rollback_is_carried_out_again(seat: Seat) -> None:
    before = rows_now(seat.bench)
    better(seat)
    late = seat.promoted()
    saved = snapshot_of_tables(seat.bench)
    assert seat("rollback", late.batch_id, "--yes", "--wait").exit_code == 0
    assert seat("rollback", late.batch_id, "--yes", "--wait").exit_code == 3, "it is undone already"
    restore_tables(seat.bench, saved)
    assert lost_by(seat) == [late.batch_id]
    done = seat("rollback", late.batch_id, "--yes", "--wait")
    assert done.exit_code == 0, done.output
    assert rows_now(seat.bench) == before
    assert lost_by(seat) == []


def test_what_is_promoted_is_not_promoted_again(seat: Seat) -> None:
    late = seat.promoted()
    before = rows_now(seat.bench), len(seat.bench.warehouse.audit())
    told = seat("promote", late.batch_id, *ORDER)
    assert told.exit_code == 3, told.output
    assert (rows_now(seat.bench), len(seat.bench.warehouse.audit())) == before


def _nothing(seat: Seat) -> None:
    pass


def _under_way(seat: Seat) -> None:
    """A batch whose workers are not done, and a message of it that comes after the loss."""
    seat.delivers = False
    seat.bench.regenerate("under-way")


@pytest.mark.parametrize("scene", [_nothing, _under_way])
def test_lost_firestore_loses_nothing_current(seat: Seat, scene: Callable[[Seat], None]) -> None:
    before = rows_now(seat.bench)
    for _ in range(3):
        seat.bench.clock.advance(60)
        seat.promoted()
    stale = seat.bench.warehouse.fence(DAY)
    assert stale
    scene(seat)
    late = [*seat.bench.queue.waiting]
    lose_firestore(seat.bench)
    seat.delivers = True
    seat.bench.queue.waiting.extend(late)  # Pub/Sub still holds them
    seat.bench.drain()
    report = seat.bench.sweep()
    assert (report.trouble, report.healed, rows_now(seat.bench)) == ([], [], before)
    assert lost_by(seat) == [], "the records that are gone are no disagreement"
    assert seat("status", "--date", DATE).exit_code == 4, "no record of the date is left"
    done = seat("regenerate", DATE, "--wait", "--json")
    assert done.exit_code == 0, done.output
    fence = seat.bench.warehouse.fence(DAY)
    assert fence
    assert fence.token == stale.token + 1, "lifted above the fence in one step"
    made = json.loads(done.stdout)["batch_id"]
    assert seat.bench.batch(made).status is Status.PROMOTED
    assert set.union(*seat.bench.makers().values()) == {made}


def test_verify_says_that_no_coordinator_was_asked(seat: Seat) -> None:
    told = seat("verify", DATE, env={"COORDINATOR_URL": "", "API_KEY": ""})
    assert (told.exit_code, "were not compared" in told.stdout) == (0, True)
    gone = seat("verify", DATE, env={"COORDINATOR_URL": "http://127.0.0.1:1"})
    assert (gone.exit_code, "were not compared" in gone.stdout) == (5, True)


def test_the_records_alone_are_no_look_at_coverage(seat: Seat) -> None:
    answer = seat.web.post("/checks", {"from": DATE, "to": DATE, "records": True})
    assert [row["name"] for row in (answer.json or {})["findings"]] == [RECORDS]
    both = seat.web.post("/checks", {"days": 1, "records": True, "fill": True})
    assert (both.status_code, (both.json or {})["field"]) == (400, "records")
    assert RECORDS not in INVARIANTS


def test_the_runbook_restores_every_table_that_is_copied() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    (named,) = re.findall(r'^ +TABLES="([^"]+)"', text, re.MULTILINE)
    assert named.split() == sorted(f"{t.dataset}.{t.name}" for t in tables() if t.made_again is None)
