"""A prediction is computed again from what was kept, and the result says what is another than it was."""

from __future__ import annotations

import json

import pytest

from regen.client import recomputing
from regen.client.alike import alike
from regen.client.errors import NothingFound
from regen.client.recomputing import OTHER, SAME, UNLIKE, WITHOUT, as_record, recompute
from regen.sql.render import source
from regen.systems import load_artefact, system_ids
from support.bench import Bench
from support.league import DAY
from support.played import as_read, played_bench, row_of


@pytest.fixture(scope="module")
def played() -> Bench:
    return played_bench()


def test_every_row_comes_out_as_it_stands(played: Bench) -> None:
    rows = [row for row in played.warehouse.predictions(DAY) if row["player_lookup"] == "playera"]
    assert {row["system_id"] for row in rows} == set(system_ids())
    for row in rows:
        found = recompute(as_read(row), played.archive, lambda: "test")
        assert (found.verdict, found.why, found.problem) == (SAME, (), None)
        assert found.values["predicted_points"].now == row["predicted_points"]
        assert found.code.same
        assert found.artefact.same
        assert found.inputs.same


def test_the_statement_reads_every_value_that_is_compared(played: Bench) -> None:
    text = source("explain_row")
    found = recompute(row_of(played), played.archive, lambda: "test")
    assert [name for name in (*found.values, "inputs_hash", "code_version", "batch_id") if name not in text] == []
    assert not found.values.keys() & UNLIKE


def test_other_code_is_named_if_the_value_is_another(played: Bench) -> None:
    row = {**row_of(played), "predicted_points": 3.5, "code_version": "0.0.9+older"}
    found = recompute(row, played.archive, lambda: "test")
    assert found.verdict == OTHER
    assert found.why == ("the code is another: 0.0.9+older made the row, this is test",)
    assert [name for name, pair in found.values.items() if not pair.same] == ["predicted_points"]
    same = recompute({**row_of(played), "code_version": "0.0.9+older"}, played.archive, lambda: "test")
    assert (same.verdict, same.code.same) == (SAME, False)


def test_a_column_of_a_later_release_is_no_difference(played: Bench) -> None:
    row = {**row_of(played), "prediction_sd": None, "code_version": "0.0.9+older"}
    assert recompute(row, played.archive, lambda: "test").verdict == SAME
    assert recompute({**row, "code_version": "test"}, played.archive, lambda: "test").verdict == OTHER


def test_a_restored_row_comes_out_of_its_first_inputs(played: Bench) -> None:
    row = {**row_of(played), "prediction_id": "another", "restored_from_prediction_id": row_of(played)["prediction_id"]}
    assert recompute(row, played.archive, lambda: "test").verdict == SAME


def test_an_artefact_of_an_older_release_is_read(played: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "shipped_texts", dict)
    found = recompute(row_of(played), played.archive, lambda: "test")
    assert (found.verdict, found.artefact.now) == (SAME, load_artefact().hash)


def test_a_lost_artefact_is_named(played: Bench) -> None:
    row = {**row_of(played), "ml_model_id": "0123456789abcdef", "model_version": "1-0123456789abcdef"}
    found = recompute(row, played.archive, lambda: "test")
    assert found.verdict == OTHER
    assert found.why == ("the artefact is another: 0123456789abcdef is neither in this release nor in the archive",)


def test_inputs_with_another_hash_are_named(played: Bench) -> None:
    found = recompute({**row_of(played), "inputs_hash": "0" * 32, "predicted_points": 1.0}, played.archive, lambda: "t")
    assert any(why.startswith("the inputs are others") for why in found.why)


def test_a_row_that_is_no_more_predicted_says_why(played: Bench) -> None:
    found = recompute({**row_of(played), "current_points_line": 40.5}, played.archive, lambda: "test")
    assert (found.verdict, found.problem) == (WITHOUT, "predicted at other lines: 19.5, 24.5")


def test_a_row_without_kept_inputs_is_not_found(played: Bench) -> None:
    row = row_of(played)
    with pytest.raises(NothingFound, match="are not kept"):
        recompute({**row, "batch_id": "regen_2026-01-20_late_00000000"}, played.archive, lambda: "test")
    with pytest.raises(NothingFound, match="was not made by regen"):
        recompute({**row, "batch_id": None}, played.archive, lambda: "test")


def test_the_record_is_json(played: Bench) -> None:
    found = json.loads(json.dumps(as_record(recompute(row_of(played), played.archive, lambda: "test"))))
    assert (found["verdict"], found["line"], found["code_version"]) == (
        SAME,
        19.5,
        {"then": "test", "now": "test", "same": True},
    )
    assert {"column": "recommendation", "then": "OVER", "now": "OVER", "same": True} in found["values"] or any(
        value["column"] == "recommendation" for value in found["values"]
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (21.5, 21.500000000001, True),
        (21.5, 21.6, False),
        (1, True, False),
        (None, 0.0, False),
        ("2026-01-20T08:00:00+00:00", "2026-01-20T03:00:00-05:00", True),
        ("2026-01-20", "2026-01-21", False),
        ({"a": [1.0, "x"]}, {"a": [1, "x"]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
    ],
)
def test_values_are_alike_however_they_are_written(one: object, other: object, same: object) -> None:
    assert alike(one, other) is same
