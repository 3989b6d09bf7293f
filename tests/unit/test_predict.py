"""One player to an outcome: gates with their reasons, rows with keys and sides that agree, and what data made them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regen.domain.batch import Batch, Kind, Status
from regen.domain.feature_versions import FeatureVersions
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.result_rows import prediction_row, run_row
from regen.domain.values import replace
from support.league import TIP_OFF, config, entry

SYSTEMS = ("steady", "bold")
PROVENANCE = (
    "data_source_tier", "feature_version", "feature_version_hash", "inputs_hash", "model_version", "code_version",
)  # fmt: skip


def inputs(**what: Any) -> PlayerInputs:
    known = entry("p").inputs
    assert known is not None
    return replace(known, **what)


def outcome(given: PlayerInputs, version: str | None = "v1", quality: float = 50.0) -> Outcome:
    gate = Gate(None if version is None else FeatureVersions((version,)), quality)
    return predict_player(given, config().run_for(SYSTEMS, "v1"), SYSTEMS, gate, Naming("b", 1))


def batch() -> Batch:
    at = TIP_OFF
    made = Batch(
        "b",
        Kind.REGENERATION,
        inputs().game_date,
        "x",
        Status.VERIFYING,
        "t",
        at,
        at,
        at,
        at,
        thresholds={},
        min_minutes=15.0,
    )
    return replace(made, code_version="c1")


def rows(found: Outcome) -> list[dict[str, Any]]:
    return [prediction_row(batch(), found, made, TIP_OFF) for made in found.predictions]


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        ({"injury_status": "out"}, OutcomeKind.SKIPPED, "out"),
        ({"feature_version": "v0"}, OutcomeKind.FAILED, "feature_version_mismatch"),
        ({"features": {"form": float("inf")}}, OutcomeKind.FAILED, "invalid_features"),
        ({"feature_quality": float("nan")}, OutcomeKind.FAILED, "invalid_features"),
        ({"feature_quality": 49.9}, OutcomeKind.SKIPPED, "low_quality"),
        ({"recent_games": ()}, OutcomeKind.SKIPPED, "no_history"),
        ({"features": {"form": None}}, OutcomeKind.SKIPPED, "no_form"),
        ({"features": {"form": 20.0, "broken": 1.0}}, OutcomeKind.FAILED, "system_error"),
    ],
)
def test_a_gate_gives_an_outcome_with_its_reason_and_no_row(
    what: dict[str, Any], kind: OutcomeKind, reason: str
) -> None:
    found = outcome(inputs(**what))
    assert (found.kind, found.reason, found.predictions) == (kind, reason, ())
    assert found.provenance is not None
    run = run_row(batch(), found, TIP_OFF)
    assert reason in {run["skip_reason"], run["error_type"]}
    assert run["success"] is False


def test_value_at_the_threshold_passes() -> None:
    assert outcome(inputs(feature_quality=50.0)).kind is OutcomeKind.PRODUCED


def test_every_row_says_which_data_and_which_code_made_it() -> None:
    given = inputs(shot_zones_source="bigdataball")
    made = rows(outcome(given))
    assert len(made) == len(SYSTEMS)
    for row in made:
        assert all(row[name] for name in PROVENANCE), row
        assert (row["data_source_tier"], row["shot_zones_source"]) == ("GOLD", "bigdataball")
        assert (row["feature_version_hash"], row["inputs_hash"]) == (given.feature_hash, given.inputs_hash())
        assert row["code_version"] == "c1"


def test_input_hash_changes_exactly_with_the_inputs() -> None:
    hashes = {
        outcome(given).provenance.inputs_hash  # type: ignore[union-attr]
        for given in (inputs(), inputs(), inputs(home=False), inputs(lines=()), inputs(shot_zones_source="nbac"))
    }
    assert len(hashes) == 4


def test_player_with_placeholder_lines_only_has_no_line() -> None:
    given = inputs(features={"form": 8.0}, lines=(Line(20.0, "draftkings"), Line(8.5, "fanduel")))
    for row in rows(outcome(given)):
        assert (row["current_points_line"], row["sportsbook"]) == (8.5, "fanduel")
        assert row["warnings"] == ["line_placeholder:draftkings:20.0"]
    games = tuple(replace(game, points=8) for game in given.recent_games)
    for row in rows(outcome(replace(given, recent_games=games, lines=(Line(20.0, "draftkings"),)))):
        assert (row["recommendation"], row["has_prop_line"], row["line_source"]) == ("NO_LINE", False, "NO_PROP_LINE")
        assert row["warnings"] == ["line_placeholder:draftkings:20.0"]


def test_only_an_integer_line_can_push() -> None:
    made = {row["current_points_line"]: row for row in rows(outcome(inputs(lines=(Line(24.5, "a"), Line(25.0, "a")))))}
    assert made[24.5]["over_probability"] > made[25.0]["over_probability"]


@given(
    st.floats(0, 45),
    st.lists(st.integers(1, 100).map(lambda halves: halves / 2), min_size=1, max_size=5, unique=True),
)
def test_each_line_has_its_own_consistent_row(form: float, lines: list[float]) -> None:
    found = outcome(inputs(features={"form": form}, lines=tuple(Line(line, "fanduel") for line in lines)))
    used = {made.line for made in found.predictions}
    assert used == {line for line in lines if not any(f"fanduel:{line}" in w for w in found.predictions[0].warnings)}
    made = rows(found)
    assert len(made) == len(SYSTEMS) * len(used)
    assert len({row["prediction_id"] for row in made}) == len(made)
    assert len({(row["system_id"], row["current_points_line"]) for row in made}) == len(made)
    for row in made:
        margin = row["line_margin"]
        if row["recommendation"] == "OVER":
            assert margin > 0
        if row["recommendation"] == "UNDER":
            assert margin < 0
        assert (row["recommendation"] == "NO_LINE") == (row["current_points_line"] is None)
        assert row["is_actionable"] == (row["recommendation"] in {"OVER", "UNDER"})
