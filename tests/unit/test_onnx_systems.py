"""Models as ONNX as systems: named by a setting, loaded when they are prepared, run by onnxruntime, and checked like any other author's."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regen.conformance.players import player
from regen.domain.errors import InsufficientData, ModelUnavailable
from regen.domain.estimate import Estimate
from regen.domain.values import replace
from regen.systems import External, admit, external_versions, prepare, system_ids, systems, verify
from regen.systems.external import SystemMisbehaved, SystemsUnusable
from regen.systems.onnx_model import OnnxModel, object_name, sealed
from regen.web.settings import SettingsInvalid, read_settings
from support.tiny_onnx import DOUBLE, NAME, SUMS, WHOLE, Store, Sums, linear, made, manifest, several, word

BUILT_IN = system_ids()
ONE = made()


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    yield
    admit(())


def admitted(model: OnnxModel) -> Callable[..., Estimate]:
    """Have a model in the registry, prepared; gives what estimates a player whose inputs are changed."""
    admit((), (word(model),))
    prepare((NAME,), Store().put(model).read)
    (system,) = systems((NAME,))
    return lambda **changes: system.estimate(replace(player(), **changes), {})


def sums(points: float = 0.5, sd: float = 6.0, weight: float = 1.0) -> Sums:
    return {"points": ((weight, 0.0), points), "sd": ((0.0, 0.0), sd)}


# Who is a system


def test_the_setting_makes_it_a_system() -> None:
    settings = read_settings(
        {"REGEN_PROJECT": "a-project", "REGEN_ONNX_SYSTEMS": word(ONE), "REGEN_MODELS_STORE": "/a-folder"}
    )
    admit(settings.external_systems, settings.onnx_systems)
    assert set(system_ids()) == {*BUILT_IN, NAME}
    (system,) = systems((NAME,))
    assert isinstance(system, External)
    assert (system.version, system.package) == (f"1-onnx-{ONE.hash}", f"onnx {ONE.hash}")
    assert external_versions((NAME,)) == {NAME: f"1-onnx-{ONE.hash}"}
    admit(())
    assert system_ids() == BUILT_IN


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((NAME,), "'tiny_onnx' is no NAME=HASH"),
        ((f"{NAME}=",), "is no NAME=HASH"),
        ((f"={ONE.hash}",), "is no NAME=HASH"),
        ((f"{NAME}={ONE.hash[:-1]}",), "is no NAME=HASH"),
        ((f"{NAME}={ONE.hash.upper()}G",), "is no NAME=HASH"),
        ((f"Tiny Onnx={ONE.hash}",), "is no NAME=HASH"),
        ((f"{ONE.hash}={ONE.hash}",), "is no NAME=HASH"),
        ((f"{NAME}={ONE.hash}=x",), "is no NAME=HASH"),
        ((word(ONE), f"{NAME}=0123456789abcdef"), "tiny_onnx: another system has this name"),
        ((f"moving_average={ONE.hash}",), "moving_average: another system has this name"),
        ((f"trees_v1={ONE.hash}",), "trees_v1: another system has this name"),
    ],
)
def test_a_word_that_is_unusable_ends_the_start(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(SystemsUnusable, match=f"REGEN_ONNX_SYSTEMS.*{why}"):
        admit((), words)
    assert system_ids() == BUILT_IN
    admit(())
    assert system_ids() == BUILT_IN


def test_without_a_store_the_setting_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="REGEN_ONNX_SYSTEMS: needs the store of models"):
        read_settings({"REGEN_PROJECT": "a-project", "REGEN_ONNX_SYSTEMS": word(ONE)})


# What it says


def test_it_predicts_by_its_outputs() -> None:
    estimate = admitted(ONE)
    found = estimate()
    assert (found.points, found.sd, found.warnings) == ((player().features["points_ew_12"] or 0.0) + 0.5, 6.0, ())
    assert 0 < found.confidence <= 100


def test_a_spread_can_stand_in_the_manifest() -> None:
    assert admitted(made({"points": SUMS["points"]}, sd=7.5))().sd == 7.5


def test_rows_of_any_number_and_doubles_are_taken() -> None:
    for content in (linear(rows="n"), linear(rows="n", told_columns="m")):
        assert admitted(sealed(manifest(), content))().sd == 6.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"features": {}}, "missing_features"),
        ({"features": {"points_ew_12": None, "minutes_ew_12": 30.0}}, "missing_features"),
        ({"features": {"points_ew_12": math.nan, "minutes_ew_12": 30.0}}, "missing_features"),
        ({"recent_games": ()}, "no_history"),
        ({"feature_version": "v0_another"}, "feature_version"),
    ],
)
def test_what_is_missing_is_said_in_a_word(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InsufficientData) as told:
        admitted(ONE)(**changes)
    assert told.value.reason == reason


def test_what_is_unknown_is_what_the_manifest_says() -> None:
    both: Sums = {"points": ((1.0, 1.0), 0.0), "sd": SUMS["sd"]}
    known = {"points_ew_12": 10.0, "minutes_ew_12": None}
    assert admitted(made(both, unknown=2.5))(features=known).points == 12.5
    with pytest.raises(InsufficientData, match="gave nan points") as told:
        admitted(made(both, unknown=None))(features=known)
    assert told.value.reason == "not_finite"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("output", ["points", "sd"])
def test_what_is_not_finite_is_no_estimate(wrong: float, output: str) -> None:
    with pytest.raises(InsufficientData) as told:
        admitted(made(sums(**{output: wrong})))()
    assert told.value.reason == "not_finite"


@pytest.mark.parametrize(
    ("model", "points", "sd", "warning"),
    [
        (made(sums(points=500.0)), 60.0, 6.0, "brought to 60"),
        (made(sums(points=-500.0)), 0.0, 6.0, "brought to 0"),
        (made(sums(weight=0.0, points=40.0), most_points=35.0), 35.0, 6.0, "points 40 brought to 35"),
        (made(sums(weight=0.0, points=10.0, sd=-1.0), least_sd=2.0), 10.0, 2.0, "spread -1 brought to 2"),
        (made(sums(weight=0.0, points=10.0, sd=1e9)), 10.0, 50.0, "brought to 50"),
    ],
)
def test_what_is_out_of_bounds_is_brought_there(model: OnnxModel, points: float, sd: float, warning: str) -> None:
    found = admitted(model)()
    assert (found.points, found.sd) == (points, sd)
    assert warning in found.warnings[0]


def test_an_output_of_several_numbers_is_no_estimate() -> None:
    """The model itself does not say how many it gives."""
    estimate = admitted(sealed(manifest(sd=6.0), several()))
    with pytest.raises(SystemMisbehaved, match="tiny_onnx: ValueError"):
        estimate()


def test_what_is_not_prepared_predicts_nothing() -> None:
    admit((), (word(ONE),))
    with pytest.raises(ModelUnavailable, match="it is not loaded"):
        systems((NAME,))[0].estimate(player(), {})


# What cannot be loaded


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no model", "onnxruntime cannot load it: InvalidProtobuf"),
        (linear()[:60], "onnxruntime cannot load it: InvalidProtobuf"),
        (linear({"points": SUMS["points"]}), r"it has no output sd \(but points\)"),
        (linear({"mean": SUMS["points"], "sd": SUMS["sd"]}), "it has no output points"),
        (linear(dict.fromkeys(SUMS, ((1.0, 0.0, 0.0), 1.0))), r"expected tensor\(float\) of \[1, 2\]"),
        (linear(rows=3), r"expected tensor\(float\) of \[1, 2\]"),
        (linear(columns=2), "its output points is .* expected one number"),
        (linear(more_inputs=("lines",)), "it has the inputs features, lines: expected one"),
        (linear(kind=WHOLE), "cannot load it"),
        (linear(kind=DOUBLE), "cannot load it"),
    ],
)
def test_a_model_that_cannot_be_run_is_unavailable(content: bytes, why: str) -> None:
    with pytest.raises(ModelUnavailable, match=f"tiny_onnx: .*{why}") as told:
        admitted(sealed(manifest(), content))
    assert told.value.model
    assert not isinstance(told.value.__cause__, ImportError)


def test_weights_outside_of_the_object_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash says nothing of another file."""
    (tmp_path / "weights").write_bytes(bytes(64))
    monkeypatch.chdir(tmp_path)
    for file in ("weights", str(tmp_path / "weights")):
        with pytest.raises(ModelUnavailable, match="External data path"):
            admitted(sealed(manifest(), linear(file=file)))


def test_without_onnxruntime_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelUnavailable, match="onnxruntime is not installed here"):
        admitted(ONE)


@pytest.mark.parametrize("act", [prepare, verify])
def test_what_the_store_lacks_is_unavailable(act: Callable[..., None]) -> None:
    name = object_name(ONE.hash)
    stores = {
        "it is not in the store": Store(),
        f"its content is that of {made(sd=5.0).hash}": Store({name: made(sd=5.0).to_bytes()}),
        "its content is that of ": Store({name: ONE.to_bytes()[:100]}),
    }
    for why, store in stores.items():
        admit(())
        admit((), (word(ONE),))
        with pytest.raises(ModelUnavailable, match=why):
            act((NAME,), store.read)
        # It heals when the object is there.
        act((NAME,), Store().put(ONE).read)
    admit((), (f"another_v1={ONE.hash}",))
    with pytest.raises(ModelUnavailable, match="it is the system tiny_onnx, not another_v1"):
        act(("another_v1",), Store().put(ONE).read)
    with pytest.raises(ModelUnavailable, match="no store of models is configured"):
        act(("another_v1",), None)


def test_it_is_read_once_and_only_if_it_is_asked_for() -> None:
    asked: list[str] = []
    store = Store().put(ONE)

    def read(name: str) -> bytes | None:
        asked.append(name)
        return store.read(name)

    admit((), (word(ONE),))
    for act in (prepare, verify):
        act(("moving_average",), read)
    assert asked == []
    for act in (verify, verify, prepare, prepare, verify):
        act((NAME,), read)
    assert asked == [object_name(ONE.hash)] * 2
