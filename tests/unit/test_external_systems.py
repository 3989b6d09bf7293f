"""Systems of other packages: found by their entry point, admitted by name, pinned by a batch, never believed further than checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regen.conformance.players import player
from regen.domain.batch import Status
from regen.domain.errors import InsufficientData, ModelUnavailable
from regen.domain.estimate import Estimate
from regen.domain.outcome import OutcomeKind
from regen.domain.scope import Scope
from regen.services.batch import challenge_orders, processing
from regen.services.batch.challenge_orders import ChallengeOrder
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import requests_path
from regen.systems import External, admit, by_version, external_versions, shipped_texts, system_ids, systems
from regen.systems.external import SystemMisbehaved, SystemsUnusable, installed
from regen.web.bootstrap import config_of
from regen.web.settings import read_settings
from support.bench import Bench
from support.league import DAY
from support.played import able
from support.tiny_package import GOOD, NAME, install, wheel

Put = Callable[..., Path]
BUILT_IN = system_ids()


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """What installs a package, and takes the one of before away."""
    numbers = iter(range(100))

    def one(source: str = GOOD, **more: Any) -> Path:
        sys.modules.pop("tiny_points_module", None)
        admit(())
        folder = tmp_path / str(next(numbers))
        monkeypatch.setattr(sys, "path", [str(folder), *(p for p in sys.path if not p.startswith(str(tmp_path)))])
        return install(wheel(tmp_path / "wheels", source, **more), folder)

    yield one
    sys.modules.pop("tiny_points_module", None)
    admit(())


def changed(before: str, after: str) -> str:
    assert before in GOOD
    return GOOD.replace(before, after)


def test_an_installed_package_is_no_system_until_it_is_named(put: Put) -> None:
    put()
    assert installed() == {NAME: "tiny-points 1.0.0"}
    assert system_ids() == BUILT_IN
    admit((NAME,))
    assert set(system_ids()) == {*BUILT_IN, NAME}
    (system,) = systems((NAME,))
    assert isinstance(system, External)
    assert system.version.startswith("1-tiny-points-1.0.0-")
    admit(())
    assert system_ids() == BUILT_IN


def test_the_setting_admits_it_where_a_function_is_wired(put: Put) -> None:
    put()
    settings = read_settings({"REGEN_PROJECT": "a-project", "REGEN_EXTERNAL_SYSTEMS": NAME})
    admit(settings.external_systems)
    assert NAME in config_of(settings).systems


def test_a_package_that_is_missing_is_named(put: Put) -> None:
    put()
    with pytest.raises(SystemsUnusable, match=r"REGEN_EXTERNAL_SYSTEMS.*other_v1: .*those that are there: tiny_points"):
        admit((NAME, "other_v1"))
    assert system_ids() == BUILT_IN


@pytest.mark.parametrize("taken", ["moving_average", "trees_v1"])
def test_it_cannot_take_the_name_of_another(put: Put, taken: str) -> None:
    put(changed('"tiny_points"', f'"{taken}"'), name=taken)
    with pytest.raises(SystemsUnusable, match=f"{taken}: a system of regen has this name"):
        admit((taken,))


def test_two_packages_with_one_name_are_refused(put: Put, tmp_path: Path) -> None:
    folder = put()
    install(wheel(tmp_path / "wheels", project="other-points"), folder)
    with pytest.raises(SystemsUnusable, match=r"several packages have it: (tiny|other)-points 1\.0\.0, "):
        admit((NAME,))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (
            changed("def make():", "raise ImportError('no numpy')\ndef make():"),
            "cannot be loaded: ImportError: no numpy",
        ),
        (changed("return Tiny()", "raise SystemExit(3)"), "cannot be loaded: SystemExit"),
        (changed("return Tiny()", "return 7"), "no estimate"),
        (changed('system_id = "tiny_points"', 'system_id = "another"'), "its system_id is 'another'"),
        (changed('version = "1"', 'version = "1-2"'), "its version is '1-2'"),
        (changed("requires = ()", "requires = 'points'"), "its requires are 'points'"),
        (changed("requires = ()", "requires = ()\n    members = (1,)"), "its members are"),
        (changed("requires = ()", "requires = ()\n    stage = 'late'"), "its stage is no number"),
    ],
)
def test_what_is_no_system_is_refused_with_its_flaw(put: Put, source: str, why: str) -> None:
    put(source)
    with pytest.raises(SystemsUnusable, match=f"tiny_points: tiny-points 1.0.0 .*{why}"):
        admit((NAME,))
    assert system_ids() == BUILT_IN


def test_a_class_or_a_system_is_an_entry_point_too(put: Put) -> None:
    for made in ("make = Tiny\n", "make = Tiny()\n"):
        put(GOOD.partition("def make")[0] + made)
        admit((NAME,))
        assert systems((NAME,))[0].estimate(player(), {}).points > 0


def test_the_fingerprint_tells_a_wheel_that_was_built_again(put: Put) -> None:
    seen = []
    for source in (GOOD, GOOD, changed("6.0", "6.5")):
        put(source)
        admit((NAME,))
        seen.append(external_versions((NAME,))[NAME])
    assert seen[0] == seen[1] != seen[2]


# What it does at run time


def said(put: Put, line: str) -> Estimate:
    put(changed("return Estimate(points, 6.0, closeness(points, 6.0))", line))
    admit((NAME,))
    return systems((NAME,))[0].estimate(player(), {})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("return 17.5", "gave a float"),
        ("return Estimate(float('nan'), 6.0, 50.0)", "points"),
        ("return Estimate(-1.0, 6.0, 50.0)", "points"),
        ("return Estimate(10.0, 0.0, 50.0)", "sd"),
        ("return Estimate(10.0, 6.0, 150.0)", "confidence"),
        ("return Estimate(10.0, 6.0, 50.0, {'x': float('inf')})", "factors"),
        ("return Estimate(10.0, 6.0, 50.0, {}, (7,))", "warnings"),
        ("raise SystemExit", "asked the process to end"),
        ("raise InsufficientData('No history!', '')", "a short word"),
    ],
)
def test_what_is_no_estimate_is_refused(put: Put, line: str, why: str) -> None:
    with pytest.raises(SystemMisbehaved, match=why):
        said(put, line)


def test_it_cannot_change_what_it_is_given(put: Put) -> None:
    for line in ("inputs.features['points_ew_12'] = 99.0", "others.clear()"):
        with pytest.raises((TypeError, AttributeError)):
            said(put, line)


def test_numbers_of_another_library_become_pythons(put: Put) -> None:
    found = said(put, "import numpy as np; x = np.float64(11.5); return Estimate(x, x, x, {'a': x})")
    assert {type(value) for value in (found.points, found.sd, found.confidence, found.factors["a"])} == {float}


def test_a_reason_of_its_own_reaches_the_caller(put: Put) -> None:
    with pytest.raises(InsufficientData) as told:
        said(put, "raise InsufficientData('no_line', 'it needs one')")
    assert told.value.reason == "no_line"


# A batch


def bench_of(*names: str) -> Bench:
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "players_per_request": 2}
    return Bench([able(n, 15.0 + i) for i, n in enumerate(("playera", "playerb", "playerc"))], systems=names, **own)


@pytest.fixture
def bench(put: Put) -> Bench:
    put()
    admit((NAME,))
    return bench_of(*system_ids())


def rows_of(bench: Bench) -> list[dict[str, Any]]:
    return [dict(row) for row in bench.warehouse.predictions(DAY) if row["system_id"] == NAME]


def test_a_batch_pins_its_version_and_its_rows_name_it(bench: Bench) -> None:
    batch = bench.run()
    version = external_versions((NAME,))[NAME]
    assert (batch.status, dict(batch.external_systems)) == (Status.PROMOTED, {NAME: version})
    rows = rows_of(bench)
    assert {row["player_lookup"] for row in rows} == {"playera", "playerb", "playerc"}
    assert {row["model_version"] for row in rows} == {version}
    assert {row["ml_model_id"] for row in rows} == {version.removeprefix("1-")}


def test_a_batch_without_external_systems_pins_none(put: Put) -> None:
    put()
    assert bench_of(*BUILT_IN).run().external_systems == {}


@pytest.mark.parametrize("after", ["another version", "none"])
def test_a_worker_with_another_version_predicts_nothing(bench: Bench, put: Put, after: str) -> None:
    """As with a pinned model: 503, and at the deadline `failed(model_unavailable)`; no batch mixes two versions (P12)."""
    answer = bench.regenerate()
    bench.until(REQUEST_TOPIC)
    bench.step()
    put(GOOD, version="1.0.1")
    if after != "none":
        admit((NAME,))
    message = bench.until(REQUEST_TOPIC).data
    batch_id, request_id = message["batch_id"], message["request_id"]
    with pytest.raises(ModelUnavailable, match=r"tiny_points: the batch has pinned 1-tiny-points-1\.0\.0-") as lost:
        processing.process_request(bench.deps, batch_id, request_id)
    assert ("has 1-tiny-points-1.0.1" in str(lost.value)) is (after != "none")
    processing.note_failure(bench.deps, batch_id, request_id, f"{type(lost.value).__name__}: {lost.value}")
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    batch = bench.batch(answer.batch_id)
    assert {row["model_version"] for row in rows_of(bench)} <= {batch.external_systems[NAME]}
    requests = {r.path.endswith(request_id): r for r in bench.store.find(requests_path(batch_id))}
    failed = unpack_outcomes(requests[True].data["outcomes"])
    assert {(o.kind, o.reason) for o in failed} == {(OutcomeKind.FAILED, "model_unavailable")}


def test_another_version_costs_no_batch_that_does_not_run_it(bench: Bench, put: Put) -> None:
    answer = bench.regenerate(scope=Scope(systems=("moving_average",)))
    bench.until(REQUEST_TOPIC)
    put(GOOD, version="1.0.1")
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.external_systems) == (Status.PROMOTED, {})


def test_it_can_challenge_and_another_version_only_lacks_rows(put: Put) -> None:
    put()
    admit((NAME,))
    bench = bench_of(*BUILT_IN)
    challenge_orders.order(bench.deps, ChallengeOrder(NAME, ends=False, caller="api_key:ops", reason="to watch it"))
    batch = bench.run()
    assert batch.external_systems == external_versions((NAME,))
    assert {row["system_id"] for row in bench.warehouse.challengers(DAY)} == {NAME}
    assert (rows_of(bench), batch.challenger_problems) == ([], ())
    answer = bench.regenerate("again")
    put(GOOD, version="1.0.1")
    admit((NAME,))
    bench.drain()
    again = bench.batch(answer.batch_id)
    assert again.status is Status.PROMOTED
    assert "the batch has pinned 1-tiny-points-1.0.0-" in again.challenger_problems[0]
