"""Damaged data: the batch is rejected with an audit row, and current rows stay; then redrive or promote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acceptance.conftest import Local


def regenerate_damaged(local: Local, league: Path, day: str, *damage: str) -> dict[str, Any]:
    """Regenerate on damaged data, and check that nothing current changes; return the rejected batch."""
    local.regen("start", day, "--wait")
    before = local.current(day)
    local.regen("import", str(league), "--from", day, "--zones-arrive", *damage)
    view: dict[str, Any] = local.regen("regenerate", day, "--reason", "damaged", "--wait", "--json", code=1).data
    assert view["status"] == "rejected"
    assert len(view["outcomes"]) == view["counts"]["requested"] - view["counts"]["produced"]
    assert before
    assert local.current(day) == before
    _, rejected = local.audited(view["batch_id"], "requested", "rejected")
    assert rejected["error"] == view["error"]
    assert "coverage" in view["error"]
    return view


def test_rejected_batch_is_redriven_after_the_data_is_fixed(local: Local, league: Path) -> None:
    day = "2026-01-11"
    view = regenerate_damaged(local, league, day, "--fail-share", "100%")
    assert (view["coverage_pct"], view["counts"]["failed"]) == (0, view["counts"]["requested"])
    local.regen("import", str(league), "--from", day, "--zones-arrive")
    again = local.regen("redrive", view["batch_id"], "--yes", "--wait", "--json").data
    assert (again["status"], again["round"], again["counts"]["failed"]) == ("promoted", 2, 0)


@pytest.mark.long
def test_incomplete_batch_can_be_promoted_by_check_name(local: Local, league: Path) -> None:
    day = "2026-01-13"
    view = regenerate_damaged(local, league, day, "--coverage", "0.8")
    assert 75 <= view["coverage_pct"] <= 85
    batch = view["batch_id"]
    local.regen("promote", batch, "--check", "coverage", "--reason", "operator said so", "--yes", "--wait")
    view = local.regen("status", batch, "--json").data
    assert (view["status"], view["partial"]) == ("promoted", True)
    assert view["counts"]["kept"] == sum(problem["outcome"] == "failed" for problem in view["outcomes"]) > 0
    (coverage,) = local.regen("coverage", day, "--json").data
    assert coverage["coverage_pct"] > 95, "those without new predictions keep their old ones"
