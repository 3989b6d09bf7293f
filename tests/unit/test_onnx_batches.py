"""Batches with a model as ONNX: pinned when they are opened, run by the worker, named by each row; a model that is lost loses no player."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regen.adapters.memory.archive import MemoryArchive
from regen.domain.batch import Batch, Status
from regen.domain.errors import ModelUnavailable
from regen.domain.outcome import OutcomeKind
from regen.domain.scope import Scope
from regen.services.batch import challenge_orders, processing
from regen.services.batch.challenge_orders import ChallengeOrder
from regen.services.state.deps import ALERT_TOPIC, REQUEST_TOPIC
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import requests_path
from regen.systems import admit, by_version, shipped_texts, system_ids
from regen.systems.onnx_model import OnnxModel, object_name
from support.bench import Bench
from support.league import DAY
from support.played import able
from support.tiny_onnx import NAME, SUMS, made, word
from support.web_bench import Web

BUILT_IN = system_ids()
ONE, TWO = made(), made({"points": ((1.0, 0.0), 1.5), "sd": SUMS["sd"]})
ENTRIES = [able(name, 15.0 + n) for n, name in enumerate(("playera", "playerb", "playerc"))]


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    yield
    admit(())


def numbers(names: tuple[str, ...]) -> dict[str, Any]:
    return {"systems": names, "run_for": by_version(names), "artefacts": shipped_texts, "players_per_request": 2}


def store_of(*models: OnnxModel) -> MemoryArchive:
    store = MemoryArchive()
    for model in models:
        store.keep(object_name(model.hash), model.to_bytes())
    return store


def bench_of(*models: OnnxModel, names: tuple[str, ...] = ()) -> Bench:
    """A bench whose store has the models, of which the first is named by the setting."""
    admit((), (word(models[0]),))
    bench = Bench(ENTRIES, **numbers(names or system_ids()))
    bench.deps = type(bench.deps)(
        bench.store, bench.queue, bench.warehouse, bench.clock, bench.deps.ids, bench.deps.config, models=store_of(*models)
    )  # fmt: skip
    return bench


def another_process(bench: Bench, model: OnnxModel | None) -> None:
    """A process begins that has nothing in memory."""
    bench.deps.kept.models.clear()
    admit(())
    if model:
        admit((), (word(model),))


def rows_of(bench: Bench, system: str = NAME) -> list[dict[str, Any]]:
    return [dict(row) for row in bench.warehouse.predictions(DAY) if row["system_id"] == system]


def test_the_three_functions_promote_its_rows() -> None:
    """By way of their own routes: accepted, predicted, verified and promoted."""
    admit((), (word(ONE),))
    web = Web(ENTRIES, models=store_of(ONE), **numbers(system_ids()))
    answer = web.post("/regenerate-with-supersede", {"game_date": DAY.isoformat(), "reason": "feature_upgrade"})
    assert answer.status_code == 202
    web.bench.drain()
    batch = web.bench.batch(answer.json["batch_id"])  # type: ignore[index]
    assert (batch.status, dict(batch.external_systems)) == (Status.PROMOTED, {NAME: f"1-onnx-{ONE.hash}"})
    rows = rows_of(web.bench)
    assert {(row["player_lookup"], row["predicted_points"]) for row in rows} == {
        ("playera", 15.5),
        ("playerb", 16.5),
        ("playerc", 17.5),
    }
    assert {(row["model_version"], row["ml_model_id"]) for row in rows} == {(f"1-onnx-{ONE.hash}", f"onnx-{ONE.hash}")}
    assert {row["system_id"] for row in web.bench.warehouse.predictions(DAY)} == {*BUILT_IN, NAME}


def test_a_player_whom_it_cannot_predict_keeps_the_others() -> None:
    """Who lacks a feature that the model requires lacks this system's rows, with its word for it."""
    told: dict[str, Any] = {"features": ("points_ew_12", "points_avg_season"), "required": ("points_avg_season",)}
    bench = bench_of(made(**told))
    batch = bench.run()
    assert batch.status is not Status.PROMOTED
    (outcome, *_) = outcomes_of(bench, batch)
    assert {p.system_id for p in outcome.predictions} >= {"moving_average"}
    assert outcome.system_problems == {NAME: "missing_features"}


def outcomes_of(bench: Bench, batch: Batch) -> list[Any]:
    found = bench.store.find(requests_path(batch.batch_id))
    return [outcome for request in found for outcome in unpack_outcomes(request.data["outcomes"])]


def half_written(bench: Bench) -> None:
    models(bench).objects[object_name(ONE.hash)] = ONE.to_bytes()[:90]


def foreign(bench: Bench) -> None:
    models(bench).objects[object_name(ONE.hash)] = TWO.to_bytes()


def vanished(bench: Bench) -> None:
    del models(bench).objects[object_name(ONE.hash)]


def models(bench: Bench) -> MemoryArchive:
    assert isinstance(bench.deps.models, MemoryArchive)
    return bench.deps.models


def no_library(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bench], None]:
    return lambda _: monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (vanished, "it is not in the store"),
        (half_written, "its content is that of"),
        (foreign, f"its content is that of {TWO.hash}"),
        (no_library, "onnxruntime is not installed here"),
        ("another model", f"the batch has pinned 1-onnx-{ONE.hash}, and this process has 1-onnx-{TWO.hash}"),
        ("none", f"the batch has pinned 1-onnx-{ONE.hash}, and this process does not have it"),
    ],
)
def test_a_worker_without_the_pinned_model_waits(what: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with any pinned model: 503, and at the deadline `failed(model_unavailable)`; the current rows stay (P1, P12)."""
    bench = bench_of(ONE, TWO)
    assert bench.run().status is Status.PROMOTED
    before = rows_of(bench)
    answer = bench.regenerate("again")
    message = bench.until(REQUEST_TOPIC).data
    another_process(bench, {"another model": TWO, "none": None}.get(what, ONE) if isinstance(what, str) else ONE)
    if not isinstance(what, str):
        act = what(monkeypatch) if what is no_library else what
        act(bench)
    batch_id, request_id = message["batch_id"], message["request_id"]
    with pytest.raises(ModelUnavailable, match=why) as lost:
        processing.process_request(bench.deps, batch_id, request_id)
    processing.note_failure(bench.deps, batch_id, request_id, f"{type(lost.value).__name__}: {lost.value}")
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    assert {(o.kind, o.reason) for o in outcomes_of(bench, batch) if o.error} == {
        (OutcomeKind.FAILED, "model_unavailable")
    }
    assert rows_of(bench) == before


def test_a_model_that_comes_back_is_used_by_the_next_delivery() -> None:
    bench = bench_of(ONE)
    answer = bench.regenerate()
    message = bench.until(REQUEST_TOPIC).data
    another_process(bench, ONE)
    vanished(bench)
    with pytest.raises(ModelUnavailable):
        processing.process_request(bench.deps, message["batch_id"], message["request_id"])
    models(bench).keep(object_name(ONE.hash), ONE.to_bytes())
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert {row["model_version"] for row in rows_of(bench)} == {f"1-onnx-{ONE.hash}"}


@pytest.mark.parametrize("what", [vanished, half_written, foreign])
def test_no_batch_opens_that_would_lack_its_model(what: Callable[[Bench], None]) -> None:
    bench = bench_of(ONE, TWO)
    what(bench)
    for name in ("t1", "t2"):
        with pytest.raises(ModelUnavailable, match=f"ONNX model {ONE.hash} of {NAME}"):
            bench.regenerate(name)
    bench.sweep()
    told = [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "model_unavailable"]
    assert [alert["model"] for alert in told] == [ONE.hash]
    assert bench.run(scope=Scope(systems=("moving_average",))).status is Status.PROMOTED


def test_opening_a_batch_loads_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coordinator does not have it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    bench = bench_of(ONE)
    assert bench.regenerate().status == "accepted"


def test_a_batch_that_does_not_run_it_needs_neither() -> None:
    bench = bench_of(ONE)
    models(bench).objects.clear()
    batch = bench.run(scope=Scope(systems=("moving_average",)))
    assert (batch.status, batch.external_systems) == (Status.PROMOTED, {})


def test_it_can_challenge_and_a_lost_one_only_lacks_rows() -> None:
    bench = bench_of(ONE, names=BUILT_IN)
    challenge_orders.order(bench.deps, ChallengeOrder(NAME, ends=False, caller="api_key:ops", reason="to watch it"))
    batch = bench.run()
    assert (batch.status, dict(batch.external_systems)) == (Status.PROMOTED, {NAME: f"1-onnx-{ONE.hash}"})
    assert {row["model_version"] for row in bench.warehouse.challengers(DAY)} == {f"1-onnx-{ONE.hash}"}
    assert (rows_of(bench), batch.challenger_problems) == ([], ())
    another_process(bench, ONE)
    vanished(bench)
    again = bench.run("again")
    assert again.status is Status.PROMOTED
    assert "it is not in the store" in again.challenger_problems[0]
