"""`regen verify` names the systems whose rows are current and that nothing predicts with any more."""

from __future__ import annotations

from datetime import date

import pytest

from regen.adapters.bigquery.looking import SystemRows
from regen.cli.verify import _fitted, systems_gone
from regen.systems import member_ids, system_ids

DAY = date(2026, 1, 20)


#: A system of regen, a member of its ensemble, one of another package, and one that is gone.
SYSTEMS = [SystemRows(name, 12, 1, DAY) for name in ("moving_average", "trees_v1", "tiny_points", "xgboost_v1")]


@pytest.mark.parametrize(
    ("package", "onnx", "gone"),
    [
        ("tiny_points", "", ["xgboost_v1"]),
        ("", "tiny_points=0123456789abcdef", ["xgboost_v1"]),
        ("", "", ["tiny_points", "xgboost_v1"]),
    ],
)
def test_an_admitted_system_is_not_gone(
    monkeypatch: pytest.MonkeyPatch, package: str, onnx: str, gone: list[str]
) -> None:
    monkeypatch.setenv("REGEN_EXTERNAL_SYSTEMS", package)
    monkeypatch.setenv("REGEN_ONNX_SYSTEMS", onnx)
    assert [system.system_id for system in systems_gone(SYSTEMS)] == gone


def test_the_shipped_model_has_systems_of_regen_alone() -> None:
    """Rows of a system that it has are not looked at further."""
    assert _fitted() <= {*system_ids(), *member_ids()}
