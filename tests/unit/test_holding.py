"""`regenerate --hold`: a batch that passed its checks waits, and moves nothing until an operator promotes it."""

from __future__ import annotations

import pytest

from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.alerts import RUNBOOK
from regen.domain.backfill import SHORT, DateStatus
from regen.domain.batch import ENDED, Batch, Status
from regen.domain.errors import Gone, InvalidInput, Refused, Unreadable
from regen.domain.scope import Scope
from regen.domain.trigger import MAX_COALESCED, bounded, merge
from regen.domain.values import replace
from regen.ports import Write
from regen.services.backfill.settling import ENDS
from regen.services.batch import orders
from regen.services.batch.dates import read_date
from regen.services.healing import sweeping
from regen.services.state import decoding
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC, VERIFY_TOPIC
from regen.services.views.moves_view import view_moves
from support.bench import Bench
from support.league import DAY, entry, names, players
from support.seat import Seat

FRESH = [entry(n, form=15.0 + i, lines=(11.5 + i, 14.5 + i)) for i, n in enumerate(names(10))]
FIRST = names(10)[0]


@pytest.fixture
def bench() -> Bench:
    """A date with first predictions, and better data."""
    bench = Bench(players(10))
    bench.run("first")
    bench.slate(FRESH)
    return bench


def _held(bench: Bench, name: str = "held") -> Batch:
    batch = bench.run(name, hold=True)
    assert batch.status is Status.HELD, batch.error
    return batch


def test_a_held_batch_moves_no_prediction(bench: Bench) -> None:
    before = bench.current()
    batch = _held(bench)
    assert bench.current() == before
    assert (batch.counts.produced, batch.counts.kept, batch.promoted_rounds) == (10, 10, ())
    assert batch.error is None
    assert bench.run("next").status is Status.PROMOTED, "the date is released"


def test_an_order_to_promote_makes_a_held_batch_current(bench: Bench) -> None:
    batch = _held(bench)
    orders.promote(bench.deps, bench.order(batch, "looked at"), None)
    bench.drain()
    after = bench.batch(batch.batch_id)
    assert (after.status, after.round, after.counts.superseded) == (Status.PROMOTED, 2, 20)
    assert {name for made in bench.makers().values() for name in made} == {batch.batch_id}
    (audit,) = bench.audited("promote_requested")
    assert audit.metadata["order_reason"] == "looked at"


def test_a_held_batch_is_refused_after_a_later_promotion(bench: Bench) -> None:
    batch = _held(bench)
    later = bench.run("later")
    with pytest.raises(Refused) as refused:
        orders.promote(bench.deps, bench.order(batch), None)
    assert refused.value.batch_id == later.batch_id


def test_a_held_batch_cannot_be_promoted_once_expired(bench: Bench) -> None:
    batch = _held(bench)
    bench.clock.advance((batch.expires_at - bench.clock.now()).total_seconds())
    with pytest.raises(Gone):
        orders.promote(bench.deps, bench.order(batch), None)


def test_a_held_batch_is_checked_anew_when_promoted(bench: Bench) -> None:
    batch = _held(bench)
    (request, *_) = bench.store.find(f"prediction_batches/{batch.batch_id}/requests")
    bench.store.commit([Write("delete", request.path)])
    orders.promote(bench.deps, bench.order(batch), None)
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.REJECTED


def test_a_batch_that_fails_its_checks_is_not_held(bench: Bench) -> None:
    bench.slate([entry(f"broken{n}", broken=True) for n in "abcdefgh"] + FRESH[:2])
    assert bench.run("bad", hold=True).status is Status.REJECTED


def test_a_redrive_of_a_held_batch_is_held_again(bench: Bench) -> None:
    flawed = [entry(FIRST, broken=True), *FRESH[1:]]
    bench.slate(flawed)
    batch = _held(bench)
    bench.slate(FRESH)
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    again = bench.batch(batch.batch_id)
    assert (again.status, again.round, again.counts.produced) == (Status.HELD, 2, 10)


def test_a_rejected_batch_still_needs_its_checks_named() -> None:
    bench = Bench([*players(4), *(entry(f"broken{n}", broken=True) for n in "abcdef")])
    batch = bench.run()
    with pytest.raises(InvalidInput, match="checks"):
        orders.promote(bench.deps, bench.order(batch), None)


def test_one_trigger_that_asks_to_hold_holds_the_follow_up(bench: Bench) -> None:
    bench.regenerate("live")
    bench.regenerate("careful", hold=True)
    bench.regenerate("careless")
    bench.drain()
    bench.clock.advance(1)
    bench.sweep()
    bench.drain()
    (event,) = [e for e in bench.audited("requested") if e.trigger_id == "careful"]
    follow_up = bench.batch(str(event.batch_id))
    assert (follow_up.status, "careless" in follow_up.trigger_ids) == (Status.HELD, True)


def test_a_wish_to_hold_outlives_a_crowd_of_triggers(bench: Bench) -> None:
    crowd = [bench.trigger(f"t{n}", hold=n == 0, scope=Scope(players=("a",))) for n in range(MAX_COALESCED + 9)]
    assert merge(bounded(crowd)).hold


def test_a_held_batch_is_told_to_people_and_programs(bench: Bench) -> None:
    batch = _held(bench)
    bench.sweep()
    (alert,) = [a for a in bench.queue.of(ALERT_TOPIC) if a["batch_id"] == batch.batch_id]
    assert (alert["type"], alert["severity"]) == ("batch_held", "WARNING")
    assert (alert["look"], alert["runbook"]) == (f"regen diff {batch.batch_id}", f"{RUNBOOK}#batch_held")
    assert f"{batch.expires_at:%Y-%m-%d %H:%M}" in alert["why"]
    ended = [m for m in bench.queue.of(COMPLETE_TOPIC) if m["batch_id"] == batch.batch_id]
    assert [m["status"] for m in ended] == ["held"]
    (audit,) = bench.audited("held")
    assert (audit.produced, audit.kept, audit.error) == (10, 10, None)
    runs = [r for r in bench.warehouse.runs() if r["batch_id"] == batch.batch_id]
    assert len(runs) == 10, "the worker runs of the round are on record"


def test_an_older_verifier_leaves_a_held_batch_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench.current()
    opened = bench.regenerate("careful", hold=True)
    bench.until(VERIFY_TOPIC)
    with monkeypatch.context() as older:
        older.setattr(decoding, "KNOWN", decoding.SCHEMA)
        with pytest.raises(Unreadable, match=r"prediction_batches.*: of schema 2; this version knows 1"):
            bench.drain()
        bench.clock.advance(120)
        assert sweeping.sweep(bench.deps).unreadable
        assert bench.current() == before
    bench.sweep()
    assert (bench.batch(opened.batch_id).status, bench.current()) == (Status.HELD, before)


def test_an_older_version_starts_no_follow_up_to_hold(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.regenerate("live")
    bench.regenerate("careful", hold=True)
    monkeypatch.setattr(decoding, "KNOWN", decoding.SCHEMA)
    with pytest.raises(Unreadable, match=f"game_dates/{DAY}: of schema 2"):
        read_date(bench.deps, DAY)


def test_what_asks_for_no_hold_stays_readable_to_older_ones(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    held = _held(bench)
    orders.promote(bench.deps, bench.order(held, "looked at"), None)
    monkeypatch.setattr(decoding, "KNOWN", decoding.SCHEMA)
    bench.drain()
    assert bench.batch(held.batch_id).status is Status.PROMOTED


def test_the_seat_holds_looks_and_promotes(seat: Seat) -> None:
    seat.bench.run("first")
    seat.bench.slate([entry(FIRST, form=15.0, lines=(11.5,)), *players(10)[1:]])
    held = seat("regenerate", DAY.isoformat(), "--hold", "--wait")
    assert held.exit_code == 0, held.output
    name = held.stderr.split("accepted: ")[1].split()[0]
    assert f"next: regen diff {name}" in held.stderr

    diff = seat("diff", name)
    assert diff.stdout.startswith("not promoted: this is what the promotion would change")
    row = next(line for line in diff.stdout.splitlines() if line.startswith(FIRST))
    assert row.endswith("form"), row
    dry = seat("promote", name, "--reason", "looked at", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "would promote" in dry.stdout
    assert "in spite of" not in dry.stdout
    assert row in dry.stdout


def test_every_end_of_a_batch_is_an_end_of_its_backfill_date() -> None:
    assert set(ENDS) == ENDED
    assert DateStatus.HELD in SHORT


def test_what_a_held_batch_would_move_is_what_it_moves(bench: Bench) -> None:
    batch = _held(bench)
    before = view_moves(bench.deps, batch.batch_id)
    orders.promote(bench.deps, bench.order(batch), None)
    bench.drain()
    after = view_moves(replace(bench.deps, ledger=MemoryLedger(bench.warehouse)), batch.batch_id)
    assert (before.status, after.status) == ("would_move", "moved")
    assert [(r.player_lookup, r.old_batch_id, r.changed_inputs) for r in after.rows] == [
        (r.player_lookup, r.old_batch_id, r.changed_inputs) for r in before.rows
    ]
    assert {r.changed_inputs for r in after.rows} == {("form", "lines")}


def test_expired_inputs_leave_the_changes_unknown(bench: Bench) -> None:
    batch = _held(bench)
    (first,) = {r.old_batch_id for r in view_moves(bench.deps, batch.batch_id).rows}
    bench.store.commit([Write("delete", f"prediction_batches/{first}")])
    assert {r.changed_inputs for r in view_moves(bench.deps, batch.batch_id).rows} == {None}


def test_a_held_batch_that_moves_nothing_says_so(seat: Seat) -> None:
    seat.bench.run("first")
    batch = seat.bench.run("again", hold=True)
    assert "nothing moved: the 20 replaced predictions" in seat("diff", batch.batch_id).stdout
