"""The notebook for SQL users runs from its first cell to its last, over the shipped views in Google's own evaluator."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from googlesql.warehouse import PROJECT, EvaluatorHarness
from regen.adapters.bigquery.params import audit_row
from regen.domain.audit import AuditEvent
from support.warehouse_rows import entry, old
from support.warehouses import DAY, at

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "what_moved.py"
PLAYERS = ("anton", "bela", "carl")


SYSTEMS = ("moving_average", "ensemble_v1")


def _night() -> EvaluatorHarness:
    """Three players have got new predictions; then one was ruled out, while another moved."""
    rows = [
        row
        for player in PLAYERS
        for system in SYSTEMS
        for row in _made(player, system, {"anton": "b2", "bela": "out", "carl": None}[player])
    ]
    harness = EvaluatorHarness()
    harness.load("player_prop_predictions", rows)
    events = [(batch, event, at(2 * n + i)) for n, batch in enumerate(("b1", "b2")) for i, event in enumerate(ENDS)]
    harness.load("prediction_regeneration_audit", [audit_row(entry(*event)) for event in events])
    return harness


ENDS = (AuditEvent.REQUESTED, AuditEvent.PROMOTED)


def _made(player: str, system: str, then: str | None) -> Iterator[dict[str, Any]]:
    """The predecessor's row, that of the first batch, and what became of that one: a second batch's, or a withdrawal."""
    first, second = f"b1-{player}-{system}", f"b2-{player}-{system}"
    yield {**old(player, system, 24.5), **_ended("b1", first)}
    by_first = {"prediction_id": first, "batch_id": "b1", "recommendation": "OVER", "created_at": at(0)}
    replaced = {} if then is None else _ended("b2", second if then == "b2" else None)
    yield {**old(player, system, 24.5, predicted_points=26.0), **by_first, **replaced}
    if then == "b2":
        by_second = {"prediction_id": second, "batch_id": "b2", "recommendation": "OVER", "created_at": at(1)}
        yield {**old(player, system, 25.0, predicted_points=27.5), **by_second}


def _ended(batch: str, by: str | None) -> dict[str, Any]:
    why = {"superseded_reason": "late_data" if by else "out", "superseded_by_prediction_id": by}
    return {"superseded": True, "superseded_by_batch_id": batch, "superseded_at": at(int(batch == "b2")), **why}


def test_the_notebook_runs_and_its_numbers_are_true(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = _night()
    monkeypatch.setattr(bigquery, "Client", lambda project: harness.client)
    for name, value in (("PROJECT_ID", PROJECT), ("FIRST", DAY.isoformat()), ("LAST", DAY.isoformat())):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PLAYER", "anton")
    monkeypatch.delenv("REGEN_DATASET_PREFIX", raising=False)
    found: dict[str, Any] = runpy.run_path(str(NOTEBOOK))
    assert [batch["batch_id"] for batch in found["batches"]] == ["b1", "b2"]
    assert found["states"] == {"promoted": 2}
    assert {move["player_lookup"] for move in found["withdrawn"]} == {"bela"}
    assert [move["reason"] for move in found["withdrawn"]] == ["out", "out"]
    assert len(found["flips"]) == 6, "UNDER became OVER for three players in two systems"
    assert len(found["history"]) == 6
    assert len(found["current"]) == 2
    said = capsys.readouterr().out
    assert "2 withdrawn, 6 changed sides" in said
    assert "anton: 6 predictions so far, 2 current" in said


def test_every_cell_of_the_notebook_begins_with_a_mark() -> None:
    text = NOTEBOOK.read_text()
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.count("\n# %%\n") == text.count("# %% [markdown]\n"), "each cell of code has its words before it"
