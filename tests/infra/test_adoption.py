"""What is there already is taken over where it is: no plan makes anything anew that holds data."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "infra"
spec = importlib.util.spec_from_file_location("tools_infra_check", ROOT / "tools" / "infra_check.py")
assert spec
assert spec.loader
infra_check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(infra_check)
#: Kinds that hold data, or that others may have given.
DATA = {
    "google_bigquery_dataset",
    "google_bigquery_table",
    "google_firestore_database",
    "google_pubsub_subscription",
    "google_pubsub_topic",
    "google_secret_manager_secret",
    "google_storage_bucket",
}


def plan(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HOME / f"adopted-{case}.json").read_text())
    return found


def removed(case: str) -> set[str]:
    """What the plan deletes, or deletes and makes anew."""
    changes = plan(case)["resource_changes"]
    return {c["address"] for c in changes if c["type"] in DATA and "delete" in c["change"]["actions"]}


def imported(case: str) -> dict[str, dict[str, Any]]:
    return {c["address"]: c["change"]["after"] for c in plan(case)["resource_changes"] if c["change"].get("importing")}


@pytest.mark.parametrize("case", ["as_the_guide_says", "database_variable_left_out"])
def test_existing_database_is_never_replaced(case: str) -> None:
    assert len(imported(case)) == 5
    assert removed(case) == set()
    assert imported(case)["google_firestore_database.this"]["location_id"] == "nam5"


def test_the_change_events_follow_the_database() -> None:
    (trigger,) = [
        c["change"]["after"]
        for c in plan("database_variable_left_out")["resource_changes"]
        if c["type"] == "google_eventarc_trigger"
    ]
    assert trigger["location"] == "nam5"


def test_a_dataset_elsewhere_stops_the_plan_and_says_where() -> None:
    said = plan("dataset_variable_left_out")["error"]
    assert "us-west2: set bigquery_location" in re.sub(r"[\s│]+", " ", said)
    assert "must be replaced" not in said


def test_unadopted_resources_would_be_replaced() -> None:
    assert removed("without_care") == {
        "google_firestore_database.this",
        'google_bigquery_dataset.this["nba_predictions"]',
        'google_bigquery_dataset.this["nba_orchestration"]',
    }


def test_an_existing_key_edition_or_tag_stays() -> None:
    """Each attribute that infra/ does not set and whose change makes an object anew, or takes its key away."""
    for address, after in imported("as_the_guide_says").items():
        odd = infra_check.ODD[address.partition(".")[0]]
        assert _set({name: after[name] for name in odd}) == odd, address


def _set(value: Any) -> Any:
    """A planned value without what is null in it."""
    if isinstance(value, dict):
        return {name: _set(inner) for name, inner in value.items() if inner is not None}
    return [_set(inner) for inner in value] if isinstance(value, list) else value


def test_location_care_alone_would_replace_data() -> None:
    assert removed("of_locations_only") == {
        "google_firestore_database.this",
        'google_bigquery_dataset.this["nba_predictions"]',
        'google_bigquery_dataset.this["nba_orchestration"]',
    }


def test_guides_import_commands_are_the_tested_ones() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text() + (ROOT / "docs" / "taking-over.md").read_text()
    said = re.findall(r"^terraform -chdir=infra import '?([\w.\[\]\"-]+?)'? ", text, re.MULTILINE)
    assert set(said) == set(imported("as_the_guide_says"))
