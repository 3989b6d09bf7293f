"""B: batches, completion and what stalls."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from incidents.scenes import (
    FailingStore,
    Http,
    Interrupted,
    current_rows,
    seeded,
    with_store,
    with_warehouse,
)
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import ENDED, Status
from regen.domain.errors import FenceLost, Unavailable
from regen.domain.promotion import FenceToken, StagedRow
from regen.ports import Message
from regen.services import commands, dead_letters, leases, processing, sweeping, verifying, viewing
from regen.services.dates import read_date
from regen.services.deps import ALERT_TOPIC, COMPLETE_TOPIC, REQUEST_TOPIC
from regen.services.opening import _take_date
from regen.services.records import request_path, requests_path, unpack_outcomes
from simulation.bench import Bench
from simulation.league import DAY, entry, names, players

HARD_NAMES = ("karl-anthonytowns", "p.j.washington", "d'angelorussell", "nikolajokić", "garypaytonii", "0`$__a")


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for v in value.values() for key in _keys(v)}
    return {key for v in value for key in _keys(v)} if isinstance(value, list) else set()


def test_i13_names_of_any_kind_complete_and_none_is_part_of_a_field_path() -> None:
    """Names with hyphen, dot, apostrophe, accents and suffix are values, never keys of a document or parts of its path.

    Prevented in: src/regen/services/processing.py, src/regen/services/records.py
    Turns red when: `done_write` keeps the outcomes in fields named after the players.
    """
    bench = Bench([entry(name) for name in HARD_NAMES])
    batch = bench.run()
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, len(HARD_NAMES))
    assert {player for player, _, _ in bench.current()} == set(HARD_NAMES)
    documents = bench.store._documents
    assert len(documents) > 4
    for path, document in documents.items():
        for text in {path, *_keys(document.data)}:
            assert not any(name in text for name in HARD_NAMES), text


def test_i14_an_outcome_is_acknowledged_only_when_it_is_stored() -> None:
    """A storage error of the worker is a 503, so that the message comes again; nothing is lost by it.

    Prevented in: src/regen/web/worker.py, src/regen/web/http.py
    Turns red when: the worker's route answers 204 to an Unavailable.
    """
    bench = Bench(players(4))
    store = with_store(bench, FailingStore())
    answer = bench.regenerate()
    ((message,)) = bench.queue.of(REQUEST_TOPIC)
    store.fails, store.times = lambda writes: any("outcomes" in w.data for w in writes), 2
    http = Http(bench.deps)
    body = json.dumps(message).encode()
    statuses = [http.push("worker", "/", body).status for _ in range(3)]
    assert statuses == [503, 503, 204]
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    assert viewing.view_batch(bench.deps, answer.batch_id)["counts"]["produced"] == 4


class _Lossy(MemoryWarehouse):
    """Loses one prediction of what it is given to stage; says so, or not."""

    honest = True

    def stage(self, staging: str, rows: Any) -> int:
        known: list[StagedRow] = list(rows)
        lost = next(row for row in known if row.kind == "prediction")
        written = super().stage(staging, [row for row in known if row is not lost])
        return written if self.honest else written + 1


@pytest.mark.parametrize(("honest", "error"), [(True, "rows_staged"), (False, "rows were staged")])
def test_i15_rows_written_are_compared_with_rows_produced_before_the_swap(honest: bool, error: str) -> None:  # noqa: FBT001
    """A lost row is found by the verification, and again inside the transaction; then nothing is changed.

    Prevented in: src/regen/domain/checks.py, src/regen/sql/promote.sql
    Turns red when: the check `rows_staged` always passes, or the transaction does not compare with `expected_rows`.
    """
    bench = Bench()
    warehouse = _Lossy(bench.clock.now)
    warehouse.honest = honest
    with_warehouse(bench, warehouse)
    before = seeded(bench)
    batch = bench.run()
    assert batch.status is Status.REJECTED
    assert error in str(batch.error)
    assert warehouse.predictions(DAY) == before


def test_i16_every_requested_player_ends_in_exactly_one_outcome() -> None:
    """Produced, skipped(reason) or failed(reason): nobody is left without, and nobody has two.

    Prevented in: src/regen/services/processing.py, src/regen/domain/predict.py
    Turns red when: `predict_request` drops the outcomes of skipped players.
    """
    odd: list[dict[str, Any]] = [
        {"injury": "out"}, {"games": 0}, {"quality": 10.0}, {"features": False}, {"broken": True}, {"form": None},
        {"form": float("nan")}, {"lines": ()},
    ]  # fmt: skip
    slate = [*players(6), *(entry(f"odd{n}", **what) for n, what in enumerate(odd))]
    bench = Bench(slate)
    answer = bench.regenerate()
    bench.drain()
    snapshots = bench.store.find(requests_path(answer.batch_id))
    outcomes = [o for s in snapshots for o in unpack_outcomes(s.data["outcomes"])]
    assert sorted(o.player_lookup for o in outcomes) == sorted(e.player_lookup for e in slate)
    reasons = {o.player_lookup: (o.kind.value, o.reason) for o in outcomes if o.player_lookup.startswith("odd")}
    assert reasons == {
        "odd0": ("skipped", "out"),
        "odd1": ("skipped", "no_history"),
        "odd2": ("skipped", "low_quality"),
        "odd3": ("failed", "no_features"),
        "odd4": ("failed", "system_error"),
        "odd5": ("skipped", "no_form"),
        "odd6": ("failed", "invalid_features"),
        "odd7": ("produced", None),
    }
    assert bench.batch(answer.batch_id).status in ENDED


def test_i17_a_batch_that_was_never_published_is_failed_by_itself() -> None:
    """`created` and `dispatching` differ; whose opener died in `created` fails, and its trigger is carried on.

    Prevented in: src/regen/services/sweeping.py
    Turns red when: the sweep has nothing to do for a batch in `created`.
    """
    bench = Bench()
    trigger = bench.trigger("t1", reason="late_data")
    lost = _take_date(bench.deps, trigger, read_date(bench.deps, DAY), bench.warehouse.read_slate(DAY), None).batch
    bench.clock.advance(91)
    bench.sweep()
    assert bench.batch(lost.batch_id).status is Status.FAILED
    assert bench.batch(lost.batch_id).error == "opening_lost"
    (newest,) = viewing.list_batches(bench.deps, None, "promoted")
    assert newest["trigger_ids"] == ["t1"]
    bench.sweep()
    assert "batch_healed" in [a["type"] for a in bench.queue.of(ALERT_TOPIC)]


@pytest.mark.parametrize("delivered", [0, 1, 2, 4])
def test_i18_past_its_deadline_every_batch_ends_however_incomplete(delivered: int) -> None:
    """Nothing stays open because too much is missing: the pending become failed(deadline), and somebody is told.

    Prevented in: src/regen/services/sweeping.py
    Turns red when: `_close` leaves a batch alone of which less than 95 % is done.
    """
    bench = Bench(players(20))
    answer = bench.regenerate()
    for _ in range(delivered):
        bench.step(events=False)
    bench.queue.waiting.clear()
    bench.clock.advance(1801)
    bench.sweep()
    bench.sweep()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    assert (batch.counts.produced, batch.counts.failed) == (4 * delivered, 20 - 4 * delivered)
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)].count("batch_rejected") == 1
    assert read_date(bench.deps, DAY).record.live is None


def test_i19_a_permanent_condition_is_acknowledged_at_once() -> None:
    """A player ruled out is an outcome and a 204, never an error that is delivered for ever.

    Prevented in: src/regen/domain/predict.py, src/regen/web/worker.py
    Turns red when: the gate for `out` raises in place of returning an outcome.
    """
    bench = Bench([*players(3), entry("ruledout", injury="out")])
    answer = bench.regenerate()
    ((message,)) = bench.queue.of(REQUEST_TOPIC)
    assert Http(bench.deps).push("worker", "/", json.dumps(message).encode()).status == 204
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.counts.produced, batch.counts.skipped) == (Status.PROMOTED, 3, 1)


POISON = [b"", b"{", b"\xff\x00", b"[]", b"null", b'"batch"', b'{"batch_id": 5}', b'{"batch_id": "a/b", "request_id": "c"}']


@pytest.mark.parametrize(
    ("service", "path"), [("worker", "/"), ("verifier", "/verify"), ("coordinator", "/regenerate-pubsub")]
)
def test_i20_a_poison_message_is_recorded_on_its_first_delivery(service: str, path: str) -> None:
    """Malformed messages are acknowledged, in the audit and alerted once; those behind them are not held up.

    Prevented in: src/regen/services/malformed.py, src/regen/web/worker.py, src/regen/web/verifier.py
    Turns red when: an entry point lets InvalidInput become a 400, which Pub/Sub delivers again for days.
    """
    bench = Bench()
    http = Http(bench.deps)
    answer = bench.regenerate()
    for number, data in enumerate(POISON):
        for _ in range(2):
            assert http.push(service, path, data, message_id=f"p{number}").status == 204
    bench.drain()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert {e.trigger_id for e in bench.audited("malformed")} == {f"p{n}" for n in range(len(POISON))}
    alerts = [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "message_malformed"]
    assert len(bench.audited("malformed")) == len(alerts) == len(POISON)


def test_i21_two_promotions_of_a_batch_at_once_give_the_result_of_one() -> None:
    """A second owner who promotes in the middle of the first changes nothing; the first finds what was committed.

    Prevented in: src/regen/services/promoting.py, src/regen/sql/promote.sql
    Turns red when: `_submit` lets FenceLost pass without reading what was committed, or the fence lets both through.
    """
    bench = Bench()
    warehouse = Interrupted(bench.clock.now)
    with_warehouse(bench, warehouse)
    seeded(bench)
    answer = bench.regenerate()
    said: list[str] = []

    def second_owner() -> None:
        assert verifying.verify(bench.deps, answer.batch_id, 1) == "busy"
        bench.clock.advance(91)
        said.append(verifying.verify(bench.deps, answer.batch_id, 1))

    warehouse.before_promotion = second_owner
    words = bench.drain()
    assert (said, "not_due" in words, "fenced" in words) == (["promoted"], True, False)
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(current_rows(bench)) == 16
    assert len(warehouse.predictions(DAY)) == 32
    assert len(bench.audited("promoted")) == 1
    with pytest.raises(FenceLost):
        warehouse.raise_fence(FenceToken(DAY, 1, answer.batch_id, 1))


def test_i22_only_the_owner_releases_a_lease() -> None:
    """Whose lease has run out can neither extend nor release it, and its token opens nothing any more.

    Prevented in: src/regen/services/leases.py, src/regen/sql/raise_fence.sql
    Turns red when: `release` does not compare owner and token.
    """
    bench = Bench()
    stale = leases.take(bench.deps, "promotion")
    bench.clock.advance(91)
    owner = leases.take(bench.deps, "promotion")
    assert owner.token > stale.token
    stale.release()
    assert not leases.is_free(bench.deps, "promotion")
    with pytest.raises(leases.LeaseLost):
        stale.renew()
    with pytest.raises(leases.LeaseBusy):
        leases.take(bench.deps, "promotion")
    bench.warehouse.raise_fence(FenceToken(DAY, owner.token, "b2", 1))
    with pytest.raises(FenceLost):
        bench.warehouse.raise_fence(FenceToken(DAY, stale.token, "b1", 1))
    owner.release()
    assert leases.is_free(bench.deps, "promotion")


def test_i23_a_message_delivered_again_at_any_time_changes_nothing() -> None:
    """Each message is delivered three times when it comes and once more at the end: rows, records, audit are the same.

    Prevented in: src/regen/services/processing.py, src/regen/services/verifying.py
    Turns red when: `process_request` writes outcomes although the request has its own already.
    """
    bench = Bench()
    answer = bench.regenerate()
    delivered: list[tuple[str, Message]] = []
    while bench.queue.waiting or bench.events:
        if bench.events:
            changed = bench.events.popleft()
            for _ in range(3):
                sweeping.batch_changed(bench.deps, changed)
            continue
        topic, message = bench.queue.waiting.popleft()
        delivered.append((topic, message))
        bench._deliver(topic, message)
        if topic == REQUEST_TOPIC:
            path = request_path(answer.batch_id, message.data["request_id"])
            once = bench.store.get(path)
            for _ in range(2):
                bench._deliver(topic, message)
            assert bench.store.get(path) == once
    bench.sweep()
    state = (bench.warehouse.predictions(DAY), bench.warehouse.audit(), bench.warehouse.runs(), bench.batch(answer.batch_id))
    bench.queue.waiting.extend(delivered)
    bench.drain()
    for number, (topic, message) in enumerate(delivered):
        if topic == REQUEST_TOPIC:
            dead_letters.handle(replace(bench.deps), f"d{number}", message.data, {}, b"")
    bench.sweep()
    assert state == (
        bench.warehouse.predictions(DAY), bench.warehouse.audit(), bench.warehouse.runs(), bench.batch(answer.batch_id)
    )  # fmt: skip
    assert [m["status"] for m in bench.queue.of(COMPLETE_TOPIC)] == ["promoted"]


def _completes(bench: Bench, _: str) -> None:
    bench.drain()


def _times_out(bench: Bench, _: str) -> None:
    bench.queue.waiting.clear()
    bench.clock.advance(1801)


def _dies_in_the_dead_letters(bench: Bench, _: str) -> None:
    for number, message in enumerate(bench.queue.of(REQUEST_TOPIC)):
        dead_letters.handle(bench.deps, f"d{number}", message, {}, b"")


def _is_cancelled(bench: Bench, batch_id: str) -> None:
    commands.cancel(bench.deps, commands.Order(batch_id, "api_key:one", "because"))


@pytest.mark.parametrize("close", [_completes, _times_out, _dies_in_the_dead_letters, _is_cancelled])
def test_i24_however_a_batch_is_closed_its_result_is_consolidated_or_its_failure_recorded(
    close: Callable[[Bench, str], None],
) -> None:
    """Every end goes through the verification or says in the audit and to consumers what was not done.

    Prevented in: src/regen/services/ending.py, src/regen/services/sweeping.py
    Turns red when: `end_round` writes the status without the outbox.
    """
    bench = Bench()
    answer = bench.regenerate()
    close(bench, answer.batch_id)
    bench.sweep()
    bench.sweep()
    status = bench.batch(answer.batch_id).status
    assert status in ENDED
    assert (len(current_rows(bench)) == 16) is (status is Status.PROMOTED)
    assert len(bench.audited(status.value)) == 1
    assert [m["status"] for m in bench.queue.of(COMPLETE_TOPIC)] == [status.value]


class _Down(MemoryWarehouse):
    def read_slate(self, game_date: Any) -> Any:
        raise Unavailable("BigQuery does not answer")


def test_i25_state_lives_in_the_store_and_a_date_is_started_once() -> None:
    """Any instance sees and refuses what another has begun; the same scheduled time gives the same batch.

    Prevented in: src/regen/services/dates.py, src/regen/services/viewing.py
    Turns red when: `must_wait` lets a first run begin while another batch holds the date.
    """
    bench = Bench()
    instances = [Http(bench.deps) for _ in range(3)]
    body = b'{"game_date": "2026-01-20"}'
    at = {"HTTP_X_CLOUDSCHEDULER_SCHEDULETIME": "2026-01-20T11:00:00-05:00"}
    first = instances[0].tick("coordinator", "/start", body, **at)
    assert (first.status, instances[1].tick("coordinator", "/start", body, **at).body) == (202, first.body)
    second = instances[1].key("POST", "/start", body)
    assert (second.status, second.body["batch_id"]) == (409, first.body["batch_id"])
    seen = Http(replace(bench.deps, warehouse=_Down())).key("GET", f"/batches/{first.body['batch_id']}")
    assert (seen.status, len(seen.body["pending"])) == (200, 8)
    assert len(viewing.list_batches(bench.deps, DAY.isoformat(), None)) == 1


def test_i26_the_deadline_holds_to_the_second_by_a_clock_that_stands_still() -> None:
    """Whether a batch has stalled follows from its deadline; its own activity does not put that off.

    Prevented in: src/regen/services/sweeping.py
    Turns red when: the sweep compares the deadline with the batch's last update.
    """
    bench = Bench(players(12))
    answer = bench.regenerate()
    for _ in range(9):
        bench.clock.advance(199)
        sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).published_at == bench.clock.now(), "it has just been published again"
    bench.clock.advance(8)
    sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).status is Status.RUNNING, "one second before its deadline"
    bench.clock.advance(1)
    sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    view = viewing.view_batch(bench.deps, answer.batch_id)
    assert {o["reason"] for o in view["outcomes"]} == {"deadline"}


def test_i27_what_is_done_stands_in_one_place() -> None:
    """Progress is read from the requests; an outcome changes no counter elsewhere that could drift.

    Prevented in: src/regen/services/completion.py, src/regen/services/viewing.py
    Turns red when: `process_request` counts outcomes up in the batch as well.
    """
    bench = Bench(players(12))
    answer = bench.regenerate()
    path = f"prediction_batches/{answer.batch_id}"
    before = bench.store.get(path)
    for done in (4, 8):
        bench.step(events=False)
        assert bench.store.get(path) == before
        assert viewing.view_batch(bench.deps, answer.batch_id)["counts"]["produced"] == done
    bench.step(events=False)
    assert bench.batch(answer.batch_id).status is Status.COMPLETE


def test_i28_what_is_expected_is_what_is_published() -> None:
    """The players of the requests are the requested players, those without usable rows included.

    Prevented in: src/regen/services/opening.py, src/regen/services/requests.py
    Turns red when: `requested_players` counts the roster, excluded players and all.
    """
    slate = [*players(7), entry("rowless", features=False), entry("gone", status="OUT"), entry("idle", minutes=1, lines=())]
    bench = Bench(slate)
    answer = bench.regenerate()
    published = [m["request_id"] for m in bench.queue.of(REQUEST_TOPIC)]
    stored = [bench.store.get(request_path(answer.batch_id, r)) for r in published]
    expected = sorted(p for s in stored if s for p in s.data["players"])
    assert expected == viewing.view_batch(bench.deps, answer.batch_id)["pending"] == sorted([*names(7), "rowless"])
    assert (answer.requested_players, bench.batch(answer.batch_id).counts.requested) == (8, 8)
    assert len(published) == len(set(published)) == answer.requests
    assert processing.process_request(bench.deps, answer.batch_id, published[0]) == "done"
