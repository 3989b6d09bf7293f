"""A table that is there already is only ever added to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from regen.schemas import Table, table, tables

spec = importlib.util.spec_from_file_location("infra_adopt", Path(__file__).parents[2] / "tools" / "infra_adopt.py")
assert spec
assert spec.loader
adopt = importlib.util.module_from_spec(spec)
spec.loader.exec_module(adopt)

PREDICTIONS = table("player_prop_predictions")
AUDIT = table("prediction_regeneration_audit")
RUNS = table("prediction_worker_runs")
ACCURACY = table("prediction_accuracy")

#: The predecessor's tables as they were recorded: `name TYPE`, `!` where a column must be filled, `[]` for an array.
PREDECESSOR = {
    "player_prop_predictions": (
        """prediction_id STRING!; system_id STRING!; player_lookup STRING!; universal_player_id STRING; game_date DATE!;
        game_id STRING!; prediction_version INTEGER!; predicted_points NUMERIC(5,1)!; confidence_score NUMERIC(5,2)!;
        recommendation STRING!; has_prop_line BOOLEAN; current_points_line NUMERIC(4,1); line_margin NUMERIC(5,2);
        key_factors JSON; warnings JSON; completeness_percentage FLOAT; data_quality_issues STRING; is_active BOOLEAN!;
        superseded_by STRING; raw_confidence_score NUMERIC(4,3); calibrated_confidence_score NUMERIC(4,3);
        superseded BOOLEAN; superseded_at TIMESTAMP; superseded_reason STRING; superseded_metadata JSON;
        feature_version_hash STRING; data_source_tier STRING; created_at TIMESTAMP!; updated_at TIMESTAMP""",
        {"timePartitioning": {"type": "DAY", "field": "game_date", "expirationMs": str(365 * 86_400_000)}},
        ["system_id", "player_lookup", "confidence_score", "game_date"],
        True,
    ),
    "prediction_regeneration_audit": (
        """regeneration_timestamp TIMESTAMP!; game_date DATE!; reason STRING!; metadata JSON; superseded_count INTEGER;
        regenerated_count INTEGER; processing_time_seconds FLOAT; triggered_by STRING; created_at TIMESTAMP""",
        {"timePartitioning": {"type": "DAY", "field": "regeneration_timestamp"}},
        ["game_date", "reason"],
        False,
    ),
    "prediction_worker_runs": (
        """request_id STRING!; worker_id STRING; run_date TIMESTAMP!; player_lookup STRING!; universal_player_id STRING;
        game_date DATE!; game_id STRING; line_values_requested FLOAT[]; success BOOLEAN!; duration_seconds FLOAT;
        predictions_generated INTEGER; skip_reason STRING; systems_attempted STRING[]; systems_succeeded STRING[];
        systems_failed STRING[]; system_errors JSON; missing_features STRING[]; worker_version STRING;
        created_at TIMESTAMP; retry_attempt INTEGER; batch_id STRING""",
        {"timePartitioning": {"type": "DAY", "field": "run_date"}},
        ["player_lookup", "success", "game_date"],
        True,
    ),
    "prediction_accuracy": (
        """player_lookup STRING!; game_id STRING!; game_date DATE!; system_id STRING!; predicted_points NUMERIC(5,1);
        confidence_score NUMERIC(4,3); confidence_decile INTEGER; recommendation STRING; line_value NUMERIC(5,1);
        actual_points INTEGER; minutes_played NUMERIC(5,1); is_voided BOOLEAN; void_reason STRING;
        graded_at TIMESTAMP; is_superseded_prediction BOOLEAN; original_prediction_id STRING""",
        {"timePartitioning": {"type": "DAY", "field": "game_date"}},
        ["system_id", "player_lookup"],
        True,
    ),
}


def recorded(name: str) -> dict[str, Any]:
    """The predecessor's table as `bq show --format=json` describes it."""
    columns, partition, cluster, required = PREDECESSOR[name]
    fields = []
    for text in columns.split(";"):
        column, kind = text.split()
        field: dict[str, Any] = {"name": column, "type": kind.rstrip("!").removesuffix("[]").partition("(")[0]}
        if kind.endswith("!"):
            field["mode"] = "REQUIRED"
        if "[]" in kind:
            field["mode"] = "REPEATED"
        if "(" in kind:
            field["precision"], field["scale"] = kind.partition("(")[2].rstrip("!)").split(",")
        fields.append(field)
    described = {"type": "TABLE", "schema": {"fields": fields}, "clustering": {"fields": cluster}, **partition}
    return {**described, "requirePartitionFilter": True} if required else described


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
        (
            "ALTER TABLE `p.d.player_prop_predictions`\n"
            "  ADD COLUMN IF NOT EXISTS `batch_id` STRING,\n"
            "  ADD COLUMN IF NOT EXISTS `restored_from_prediction_id` STRING;"
        ),
    ]
    assert list(adopt.conflicts(PREDICTIONS, there)) == []


def test_the_predecessors_differences_are_named() -> None:
    there = described(game_date={"type": "STRING"}, prediction_version={"type": "INT64"})
    there["schema"]["fields"].append({"name": "theirs", "type": "STRING", "mode": "REQUIRED"})
    there["timePartitioning"]["expirationMs"] = str(365 * 86_400_000)
    problems = list(adopt.conflicts(PREDICTIONS, there))
    assert [p.partition(":")[0] for p in problems] == ["game_date", "theirs"]
    assert list(adopt.notes(there)) == ["partitions expire after 365 days: older dates are refused"]


@pytest.mark.parametrize("name", PREDECESSOR)
def test_a_table_is_mended_within_the_platforms_rate(name: str) -> None:
    """BigQuery takes five changes of a table's metadata in ten seconds; one statement a column was seventeen."""
    made = list(adopt.statements(table(name), recorded(name), "p.d"))
    assert 1 <= len(made) <= adopt.AT_ONCE
    assert sum("ADD COLUMN" in statement for statement in made) == 1
    known = {f["name"] for f in recorded(name)["schema"]["fields"]}
    lacking = [f.name for f in table(name).fields if f.name not in known]
    assert [column in made[0] for column in lacking] == [True] * len(lacking)
    assert all(statement.endswith(";") and f"`p.d.{name}`" in statement for statement in made)


def test_what_upstream_alone_inserts_keeps_its_required_columns() -> None:
    """Its detector stays on beside regen, which adds columns of its own and fills no other."""
    games = table("pending_bdb_games")
    fields = [{"name": f.name, "type": f.type, "mode": f.mode} for f in games.fields if not f.name.startswith("regen_")]
    fields.append({"name": "original_processed_at", "type": "TIMESTAMP", "mode": "REQUIRED"})
    there = {"schema": {"fields": fields}, "timePartitioning": {"type": "DAY", "field": "game_date"}}
    assert list(adopt.conflicts(games, there)) == []
    (made,) = adopt.statements(games, there, "p.d")
    assert made.count("ADD COLUMN IF NOT EXISTS `regen_") == 6


def test_an_audit_entry_without_a_date_can_be_written() -> None:
    made = list(adopt.statements(AUDIT, recorded(AUDIT.name), "p.d"))
    assert f"ALTER TABLE `p.d.{AUDIT.name}` ALTER COLUMN `game_date` DROP NOT NULL;" in made
    assert list(adopt.conflicts(AUDIT, recorded(AUDIT.name))) == []


def test_a_confidence_of_100_fits_into_the_grades() -> None:
    made = list(adopt.statements(ACCURACY, recorded(ACCURACY.name), "p.d"))
    assert f"ALTER TABLE `p.d.{ACCURACY.name}` ALTER COLUMN `confidence_score` SET DATA TYPE NUMERIC;" in made


@pytest.mark.parametrize("name", [n for n in PREDECESSOR if PREDECESSOR[n][3]])
def test_a_required_filter_is_named(name: str) -> None:
    by = recorded(name)["timePartitioning"]["field"]
    assert any(f"requires a filter on its partition {by}" in n for n in adopt.notes(recorded(name), table(name)))


def test_worker_runs_by_run_date_are_met_by_every_statement() -> None:
    """Upstream partitions them by it and requires the filter."""
    assert list(adopt.conflicts(RUNS, recorded(RUNS.name))) == []


@pytest.mark.parametrize("wanted", tables(), ids=lambda t: t.name)
def test_a_filter_on_a_column_merely_read_is_a_conflict(wanted: Table) -> None:
    """Many statements compare `created_at` or show it; none has to bound a scan by it."""
    there = {"schema": {"fields": []}, "timePartitioning": {"type": "DAY", "field": "created_at"}}
    found = [c for c in adopt.conflicts(wanted, {**there, "requirePartitionFilter": True}) if "created_at" in c]
    assert len(found) == (wanted.partition is None or wanted.partition.field != "created_at")


def test_a_filter_that_no_statement_meets_is_a_conflict() -> None:
    there = described()
    there["timePartitioning"]["field"] = "created_at"
    there["requirePartitionFilter"] = True
    (problem,) = adopt.conflicts(PREDICTIONS, there)
    assert "partition created_at" in problem
    del there["requirePartitionFilter"]
    assert list(adopt.conflicts(PREDICTIONS, there)) == []
    assert any("is partitioned by created_at" in n for n in adopt.notes(there, PREDICTIONS))


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED_VIEW", "EXTERNAL", "SNAPSHOT"])
def test_object_that_is_not_a_table_is_a_conflict(kind: str) -> None:
    there = {**described(), "type": kind}
    assert list(adopt.statements(PREDICTIONS, there, "p.d")) == []
    (problem,) = adopt.conflicts(PREDICTIONS, there)
    assert kind in problem


def test_another_mode_or_a_nested_column_is_a_conflict() -> None:
    nested = {"type": "STRUCT", "fields": [{"name": "player", "type": "STRING"}]}
    there = described(batch_id={"mode": "REPEATED"}, key_factors=nested)
    assert set(adopt.conflicts(PREDICTIONS, there)) == {
        "batch_id: is REPEATED STRING, needed NULLABLE STRING",
        "key_factors: is NULLABLE RECORD (player STRING), needed NULLABLE JSON",
    }
    assert list(adopt.statements(PREDICTIONS, there, "p.d")) == []


def test_a_name_in_another_case_is_the_same_column() -> None:
    there = described(batch_id={"name": "Batch_ID"})
    assert list(adopt.statements(PREDICTIONS, there, "p.d")) == []
    assert any("Batch_ID: is written batch_id" in n for n in adopt.notes(there, PREDICTIONS))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"timePartitioning": None}, "is not partitioned"),
        ({"timePartitioning": {"type": "DAY"}}, "is partitioned by _PARTITIONTIME"),
        ({"timePartitioning": None, "rangePartitioning": {"field": "round"}}, "is partitioned by round"),
        ({"clustering": {"fields": ["game_id"]}}, "is clustered by game_id"),
        ({"streamingBuffer": {"estimatedRows": "5"}}, "rows are being streamed"),
        ({"expirationTime": "1767225600000"}, "the whole table expires"),
        ({"encryptionConfiguration": {"kmsKeyName": "k"}}, "is encrypted with a key of yours"),
    ],
)
def test_any_other_difference_is_reported_in_one_line(more: dict[str, Any], said: str) -> None:
    there = {**described(), **more}
    assert list(adopt.conflicts(PREDICTIONS, there)) == []
    assert any(note.startswith(said) for note in adopt.notes(there, PREDICTIONS))


def test_a_text_with_a_limit_is_widened() -> None:
    there = described(batch_id={"maxLength": "20"})
    assert list(adopt.statements(PREDICTIONS, there, "p.d")) == [
        "ALTER TABLE `p.d.player_prop_predictions` ALTER COLUMN `batch_id` SET DATA TYPE STRING;"
    ]


def test_more_changes_than_the_rate_limit_are_reported() -> None:
    optional = [f.name for f in PREDICTIONS.fields if f.mode == "NULLABLE"][:6]
    there = described(**{name: {"mode": "REQUIRED"} for name in optional})
    assert any("BigQuery takes 5 of a table in ten seconds" in n for n in adopt.notes(there, PREDICTIONS))
