"""A: superseding and replacing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incidents.scenes import (
    SYSTEMS,
    Http,
    Interrupted,
    current_at,
    current_rows,
    seeded,
    superseded_rows,
    with_warehouse,
)
from regen.domain.batch import Kind, Status
from regen.domain.errors import Conflict, NoSuchBatch, Unavailable
from regen.ports import Message
from regen.services.batch import orders
from regen.services.batch.dispatching import dispatch
from regen.services.healing import sweeping
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.paths import batch_path, requests_path
from regen.services.views import batch_view
from regen.sql.render import source
from support.bench import Bench, Mailbox
from support.league import DAY, TIP_OFF, entry, names, players
from support.league import SYSTEMS as LEAGUE_SYSTEMS
from support.lists import list_batches


def _all_fail(bench: Bench) -> None:
    bench.slate([entry(n, broken=True) for n in names(8)])
    bench.run()


def _half_time_out(bench: Bench) -> None:
    bench.regenerate()
    bench.step(events=False)
    bench.queue.waiting.clear()
    bench.clock.advance(1801)
    bench.sweep()


def _warehouse_down(bench: Bench) -> None:
    def down() -> None:
        raise Conflict("the tables are busy")

    warehouse = Interrupted(bench.clock.now)
    with_warehouse(bench, warehouse)
    seeded(bench)
    warehouse.promote = lambda promotion: down()  # type: ignore[assignment, method-assign, return-value]
    bench.regenerate()
    with pytest.raises(Unavailable):
        bench.drain()


def _operator_cancels(bench: Bench) -> None:
    answer = bench.regenerate()
    bench.step(events=False)
    orders.cancel(bench.deps, bench.order(answer))
    bench.drain()


@pytest.mark.parametrize("goes_wrong", [_all_fail, _half_time_out, _warehouse_down, _operator_cancels])
def test_i01_superseding_and_replacing_are_one_step(goes_wrong: Callable[[Bench], None]) -> None:
    """A row is superseded only in the step that makes its replacement current; whatever goes wrong, it stays.

    Prevented in: src/regen/services/batch/verifying.py, src/regen/sql/promote.sql
    Turns red when: `_carry` goes on to promote_round although the verdict names failed checks.
    """
    bench = Bench()
    before = seeded(bench)
    goes_wrong(bench)
    assert bench.warehouse.predictions(DAY) == before


def test_i01_players_keep_a_current_row_at_every_step() -> None:
    """While a date is made again, message by message, each player and system has a current row.

    Prevented in: src/regen/services/batch/verifying.py, src/regen/adapters/memory/promoting.py
    Turns red when: the promotion supersedes without inserting the staged rows.
    """
    bench = Bench()
    seeded(bench)
    answer = bench.regenerate()
    wanted = {(player, system) for player in names(8) for system in SYSTEMS}
    while bench.queue.waiting or bench.events:
        bench.step()
        assert {(player, system) for player, system, _ in bench.current()} == wanted
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(superseded_rows(bench)) == 16


class _RecordsFirst(Mailbox):
    """A queue that refuses a request whose batch and record are not stored."""

    bench: Bench
    seen = 0

    def publish(self, topic: str, messages: Any) -> None:
        for message in messages:
            if topic == REQUEST_TOPIC:
                self._look(message)
        super().publish(topic, messages)

    def _look(self, message: Message) -> None:
        batch_id = message.data["batch_id"]
        batch = self.bench.store.get(batch_path(batch_id))
        assert batch is not None, "published for a batch that is not stored"
        assert batch.data["status"] != "created", "published while its requests are being written"
        assert len(self.bench.store.find(requests_path(batch_id))) >= batch.data["request_count"]
        self.seen += 1


def test_i02_a_batch_is_stored_before_its_first_message() -> None:
    """Daily runs, regenerations, follow-ups and redrives share one path: the record first, then the messages.

    Prevented in: src/regen/services/batch/opening.py
    Turns red when: `open_batch` calls dispatch before write_requests.
    """
    bench = Bench(players(10))
    bench.queue = _RecordsFirst()
    bench.queue.bench = bench
    bench.deps = type(bench.deps)(
        bench.store, bench.queue, bench.warehouse, bench.clock, bench.deps.ids, bench.deps.config
    )
    bench.run("daily", kind=Kind.DAILY, reason="daily")
    bench.regenerate("again")
    bench.regenerate("coalesced")
    bench.drain()
    bench.sweep()
    bench.slate([*players(8), *(entry(n, broken=True) for n in names(10)[8:])])
    short = bench.run("short")
    bench.slate(players(10))
    orders.redrive(bench.deps, bench.order(short))
    bench.drain()
    kinds = [b.status for b in list_batches(bench.deps, None, None)]
    assert kinds == ["promoted"] * 4
    assert bench.queue.seen == 4 * 3 + 1
    with pytest.raises(NoSuchBatch):
        dispatch(bench.deps, "regen_2026-01-20_x_unknown")


def test_i03_superseded_rows_never_change_again() -> None:
    """Content, id and timestamps of a superseded row stay for ever; a new prediction is a new row, rollback included.

    Prevented in: src/regen/sql/promote.sql, src/regen/sql/rollback.sql, src/regen/adapters/memory/promoting.py
    Turns red when: the UPDATE of promote.sql loses its condition on `old.superseded`.
    """
    bench = Bench()
    seeded(bench)
    known: dict[str, Any] = {}
    for number in range(3):
        bench.slate([entry(n, form=20.0 + number, lines=(11.5,)) for n in names(8)])
        last = bench.run(f"t{number}")
        now = superseded_rows(bench)
        assert {name: now[name] for name in known} == known
        known = now
    orders.rollback(bench.deps, bench.order(last))
    bench.drain()
    now = superseded_rows(bench)
    assert {name: now[name] for name in known} == known
    ids = [row["prediction_id"] for row in bench.warehouse.predictions(DAY)]
    assert len(ids) == len(set(ids)) == 16 * 5
    for statement in ("promote", "rollback"):
        update = source(statement).partition("UPDATE {player_prop_predictions} AS old")[2].partition(";")[0]
        condition = update.rpartition("WHERE old.game_date = @game_date")[2]
        assert "AND (old.superseded IS NULL OR old.superseded = FALSE)" in condition


CURRENT = "superseded IS NULL OR superseded = FALSE"


def test_i04_current_has_one_definition() -> None:
    """What is current follows from `superseded` alone: rows left superseded and active do not count as there.

    Prevented in: src/regen/sql/current_predictions.sql, src/regen/adapters/memory/promoting.py
    Turns red when: current_predictions.sql asks for `is_active` in place of `superseded`.
    """
    bench = Bench()
    half_done = [{**row, "superseded": True, "is_active": True} for row in seeded(bench)]
    bench = Bench()
    bench.warehouse.seed_predictions(half_done)
    assert bench.current() == set(), "the predecessor's gate saw these and skipped every player"
    batch = bench.run()
    assert (batch.counts.produced, batch.counts.superseded) == (8, 0)
    assert all(row["is_active"] is (row.get("superseded") is not True) for row in current_rows(bench))
    readers = ["current_predictions", "current_predictions_view", "prediction_coverage_view", "promote", "rollback"]
    for name in [*readers, "grade", "predictions_at_function"]:
        text = source(name).replace("old.", "").replace("p.superseded", "superseded")
        assert CURRENT in text, name
        assert "is_active = TRUE" not in text, name
        assert "WHERE is_active" not in text, name


def test_i05_a_filter_never_removes_the_only_current_prediction() -> None:
    """A prediction that is no bet is stored all the same (PASS); a player skipped by a gate keeps the current prediction.

    Prevented in: src/regen/domain/predict.py, src/regen/sql/promote.sql
    Turns red when: `_rows` leaves out predictions whose recommendation is PASS.
    """
    close = [entry(n, form=11.5, lines=(11.5,)) for n in names(9)]
    bench = Bench([*close, entry("playerj", quality=10.0)])
    seeded(bench, 10)
    batch = bench.run()
    assert batch.status is Status.PROMOTED
    assert (batch.counts.kept, batch.counts.withdrawn) == (1, 0)
    rows = current_rows(bench)
    assert {(row["player_lookup"], row["system_id"]) for row in rows} == {
        (player, system) for player in names(10) for system in SYSTEMS
    }
    steady = [row for row in rows if row["system_id"] == "steady" and row.get("batch_id")]
    assert {(row["recommendation"], row["is_actionable"]) for row in steady} == {("PASS", False)}


@pytest.mark.parametrize(
    ("slate", "body", "status"),
    [
        ([], b'{"game_date": "2026-01-20"}', 404),
        ([entry("gone", status="OUT")], b'{"game_date": "2026-01-20"}', 404),
        (players(), b'{"game_date": "2026-02-30"}', 400),
        (players(), b'{"game_date": "2026-01-20", "players": []}', 400),
        (players(), b'{"game_date": "2026-01-20", "players": ["nobody"]}', 404),
    ],
    ids=["no slate", "all out", "no such date", "no players asked for", "unknown player"],
)
def test_i06_zero_work_is_never_success(slate: list[Any], body: bytes, status: int) -> None:
    """Date, slate and players are checked before any write; without a player to predict the answer is an error.

    Prevented in: src/regen/services/batch/opening.py, src/regen/web/bodies.py
    Turns red when: `_take_date` opens a batch although no player is requested.
    """
    bench = Bench(slate)
    before = seeded(bench)
    reply = Http(bench.deps).key("POST", "/regenerate-with-supersede", body)
    assert reply.status == status
    assert (bench.store.writes, list(bench.queue.waiting)) == (0, [])
    assert bench.warehouse.predictions(DAY) == before


def test_i07_only_what_has_a_replacement_is_superseded() -> None:
    """A batch that covers fewer players, systems or lines than the date has leaves the others current.

    Prevented in: src/regen/sql/promote.sql, src/regen/adapters/memory/promoting.py
    Turns red when: the promotion supersedes every current row of the date, or of a player whatever the system.
    """
    bench = Bench([*players(8), entry("seldom", minutes=4.0, lines=())])
    bench.warehouse.seed_predictions([{**row, "player_lookup": "seldom", "prediction_id": f"s{n}"}
                                      for n, row in enumerate(seeded(bench)[:2])])  # fmt: skip
    bench.warehouse.seed_predictions([{**seeded(Bench())[0], "system_id": "retired_v1", "prediction_id": "r"}])
    assert bench.run().status is Status.PROMOTED
    rows = {row["prediction_id"]: row for row in bench.warehouse.predictions(DAY)}
    gone = superseded_rows(bench)
    assert len(gone) == 16
    for row in gone.values():
        heir = rows[row["superseded_by_prediction_id"]]
        assert (heir["player_lookup"], heir["system_id"]) == (row["player_lookup"], row["system_id"])
        assert heir.get("superseded") is not True
    assert {rows[name].get("superseded") for name in ("s0", "s1", "r")} == {None}
    change, _, rest = " ".join(source("promote").split()).partition(") AS change")
    replaced = "old.system_id IN UNNEST(change.systems) OR old.system_id IN UNNEST(change.retired)"
    assert rest.partition(";")[0].endswith(f"AND ( change.reason IS NOT NULL OR {replaced} )")
    assert "IF(ARRAY_LENGTH(IFNULL(staged.systems, [])) > 0, SPLIT(@retired, ','), []) AS retired" in change


def test_i08_two_regenerations_of_a_date_do_not_interleave() -> None:
    """A promotion names its batch, round and token; one that was overtaken changes nothing any more.

    Prevented in: src/regen/services/batch/promoting.py, src/regen/services/state/leases.py, src/regen/sql/promote.sql
    Turns red when: taking a lease does not raise its token.
    """
    bench = Bench()
    warehouse = Interrupted(bench.clock.now)
    with_warehouse(bench, warehouse)
    first = bench.regenerate("t1")
    assert bench.regenerate("t2").status == "coalesced", "one live batch a date"

    def overtaken() -> None:
        bench.clock.advance(91)
        for _ in range(3):
            bench.sweep()

    warehouse.before_promotion = overtaken
    bench.drain()
    newest = list_batches(bench.deps, None, None)[0]
    assert newest.batch_id != first.batch_id
    assert {b.status for b in list_batches(bench.deps, None, None)} == {"promoted"}
    assert bench.makers() == {player: {newest.batch_id} for player in names(8)}
    fence = warehouse.fence(DAY)
    assert fence is not None
    assert fence.batch_id == newest.batch_id
    assert len(bench.audited("promoted")) == 2
    assert sweeping.sweep(bench.deps).trouble == []


def test_i10_each_count_is_measured_by_itself() -> None:
    """Each number is counted from what is there: players from outcomes, rows from the tables.

    Prevented in: src/regen/services/batch/verifying.py, src/regen/services/batch/promoting.py
    Turns red when: `_committed` reports requested players as rows inserted.
    """
    slate = [*players(19), entry("defect", broken=True), entry("late", injury="out"), entry("gone", status="OUT")]
    bench = Bench(slate)
    seeded(bench, 3)
    batch = bench.run()
    counts = batch_view.view_batch(bench.deps, batch.batch_id).counts
    rows = bench.warehouse.predictions(DAY)
    assert counts.requested == 21
    assert counts.produced == len({row["player_lookup"] for row in rows if row.get("batch_id")}) == 19
    assert (counts.skipped, counts.failed) == (1, 1)
    assert counts.inserted == sum(row.get("batch_id") == batch.batch_id for row in rows) == 19 * len(LEAGUE_SYSTEMS)
    assert counts.superseded == len(superseded_rows(bench)) == 6
    (audit,) = bench.audited("promoted")
    assert (audit.requested, audit.produced, audit.superseded_count, audit.regenerated_count) == (21, 19, 6, 38)


def test_i11_coverage_is_measured_against_the_slate() -> None:
    """Coverage is measured against the slate fixed at the opening, never against what was produced.

    Prevented in: src/regen/domain/outcome.py, src/regen/domain/checks/produced.py
    Turns red when: `Tally.coverage_pct` divides by the outcomes that are not failures.
    """
    slate = [*players(6), *(entry(f"missing{c}", broken=True) for c in "abcdefghijkl")]
    bench = Bench(slate)
    batch = bench.run()
    view = batch_view.view_batch(bench.deps, batch.batch_id)
    assert (view.status, view.coverage_pct) == ("rejected", 33.33)
    assert [o.player_lookup for o in view.outcomes] == [f"missing{c}" for c in "abcdefghijkl"]
    assert bench.current() == set()


def test_i12_rows_made_after_tip_off_are_retrospective() -> None:
    """A regeneration of a game that has begun is labelled retrospective; what was current at tip-off does not change.

    Prevented in: src/regen/domain/result_rows.py, src/regen/sql/predictions_at_function.sql
    Turns red when: `prediction_row` says `retrospective` False whatever the time.
    """
    bench = Bench()
    bench.run()
    live = current_at(bench, TIP_OFF)
    bench.clock.advance(timedelta(hours=20).total_seconds())
    bench.run("t2")
    assert {row["retrospective"] for row in current_rows(bench)} == {True}
    assert len(live) == 16
    assert current_at(bench, TIP_OFF) == live
    assert not live & {row["prediction_id"] for row in current_rows(bench)}
    assert "superseded_at > moment" in source("predictions_at_function")
