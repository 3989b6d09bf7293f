"""A table that is there already is only ever added to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from regen.schemas import table

spec = importlib.util.spec_from_file_location("infra_adopt", Path(__file__).parents[2] / "tools" / "infra_adopt.py")
assert spec
assert spec.loader
adopt = importlib.util.module_from_spec(spec)
spec.loader.exec_module(adopt)

PREDICTIONS = table("player_prop_predictions")


def described(**changed: dict[str, Any] | None) -> dict[str, Any]:
    """The table as BigQuery describes it; a column of `changed` is another, or is not there."""
    fields: list[dict[str, Any]] = []
    for f in PREDICTIONS.fields:
        own = {"name": f.name, "type": f.type, "mode": f.mode}
        other = changed.get(f.name, own)
        if other is not None:
            fields.append({**own, **other})
    return {"schema": {"fields": fields}, "timePartitioning": {"type": "DAY", "field": "game_date"}}


def test_a_table_that_has_everything_is_left_alone() -> None:
    assert list(adopt.statements(PREDICTIONS, described(), "p.d")) == []
    assert list(adopt.conflicts(PREDICTIONS, described())) == []


def test_what_is_missing_is_added_as_nullable() -> None:
    there = described(batch_id=None, restored_from_prediction_id=None)
    assert list(adopt.statements(PREDICTIONS, there, "p.d")) == [
        "ALTER TABLE `p.d.player_prop_predictions` ADD COLUMN IF NOT EXISTS batch_id STRING;",
        "ALTER TABLE `p.d.player_prop_predictions` ADD COLUMN IF NOT EXISTS restored_from_prediction_id STRING;",
    ]
    assert list(adopt.conflicts(PREDICTIONS, there)) == []


def test_the_predecessors_differences_are_named() -> None:
    there = described(game_date={"type": "STRING"}, prediction_version={"type": "INT64"})
    there["schema"]["fields"].append({"name": "theirs", "type": "STRING", "mode": "REQUIRED"})
    there["timePartitioning"]["expirationMs"] = str(365 * 86_400_000)
    problems = list(adopt.conflicts(PREDICTIONS, there))
    assert [p.partition(":")[0] for p in problems] == ["game_date", "theirs"]
    assert list(adopt.notes(there)) == ["partitions expire after 365 days: older dates are refused"]
