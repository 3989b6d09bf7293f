"""Challengers predict beside a batch, into a table of their own; whatever they lack costs the batch nothing (I-67)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from regen.adapters.memory.ledger import MemoryLedger
from regen.api.kept import artefact_name
from regen.domain.batch import Status
from regen.domain.errors import InvalidInput, Refused, Unavailable
from regen.domain.estimate import Estimate
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import challenging, orders, processing
from regen.services.state import models
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.paths import requests_path
from regen.services.tables import grading
from regen.systems import fitted_by
from support.bench import Bench
from support.box_scores import box
from support.challengers import SYSTEM, challenge, ended, made, plain, rows
from support.league import DAY
from unit.test_models_in_use import NAMES, ONE, PACKAGED, TWO, cold, put, store, use


@pytest.fixture
def bench() -> Bench:
    return made()


def test_a_challenger_predicts_into_a_table_of_its_own(bench: Bench) -> None:
    without = ended(made())
    challenge(bench, ONE.hash)
    batch = ended(bench)
    assert (batch.status, batch.challengers, batch.challenger_problems) == (Status.PROMOTED, (ONE.hash,), ())
    assert (batch.counts, batch.verdict) == (without.counts, without.verdict)
    current = bench.warehouse.predictions(DAY)
    theirs = bench.warehouse.challengers(DAY)
    assert {row["ml_model_id"] for row in current if row["system_id"] == "learned_v1"} == {PACKAGED}
    assert {row["ml_model_id"] for row in theirs if row["system_id"] == "learned_v1"} == {ONE.hash}
    keys = [Counter((r["player_lookup"], r["system_id"], r.get("current_points_line")) for r in of) for of in (current, theirs)]  # fmt: skip
    assert keys[0] == keys[1]
    assert not {r["prediction_id"] for r in current} & {r["prediction_id"] for r in theirs}


def test_current_rows_are_the_same_with_and_without_challengers(bench: Bench) -> None:
    other = made()
    ended(other)
    for name in (ONE.hash, SYSTEM):
        challenge(bench, name)
    ended(bench)
    assert plain(bench) == plain(other)


def test_a_shipped_system_challenges_with_the_pinned_model(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    challenge(bench, SYSTEM)
    batch = ended(bench)
    found = bench.warehouse.challengers(DAY)
    assert (batch.challenger_problems, {row["system_id"] for row in found}) == ((), {SYSTEM})
    assert {row["ml_model_id"] for row in found} == {ONE.hash}


def test_a_system_challenges_without_a_store_of_models(bench: Bench) -> None:
    bench.deps = replace(bench.deps, models=None)
    challenge(bench, SYSTEM)
    with pytest.raises(Refused, match="no store of models"):
        challenge(bench, ONE.hash)
    ended(bench)
    assert {row["ml_model_id"] for row in bench.warehouse.challengers(DAY)} == {PACKAGED}


def test_a_batch_pins_its_challengers_when_it_is_opened(bench: Bench) -> None:
    challenge(bench, ONE.hash)
    answer = bench.regenerate()
    bench.until(REQUEST_TOPIC)
    challenge(bench, ONE.hash, ends=True)
    challenge(bench, TWO.hash)
    bench.drain()
    assert {name for _, name in rows(bench)} == {ONE.hash}
    assert bench.batch(answer.batch_id).challengers == (ONE.hash,)
    assert ended(bench).challengers == (TWO.hash,)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "is not in the store"), (b"{", "not readable"), (TWO.to_json().encode(), TWO.hash)]
)
def test_a_lost_challenger_is_named_and_costs_nothing(bench: Bench, content: bytes | None, says: str) -> None:
    challenge(bench, ONE.hash)
    challenge(bench, SYSTEM)
    cold(bench)
    store(bench).objects.pop(artefact_name(ONE.hash))
    if content:
        put(bench, ONE, content)
    batch = ended(bench)
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, 4)
    (problem,) = batch.challenger_problems
    assert problem.startswith(f"{ONE.hash}: no rows of 4 of 4 players: ")
    assert says in problem
    assert {name for _, name in rows(bench)} == {SYSTEM}


class Wrong:
    """A challenger's system that fails, or takes its time."""

    system_id, version, stage = SYSTEM, "1", 0

    def __init__(self, bench: Bench, seconds: float, error: Exception | None = None) -> None:
        self.bench, self.seconds, self.error = bench, seconds, error

    def estimate(self, *_: object) -> Estimate:
        self.bench.clock.advance(self.seconds)
        if self.error:
            raise self.error
        return Estimate(20.0, 5.0, 60.0)


@pytest.mark.parametrize(
    ("seconds", "error", "says"),
    [
        (
            0.0,
            ZeroDivisionError("of its own"),
            "no rows of 4 of 4 players: system_error: ZeroDivisionError: of its own",
        ),
        (0.0, MemoryError("no room"), "no rows of 4 of 4 players: system_error: MemoryError: no room"),
        (11.0, None, "no rows of 2 of 4 players: too slow"),
    ],
    ids=["fails", "has no memory", "is slow"],
)
def test_a_challenger_that_fails_or_dawdles_costs_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, error: Exception | None, says: str
) -> None:
    challenge(bench, SYSTEM)
    wrong = (Wrong(bench, seconds, error),)
    monkeypatch.setattr(
        models, "fitted_by", lambda ids, artefact: (lambda *_: wrong) if ids == (SYSTEM,) else fitted_by(ids, artefact)
    )
    batch = ended(bench)
    assert (batch.status, batch.counts.produced, batch.counts.failed) == (Status.PROMOTED, 4, 0)
    (problem,) = batch.challenger_problems
    assert problem.startswith(f"{SYSTEM}: {says}")


def test_outcomes_are_durable_before_a_challenger_begins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies of the challenger: the next delivery finds the outcomes, and the batch goes on without the rows."""

    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    challenge(bench, SYSTEM)
    answer = bench.regenerate()
    message = bench.until(REQUEST_TOPIC).data
    with monkeypatch.context() as patched:
        patched.setattr(challenging, "predict_player", dies)
        with pytest.raises(Killed):
            processing.process_request(bench.deps, message["batch_id"], message["request_id"])
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, 4)
    assert batch.challenger_problems == (f"{SYSTEM}: no rows of 2 of 4 players: no worker came to it",)


def test_rows_that_firestore_refuses_cost_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge(bench, ONE.hash)
    commit = bench.store.commit

    def refusing(writes: list[Write]) -> None:
        if any("challengers" in w.data and w.op == "update" and len(w.data) == 1 for w in writes):
            raise InvalidInput("document", "at most 1 MiB")
        commit(writes)

    monkeypatch.setattr(bench.store, "commit", refusing)
    batch = ended(bench)
    assert (batch.status, rows(bench)) == (Status.PROMOTED, Counter())
    assert "no worker came to it" in batch.challenger_problems[0]


def test_challengers_without_room_are_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge(bench, ONE.hash)
    challenge(bench, TWO.hash)
    whole = ended(bench)
    sizes = [len(r.data["challengers"]) + len(r.data["inputs"]) + len(r.data["outcomes"]) for r in bench.store.find(requests_path(whole.batch_id))]  # fmt: skip
    monkeypatch.setattr(challenging, "MAX_DOCUMENT_BYTES", min(sizes) - 1)
    batch = ended(bench)
    (problem,) = batch.challenger_problems
    assert (batch.status, problem.partition(": ")[0]) == (Status.PROMOTED, TWO.hash)
    assert "too large" in problem
    assert rows(bench)[batch.batch_id, ONE.hash]


def test_a_rejected_batch_writes_no_challengers_rows(bench: Bench) -> None:
    challenge(bench, ONE.hash)
    answer = bench.regenerate()
    bench.until(REQUEST_TOPIC)
    bench.step()
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.drain()
    assert (bench.batch(answer.batch_id).status, rows(bench)) == (Status.REJECTED, Counter())
    orders.redrive(bench.deps, orders.Order(answer.batch_id, "api_key:ops", "again"))
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.round, batch.challenger_problems) == (Status.PROMOTED, 2, ())
    assert Counter(r["player_lookup"] for r in bench.warehouse.challengers(DAY)).keys() == set(NAMES)
    names = [r["prediction_id"] for r in bench.warehouse.challengers(DAY)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("after", [False, True], ids=["before they are written", "after they are written"])
def test_a_healed_promotion_writes_each_row_once(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """The verifier dies beside its committed promotion; the sweep carries on, and the rows are there once."""

    class Killed(BaseException):
        pass

    keep = bench.warehouse.keep_challengers

    def dies(*given: Any) -> None:
        if after:
            keep(*given)
        raise Killed

    challenge(bench, ONE.hash)
    answer = bench.regenerate()
    with monkeypatch.context() as patched:
        patched.setattr(bench.warehouse, "keep_challengers", dies)
        with pytest.raises(Killed):
            bench.drain()
    assert bench.batch(answer.batch_id).status is Status.PROMOTING
    bench.clock.advance(bench.deps.config.lease_seconds + 1)
    bench.sweep()
    bench.drain()
    assert (bench.batch(answer.batch_id).status, bench.batch(answer.batch_id).challenger_problems) == (
        Status.PROMOTED,
        (),
    )
    names = Counter(r["prediction_id"] for r in bench.warehouse.challengers(DAY))
    assert (set(names.values()), len(names)) == ({1}, len(bench.warehouse.predictions(DAY)))


def test_rows_that_bigquery_does_not_take_cost_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge(bench, ONE.hash)

    def down(*_: object) -> None:
        raise Unavailable("BigQuery does not answer")

    monkeypatch.setattr(bench.warehouse, "keep_challengers", down)
    batch = ended(bench)
    assert (batch.status, batch.counts.inserted) == (Status.PROMOTED, len(bench.warehouse.predictions(DAY)))
    assert "its rows may not be written: Unavailable" in batch.challenger_problems[0]


def test_a_rollback_leaves_challengers_rows_alone(bench: Bench) -> None:
    challenge(bench, ONE.hash)
    batch = ended(bench)
    before = bench.warehouse.challengers(DAY)
    orders.rollback(bench.deps, orders.Order(batch.batch_id, "api_key:ops", "back"))
    bench.drain()
    assert bench.batch(batch.batch_id).status is Status.ROLLED_BACK
    assert bench.warehouse.challengers(DAY) == before


def test_a_batch_without_challengers_costs_what_it_did(bench: Bench) -> None:
    ended(bench)
    before = bench.warehouse.submitted
    ended(bench)
    without = bench.warehouse.submitted - before
    challenge(bench, ONE.hash)
    challenge(bench, TWO.hash)
    before = bench.warehouse.submitted
    ended(bench)
    assert bench.warehouse.submitted - before == without + 1


def test_challengers_are_graded_in_their_own_table(bench: Bench) -> None:
    ledger = MemoryLedger(bench.warehouse)
    bench.deps = replace(bench.deps, ledger=ledger)
    challenge(bench, ONE.hash)
    ended(bench)
    game = bench.warehouse.predictions(DAY)[0]["game_id"]
    ledger.scores.extend({**score, "game_date": DAY, "game_id": game} for score in box(**dict.fromkeys(NAMES, 20)))
    grading.grade(bench.deps, DAY, DAY)
    theirs = bench.warehouse.challengers(DAY)
    assert {row["actual_points"] for row in theirs} == {20}
    assert all(row["absolute_error"] == pytest.approx(abs(float(row["predicted_points"]) - 20)) for row in theirs)
    assert set(ledger.grades) == {row["prediction_id"] for row in bench.warehouse.predictions(DAY)}
    sums = {(s.system_id, s.graded) for s in ledger.quality(DAY, DAY)}
    assert {graded for _, graded in sums} <= {len(NAMES), 2 * len(NAMES), 3 * len(NAMES)}


def test_grading_asks_nothing_of_challengers_before_there_is_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = MemoryLedger(bench.warehouse)
    bench.deps = replace(bench.deps, ledger=ledger)
    asked: list[object] = []
    monkeypatch.setattr(ledger, "grade_challengers", lambda *given: asked.append(given))
    grading.grade(bench.deps, DAY, DAY + timedelta(days=1))
    assert not asked
    challenge(bench, ONE.hash)
    challenge(bench, ONE.hash, ends=True)
    grading.grade(bench.deps, DAY, DAY)
    assert len(asked) == 1


def test_grades_of_current_rows_do_not_wait_for_challengers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = MemoryLedger(bench.warehouse)
    bench.deps = replace(bench.deps, ledger=ledger)
    challenge(bench, ONE.hash)

    def down(*_: object) -> None:
        raise Unavailable("BigQuery does not answer")

    monkeypatch.setattr(ledger, "grade_challengers", down)
    assert grading.grade(bench.deps, DAY, DAY) == []
