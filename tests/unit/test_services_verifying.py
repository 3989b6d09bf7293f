"""Check, then swap: what is promoted, what is rejected, and what is left as it was."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import Status
from regen.domain.errors import Conflict, InvalidInput, PromotionAborted
from regen.domain.promotion import Promotion, PromotionCounts
from regen.domain.scope import Scope
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import ending, orders, verifying
from regen.services.state.deps import ALERT_TOPIC, COMPLETE_TOPIC
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, entry, names, old_row, players


def test_promotion_replaces_links_and_audits_in_one_step() -> None:
    bench = Bench(players(5))
    bench.warehouse.seed_predictions([old_row(p, s, 11.5) for p in names(5) for s in ("steady", "bold")])
    batch = bench.run()
    assert batch.status is Status.PROMOTED
    assert (batch.counts.superseded, batch.counts.inserted) == (10, 10)
    rows = {r["prediction_id"]: r for r in bench.warehouse.predictions(DAY)}
    old = [r for r in rows.values() if r.get("superseded")]
    assert len(old) == 10
    for row in old:
        new = rows[row["superseded_by_prediction_id"]]
        assert (new["player_lookup"], new["system_id"]) == (row["player_lookup"], row["system_id"])
        assert new["supersedes_prediction_id"] == row["prediction_id"]
        assert not row["is_active"]
    (entry_,) = bench.audited("promoted")
    assert (entry_.superseded_count, entry_.regenerated_count, entry_.batch_id) == (10, 10, batch.batch_id)
    assert bench.warehouse.staging_tables() == []


def test_promotion_publishes_its_event_once() -> None:
    bench = Bench()
    batch = bench.run()
    bench.sweep()
    (message,) = [m for t, m in bench.queue.published if t == COMPLETE_TOPIC]
    assert message.data["batch_id"] == batch.batch_id
    assert message.attributes["event_id"]
    assert bench.store.find("outbox") == []
    assert not bench.queue.of(ALERT_TOPIC)
    assert [e.event.value for e in (r.entry for r in bench.warehouse.audit())] == ["promoted", "requested"]


def test_batch_with_failures_only_is_rejected() -> None:
    bench = Bench([entry(n, broken=True) for n in names(6)])
    bench.warehouse.seed_predictions([old_row(p, s, 11.5) for p in names(6) for s in ("steady", "bold")])
    before = bench.warehouse.predictions(DAY)
    batch = bench.run()
    assert batch.status is Status.REJECTED
    assert batch.verdict is not None
    assert batch.verdict["failed"] == ["coverage", "minimum_produced"]
    assert bench.warehouse.predictions(DAY) == before
    (audit,) = bench.audited("rejected")
    assert (audit.produced, audit.failed, audit.coverage_pct) == (0, 6, 0.0)
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)] == ["batch_rejected"]
    assert len(bench.warehouse.runs()) == 6
    assert bench.store.get(f"game_dates/{DAY}").data["live"] is None  # type: ignore[union-attr]


def test_coverage_of_eighty_percent_is_rejected() -> None:
    bench = Bench([*players(8), entry("defect", broken=True), entry("murky", quality=1.0)])
    batch = bench.run()
    assert batch.status is Status.REJECTED
    assert batch.verdict is not None
    coverage = batch.verdict["checks"][0]
    assert (coverage["name"], coverage["value"], coverage["limit"]) == ("coverage", 80.0, 90.0)
    assert coverage["concerns"] == ["defect:system_error", "murky:low_quality"]
    assert bench.current() == set()


def test_players_ruled_out_late_do_not_count_as_missing() -> None:
    bench = Bench([*players(4), entry("ruledout", injury="out"), entry("rookie", games=0)])
    bench.warehouse.seed_predictions([old_row("ruledout", "steady", 11.5), old_row("rookie", "steady", 11.5)])
    batch = bench.run()
    assert batch.status is Status.PROMOTED
    assert (batch.counts.withdrawn, batch.counts.kept) == (1, 1)
    kept = {player for player, _, _ in bench.current()}
    assert kept == {*names(4), "rookie"}
    assert batch_view.view_batch(bench.deps, batch.batch_id).coverage_pct == 100.0


def test_full_batch_withdraws_a_player_off_the_slate() -> None:
    bench = Bench(players(4))
    bench.warehouse.seed_predictions([old_row("traded", "steady", 11.5)])
    batch = bench.run()
    assert batch.counts.withdrawn == 1
    (row,) = [r for r in bench.warehouse.predictions(DAY) if r["player_lookup"] == "traded"]
    assert (row["superseded_reason"], row["superseded_by_prediction_id"]) == ("not_on_slate", None)


def test_a_filtered_batch_touches_its_filter_only() -> None:
    bench = Bench(players(6))
    first = bench.run()
    scope = Scope(players=("playera", "playerb"), systems=("steady",))
    second = bench.run("t2", scope=scope)
    assert second.status is Status.PROMOTED
    assert (second.counts.superseded, second.counts.inserted) == (2, 2)
    makers = bench.makers()
    assert makers["playera"] == {first.batch_id, second.batch_id}
    assert makers["playerc"] == {first.batch_id}
    assert len(bench.current()) == 12


def test_failed_player_keeps_the_current_predictions() -> None:
    bench = Bench(players(10))
    first = bench.run()
    bench.slate([*players(9), entry("playerj", broken=True)])
    second = bench.run("t2")
    assert (second.status, second.counts.kept) == (Status.PROMOTED, 1)
    assert bench.makers()["playerj"] == {first.batch_id}
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)] == ["batch_partial"]


def test_shifted_mean_is_rejected() -> None:
    bench = Bench(players(5))
    bench.run()
    bench.slate([entry(n, form=45.0, lines=(11.5,)) for n in names(5)])
    second = bench.run("t2")
    assert second.verdict is not None
    assert second.verdict["failed"] == ["mean_shift"]


def test_redelivered_verification_does_not_repeat_the_work() -> None:
    bench = Bench()
    batch = bench.run()
    rows, audit = bench.warehouse.predictions(DAY), bench.warehouse.audit()
    assert verifying.verify(bench.deps, batch.batch_id, 1) == "not_due"
    assert verifying.verify(bench.deps, batch.batch_id, 7) == "not_due"
    assert verifying.verify(bench.deps, "nosuch", 1) == "unknown"
    assert bench.warehouse.predictions(DAY) == rows
    assert bench.warehouse.audit() == audit


@pytest.mark.parametrize(
    "since", [{}, {"counts": {"added": 1}, "slate": {"added": [1]}}], ids=["alone", "a newer version"]
)
def test_retried_end_still_records_its_runs(since: dict[str, Any]) -> None:
    """Answered as a conflict although it was done: the staged runs were dropped before they were recorded.

    A newer version may have added fields to the record in between, at any level (seed 9232).
    """
    bench = Bench(players(8, quality=20.0))
    commit = bench.store.commit

    def sent_twice(writes: Sequence[Write]) -> None:
        commit(writes)
        ended = [w for w in writes if w.data.get("status") == "rejected" and w.path.startswith("prediction_batches/")]
        for write in ended:
            bench.store.commit = commit  # type: ignore[method-assign]
            commit([Write("update", write.path, {k: {**write.data[k], **v} for k, v in since.items()})])
        if ended:
            raise Conflict("it was done, sent again, and is done already")

    bench.store.commit = sent_twice  # type: ignore[method-assign]
    batch = bench.run()
    bench.sweep()
    assert batch.status is Status.REJECTED
    assert {row["player_lookup"] for row in bench.warehouse.runs()} == set(names(8))


def test_batch_without_faults_needs_no_sweep() -> None:
    bench = Bench()
    for n in range(3):
        assert bench.run(f"t{n}").status is Status.PROMOTED


def test_prediction_rows_name_their_origin() -> None:
    bench = Bench(players(4))
    batch = bench.run()
    for row in bench.warehouse.predictions(DAY):
        assert row["batch_id"] == batch.batch_id
        assert (row["code_version"], row["model_version"], row["round"]) == ("test", "1", 1)
        assert len(row["inputs_hash"]) == 32
        assert row["retrospective"] is False


def test_ended_batch_wakes_each_backfill_it_carries() -> None:
    """A follow-up carries what several backfills asked for; a trigger from outside that looks like none wakes none."""
    bench = Bench(players(4))
    carried = (
        "backfill_b/2026-01-20/2",
        "t1",
        "backfill_a/2026-01-20/1",
        "backfill_c/../1",
        "backfill_d/2026-01-20/1/x",
    )
    batch = replace(bench.run(), trigger_ids=carried, backfill_id="backfill_a")
    data = [
        item.payload["data"]
        for item in ending._items(batch, "promoted", batch.updated_at, "c")
        if item.kind == "message"
    ]
    assert [d["backfill_id"] for d in data if d.get("mode") == "advance_backfill"] == ["backfill_a", "backfill_b"]


@pytest.mark.parametrize("hours", [-1, 13])
def test_rows_made_after_tip_off_are_retrospective(hours: int) -> None:
    bench = Bench(players(4))
    bench.clock.advance(hours * 3600)
    bench.run()
    assert {r["retrospective"] for r in bench.warehouse.predictions(DAY)} == {hours > 12}


class _Refusing(MemoryWarehouse):
    def promote(self, promotion: Promotion) -> PromotionCounts:
        raise InvalidInput("query", "another one: no such column")


def test_refused_transaction_ends_the_batch_without_changes() -> None:
    bench = Bench(players(4))
    refusing = _Refusing(bench.clock.now)
    refusing.__dict__.update(bench.warehouse.__dict__)
    bench.deps = replace(bench.deps, warehouse=refusing)
    batch = bench.run()
    assert batch.status is Status.REJECTED
    assert "refused" in (batch.error or "")
    assert bench.current() == set()
    bench.deps = replace(bench.deps, warehouse=bench.warehouse)
    orders.promote(bench.deps, bench.order(batch), [])
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED


class _Died(BaseException):
    """The process is dead."""


class _Overtaken(MemoryWarehouse):
    """Its first owner stands still for longer than his lease, and is told that he failed; the second dies."""

    meanwhile: Callable[[], object] | None = None
    calls = 0
    dies_committed = True

    def promote(self, promotion: Promotion) -> PromotionCounts:
        self.calls += 1
        if self.calls == 1 and self.meanwhile:
            self.meanwhile()
            raise PromotionAborted("an assertion failed")
        if self.calls == 2 and not self.dies_committed:
            raise _Died
        counts = super().promote(promotion)
        if self.calls == 2:
            raise _Died
        return counts


@pytest.mark.parametrize(("committed", "status"), [(True, Status.PROMOTED), (False, Status.PROMOTING)])
def test_overtaken_owner_does_not_reject_the_batch(committed: bool, status: Status) -> None:  # noqa: FBT001
    """He ends it only as promoted, where he reads that the later owner's transaction was committed."""
    bench = Bench(players(4))
    overtaken = _Overtaken(bench.clock.now)
    overtaken.__dict__.update(bench.warehouse.__dict__)
    bench.deps = replace(bench.deps, warehouse=overtaken)

    def taken_over() -> None:
        bench.clock.advance(200)
        with pytest.raises(_Died):
            bench.sweep()

    overtaken.meanwhile, overtaken.dies_committed = taken_over, committed
    batch = bench.run()
    assert batch.status is status
    bench.clock.advance(200)
    bench.sweep()
    assert bench.batch(batch.batch_id).status is Status.PROMOTED
    assert [row.entry.regenerated_count for row in overtaken.audit() if row.entry.event.value == "promoted"] == [8]
