from __future__ import annotations

import sys
from pathlib import Path

import pytest

import regen.systems as package
from regen.domain.errors import InvalidInput
from regen.systems import system_ids, systems, with_members

NEW = """
class Constant:
    system_id = "constant_v1"
    version = "1"
    requires = ()

    def estimate(self, inputs, others):
        raise NotImplementedError

SYSTEM = Constant()
"""


def test_systems_that_read_others_come_last() -> None:
    assert system_ids() == (
        "learned_v1",
        "minutes_rate_v1",
        "moving_average",
        "similarity_balanced_v1",
        "zone_matchup_v1",
        "ensemble_v1",
        "line_blend_v1",
    )


def test_order_of_requested_systems_does_not_matter() -> None:
    found = [system.system_id for system in systems(["ensemble_v1", "moving_average"])]
    assert found == ["moving_average", "ensemble_v1"]


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(InvalidInput, match="xgboost_v1"):
        systems(["moving_average", "xgboost_v1"])


def test_members_are_added_for_an_ensemble() -> None:
    assert with_members(["line_blend_v1"]) == (*system_ids()[:4], "trees_v1", *system_ids()[4:])
    assert with_members(["moving_average"]) == ("moving_average",)
    with pytest.raises(InvalidInput, match="nothing_v9"):
        systems(with_members(["nothing_v9"]))


def test_versions_name_the_artefact() -> None:
    assert {system.version for system in systems()} == {f"2-{package.load_artefact().hash}"}


def test_new_system_needs_only_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "constant_for_test.py").write_text(NEW)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    package._found.cache_clear()
    try:
        assert "constant_v1" in system_ids()
        assert systems(["constant_v1"])[0].version == "1"
    finally:
        sys.modules.pop("regen.systems.constant_for_test", None)
        package._found.cache_clear()
