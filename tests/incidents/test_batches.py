"""B: what becomes of requests and players."""

import json
from typing import Any

import pytest

from incidents.scenes import (
    FailingStore,
    Http,
    seeded,
    with_store,
    with_warehouse,
)
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import ENDED, Status
from regen.domain.promotion import StagedRow
from regen.services.batch.dates import read_date
from regen.services.batch.opening import _take_date
from regen.services.batch.pinning import NO_PINS
from regen.services.state.deps import ALERT_TOPIC, REQUEST_TOPIC
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import requests_path
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, entry, players
from support.lists import list_batches

HARD_NAMES = ("karl-anthonytowns", "p.j.washington", "d'angelorussell", "nikolajokić", "garypaytonii", "0`$__a")


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for v in value.values() for key in _keys(v)}
    return {key for v in value for key in _keys(v)} if isinstance(value, list) else set()


def test_i13_player_names_are_values_never_field_paths() -> None:
    """Names with hyphen, dot, apostrophe, accents and suffix are values, never keys of a document or parts of its path.

    Prevented in: src/regen/services/batch/processing.py, src/regen/services/state/documents.py
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
    assert batch_view.view_batch(bench.deps, answer.batch_id).counts.produced == 4


class _Lossy(MemoryWarehouse):
    """Loses one prediction of what it is given to stage; says so, or not."""

    honest = True

    def stage(self, staging: str, rows: Any) -> int:
        known: list[StagedRow] = list(rows)
        lost = next(row for row in known if row.kind == "prediction")
        written = super().stage(staging, [row for row in known if row is not lost])
        return written if self.honest else written + 1


@pytest.mark.parametrize(("honest", "error"), [(True, "rows_staged"), (False, "rows were staged")])
def test_i15_a_promotion_aborts_when_staged_rows_are_missing(honest: bool, error: str) -> None:  # noqa: FBT001
    """A lost row is found by the verification, and again inside the transaction; then nothing is changed.

    Prevented in: src/regen/domain/checks/produced.py, src/regen/sql/promote.sql
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
    """Every player has exactly one outcome: produced, skipped(reason) or failed(reason).

    Prevented in: src/regen/services/batch/processing.py, src/regen/domain/predict.py
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


def test_i17_the_sweep_fails_a_batch_that_was_never_published() -> None:
    """`created` and `dispatching` differ; whose opener died in `created` fails, and its trigger is carried on.

    Prevented in: src/regen/services/healing/sweeping.py
    Turns red when: the sweep has nothing to do for a batch in `created`.
    """
    bench = Bench()
    trigger = bench.trigger("t1", reason="late_data")
    seen = (bench.warehouse.read_slate(DAY), NO_PINS)
    lost = _take_date(bench.deps, trigger, read_date(bench.deps, DAY), seen, None).batch
    bench.clock.advance(91)
    bench.sweep()
    assert bench.batch(lost.batch_id).status is Status.FAILED
    assert bench.batch(lost.batch_id).error == "opening_lost"
    (newest,) = list_batches(bench.deps, None, "promoted")
    assert newest.trigger_ids == ["t1"]
    bench.sweep()
    assert "batch_healed" in [a["type"] for a in bench.queue.of(ALERT_TOPIC)]


@pytest.mark.parametrize("delivered", [0, 1, 2, 4])
def test_i18_past_its_deadline_an_incomplete_batch_ends(delivered: int) -> None:
    """A batch with many missing players ends, too: pending ones become failed(deadline), and an alert is raised.

    Prevented in: src/regen/services/healing/sweeping.py
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


def test_i19_a_permanent_failure_is_acknowledged_at_once() -> None:
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


POISON = [
    b"",
    b"{",
    b"\xff\x00",
    b"[]",
    b"null",
    b'"batch"',
    b'{"batch_id": 5}',
    b'{"batch_id": "a/b", "request_id": "c"}',
]


@pytest.mark.parametrize(
    ("service", "path"), [("worker", "/"), ("verifier", "/verify"), ("coordinator", "/regenerate-pubsub")]
)
def test_i20_a_malformed_message_is_recorded_on_first_delivery(service: str, path: str) -> None:
    """Malformed messages are acknowledged, in the audit and alerted once; those behind them are not held up.

    Prevented in: src/regen/services/healing/malformed.py, src/regen/web/worker.py, src/regen/web/verifier.py
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
    assert len(bench.audited("malformed")) == len(POISON)
    assert len(alerts) == 1, "a flood of messages is one alert an hour"
