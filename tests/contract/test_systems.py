"""Every system keeps the contract: regen's own, and what a package would have to do to break each rule."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.conformance import contract
from regen.conformance.contract import MOST_ONNX_MB, Finding, check
from regen.systems import admit, member_ids, prepare, system_ids
from regen.systems.onnx_model import MOST_BYTES, OnnxModel, object_name, sealed
from support import tiny_onnx
from support.tiny_onnx import Store, heavy, made, manifest, word
from support.tiny_package import GOOD, NAME, install, wheel

BUILT_IN = (*system_ids(), *member_ids())
RULES = ("inputs", "purity", "determinism", "bounds", "time", "start")
ANSWER = "return Estimate(points, 6.0, closeness(points, 6.0))"


@pytest.fixture(scope="module")
def own() -> list[Finding]:
    return check(BUILT_IN)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "start"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_system_of_regen_keeps_the_contract(name: str, rule: str, own: list[Finding]) -> None:
    (found,) = (finding for finding in own if (finding.system, finding.rule) == (name, rule))
    assert found.passed, found.detail


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("tiny_points_module", None)
    admit(())


def checked(folder: Path, source: str) -> dict[str, Finding]:
    install(wheel(folder / "wheels", source), folder)
    admit((NAME,))
    return {finding.rule: finding for finding in check((NAME,), (NAME,))}


def test_a_system_of_another_package_keeps_it(folder: Path) -> None:
    found = checked(folder, GOOD)
    assert tuple(found) == RULES
    assert [finding.detail for finding in found.values() if not finding.passed] == []


@pytest.mark.parametrize(
    ("rule", "line", "why"),
    [
        ("inputs", "return Estimate(inputs.features['points_ew_12'], 6.0, 50.0)", "features absent: KeyError"),
        ("inputs", "raise InsufficientData('no_luck', '')", "whole: no estimate (no_luck)"),
        ("inputs", "raise InsufficientData('No luck', '')", "a reason is a short word"),
        ("inputs", "1 / len(inputs.lines); " + ANSWER, "no lines: ZeroDivisionError"),
        ("purity", "inputs.features['x'] = 1.0; " + ANSWER, "whole: it changes what it is given"),
        ("purity", "open(__file__ + '.txt', 'w').close(); " + ANSWER, "it opens "),
        ("purity", "import socket; socket.socket(); " + ANSWER, "it socket.__new__"),
        ("determinism", "import random; return Estimate(random.random(), 6.0, 50.0)", "another answer when asked again"),
        ("determinism", "return Estimate(hash('x') % 97 / 97, 6.0, 50.0)", "another answer in another process"),
        ("determinism", "global seen; seen = globals().get('seen', 0) + 1; return Estimate(seen / 99, 6.0, 50.0)", "asked again"),
        ("bounds", "return Estimate(points, -6.0, 50.0)", "sd: expected more than 0"),
        ("bounds", "return Estimate(points * 100, 6.0, 50.0)", "points: expected 0 to 100"),
        ("time", "sum(range(600_000)); " + ANSWER, "of 5 ms a player"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_case(folder: Path, rule: str, line: str, why: str) -> None:
    """Each line breaks its own rule; what else it breaks is its own affair."""
    source = GOOD.replace(ANSWER, line)
    if rule == "inputs":
        source = source.replace("if not inputs.recent_games:", "if False:").replace(
            "/ len(inputs.recent_games)", "/ 30"
        )
    found = checked(folder, source)[rule]
    assert not found.passed
    assert why in found.detail


# Models as ONNX


def onnx(folder: Path, model: OnnxModel) -> dict[str, Finding]:
    (folder / "onnx").mkdir()
    (folder / object_name(model.hash)).write_bytes(model.to_bytes())
    admit((), (word(model),))
    prepare((tiny_onnx.NAME,), Store().put(model).read)
    return {finding.rule: finding for finding in check((tiny_onnx.NAME,), (), (word(model),), str(folder))}


def test_a_model_as_onnx_keeps_it_with_its_memory(folder: Path) -> None:
    """The same to the last bit in another process; what onnxruntime takes to load, in time and memory, is within its budget."""
    found = onnx(folder, made())
    assert tuple(found) == (*RULES, "memory")
    assert [finding.detail for finding in found.values() if not finding.passed] == []
    assert found["start"].detail.endswith("of 1500 ms to load")
    megabytes, _, limit = found["memory"].detail.partition(" of ")
    assert (0 < int(megabytes) <= MOST_ONNX_MB, limit) == (True, "150 MB to load")


def test_the_largest_model_as_onnx_is_loaded_within_budget(folder: Path) -> None:
    largest = sealed(manifest(sd=6.0), heavy(MOST_BYTES))
    assert MOST_BYTES - 1000 <= len(largest.content) <= MOST_BYTES
    found = onnx(folder, largest)
    assert [found[rule].detail for rule in ("start", "memory") if not found[rule].passed] == []


def test_a_model_as_onnx_that_takes_too_much_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "MOST_ONNX_MS", 1.0)
    monkeypatch.setattr(contract, "MOST_ONNX_MB", 1.0)
    found = onnx(folder, made())
    assert {rule for rule, finding in found.items() if not finding.passed} == {"start", "memory"}


def test_a_model_as_onnx_of_which_nothing_is_known_says_so(folder: Path) -> None:
    """NaN for what is unknown, and a model that makes NaN of it, is a reason and no error; but not of a player who is known whole."""
    nothing = made({"points": ((math.nan, 0.0), 0.0), "sd": ((0.0, 0.0), 6.0)})
    assert onnx(folder, nothing)["inputs"].detail == "whole: no estimate (not_finite)"


def test_a_slow_start_is_named(folder: Path) -> None:
    found = checked(folder, "sum(range(60_000_000))\n" + GOOD)["start"]
    assert (found.passed, "of 500 ms to load" in found.detail) == (False, True)
