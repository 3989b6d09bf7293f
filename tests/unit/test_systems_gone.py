"""`regen verify` names the systems whose rows are current and that nothing predicts with any more."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from regen.adapters.bigquery.looking import SystemRows, looked
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


def test_a_predecessors_system_may_have_any_name() -> None:
    """The scheduled check reads these, too: one odd name must not keep it from looking at the rest."""
    lines = [r'12 1 2026-01-20 "odd\nname \"v1\""', '3 2 2026-01-21 "a b"']

    def rows(name: str, **_: object) -> list[dict[str, object]]:
        row = {"invariant": "systems", "checked": 2, "violations": 0, "examples": None, "listed": "\n".join(lines)}
        return [row] if name == "verify_tables" else []

    seen = looked(rows, list, DAY, DAY, datetime(2026, 1, 21, tzinfo=UTC), 90.0)
    assert seen.systems == [SystemRows("a b", 3, 2, date(2026, 1, 21)), SystemRows('odd\nname "v1"', 12, 1, DAY)]
