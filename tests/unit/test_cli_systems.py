"""`regen systems`: what is listed, and how a check ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from regen.systems import admit, systems
from support.commands import run_command
from support.tiny_package import GOOD, NAME, install, wheel

BUILT_IN = tuple(system.system_id for system in systems())


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(install(wheel(tmp_path / "wheels"), tmp_path)))
    yield tmp_path
    sys.modules.pop("tiny_points_module", None)
    admit(())


def regen(*words: str, named: str = "") -> Result:
    return run_command(words, {"REGEN_EXTERNAL_SYSTEMS": named})


def test_list_tells_those_in_use_from_those_installed() -> None:
    rows = json.loads(regen("systems", "list", "--json").stdout)
    assert [row["system_id"] for row in rows] == [*BUILT_IN, NAME]
    assert (rows[-1]["used"], rows[-1]["from"]) == (False, "tiny-points 1.0.0")
    rows = json.loads(regen("systems", "list", "--json", named=NAME).stdout)
    assert {row["system_id"]: row["used"] for row in rows} == dict.fromkeys([*BUILT_IN, NAME], True)


def test_check_passes_with_a_row_for_each_rule() -> None:
    result = regen("systems", "check", NAME)
    assert result.exit_code == 0, result.output
    assert [line.split()[:3] for line in result.stdout.splitlines()[1:]] == [
        [NAME, rule, "kept"] for rule in ("inputs", "purity", "determinism", "bounds", "time", "start")
    ]


def test_check_ends_with_one_if_a_rule_is_broken(package: Path) -> None:
    install(wheel(package / "wheels", GOOD.replace("points, 6.0,", "points, -6.0,")), package)
    result = regen("systems", "check", NAME)
    assert (result.exit_code, "the contract is broken by tiny_points" in result.stderr) == (1, True)
    assert "BROKEN" in result.stdout


def test_an_unknown_system_is_named_with_its_nearest() -> None:
    result = regen("systems", "check", "moving_averages")
    assert (result.exit_code, "moving_average" in result.stderr) == (2, True)


def test_a_named_package_that_is_missing_is_a_usage_error() -> None:
    result = regen("systems", "list", named="other_v1")
    assert (result.exit_code, "other_v1" in result.stderr) == (2, True)
