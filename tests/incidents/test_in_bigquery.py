"""A, C, E: what only BigQuery itself can show, over its emulator: a real audit row, and grades."""

from collections.abc import Iterator
from typing import Any

import pytest

from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.domain.audit import AuditEvent
from regen.domain.errors import InvalidInput
from regen.domain.grading import Graded
from regen.sql import Names
from regen.sql.lists import lists
from support.box_scores import box
from support.warehouse_rows import SYSTEMS, entry, everyone, fence, new, old, promotion, slate, staging
from support.warehouses import DAY, PROJECT, BigQueryHarness, at

PLAYERS = ("gradedone", "gradedtwo")
SCORED = {"gradedone": 30, "gradedtwo": 12}


@pytest.fixture
def harness(bigquery_harness: BigQueryHarness) -> BigQueryHarness:
    bigquery_harness.clear()
    return bigquery_harness


def test_i29_a_real_audit_row_is_written_and_read_back(harness: BigQueryHarness) -> None:
    """Intent before, outcome after, with times and JSON as they are; where the audit cannot be written, nothing is done.

    Prevented in: src/regen/sql/promote.sql, src/regen/adapters/bigquery/params.py
    Turns red when: the promotion's script leaves out its audit, or passes metadata without PARSE_JSON.
    """
    written = dict(lists(counted=True))["audit_values"]
    assert "PARSE_JSON(entry.metadata, " in written, "the emulator takes text for JSON, BigQuery does not"
    assert "PARSE_JSON(entry.verdict, " in written
    warehouse = harness.warehouse
    asked = entry("b1", AuditEvent.REQUESTED, at(-5), requested=2)
    warehouse.record([asked])
    warehouse.raise_fence(fence("b1", 1))
    rows = warehouse.stage(staging("b1", 1), everyone("b1", PLAYERS))
    act = promotion("b1", 1, rows)
    broken = entry("b1", AuditEvent.PROMOTED, at(0), requested=2**70)
    with pytest.raises(InvalidInput):
        warehouse.promote(type(act)(**{**_fields(act), "audit": broken}))
    assert harness.predictions(DAY) == []
    warehouse.promote(act)
    audit = {row["event"]: row for row in harness.audit()}
    assert sorted(audit) == ["promoted", "requested"]
    assert (audit["requested"]["regeneration_timestamp"], audit["requested"]["requested"]) == (at(-5), 2)
    done = audit["promoted"]
    assert (done["metadata"], done["verdict"]) == ({"note": "it's late"}, {"coverage": 1.0})
    assert (done["regenerated_count"], done["superseded_count"], done["fence_token"]) == (4, 0, 1)
    assert len(harness.predictions(DAY)) == 4


def _fields(act: Any) -> dict[str, Any]:
    return {name: getattr(act, name) for name in type(act).__struct_fields__}


class _Graded:
    """A date that was played, predicted, graded, promoted anew, and graded twice again."""

    def __init__(self, harness: BigQueryHarness) -> None:
        self.harness = harness
        self.forget()
        harness.seed([old(player, SYSTEMS[0], 24.5) for player in PLAYERS])
        harness.load("player_game_summary", box(**SCORED))
        ledger = BigQueryLedger(harness.warehouse.jobs, Names(PROJECT, harness.prefix))
        self.first = ledger.grade(DAY, DAY, at(1))
        rows = [*slate(*PLAYERS), *(new("b1", player, SYSTEMS[0], 25.0) for player in PLAYERS)]
        harness.warehouse.raise_fence(fence("b1", 1))
        count = harness.warehouse.stage(staging("b1", 1), rows)
        harness.warehouse.promote(promotion("b1", 1, count, minute=2))
        self.second = ledger.grade(DAY, DAY, at(3))
        self.third = ledger.grade(DAY, DAY, at(4))
        self.grades = harness.rows(f"SELECT * FROM `{harness.name('prediction_accuracy')}` WHERE game_date = '{DAY}'")
        self.predictions = {row["prediction_id"]: row for row in harness.predictions(DAY)}

    def forget(self) -> None:
        """Leave nothing for the tests that share the tables."""
        for table in ("prediction_accuracy", "player_game_summary"):
            name = self.harness.name(table)
            self.harness.client.query_and_wait(f"DELETE FROM `{name}` WHERE game_date = '{DAY}'")


@pytest.fixture(scope="module")
def graded(bigquery_harness: BigQueryHarness) -> Iterator[_Graded]:
    """Made once; the three tests read it."""
    bigquery_harness.clear()
    made = _Graded(bigquery_harness)
    yield made
    made.forget()


def test_i09_grades_of_superseded_predictions_say_so(graded: _Graded) -> None:
    """A grade of a superseded prediction is kept and labelled; new rows, and their grades, name what they replace.

    Prevented in: src/regen/sql/grade.sql, src/regen/sql/promote.sql
    Turns red when: grade.sql reads rows whatever `superseded` says, or leaves `original_prediction_id` out.
    """
    assert len(graded.grades) == 4
    for grade in graded.grades:
        row = graded.predictions[grade["prediction_id"]]
        assert grade["is_superseded_prediction"] is bool(row["superseded"])
        if not row["superseded"]:
            assert grade["original_prediction_id"] == row["supersedes_prediction_id"] is not None
            assert (
                graded.predictions[row["supersedes_prediction_id"]]["superseded_by_prediction_id"]
                == row["prediction_id"]
            )


def test_i38_grading_again_changes_nothing(graded: _Graded) -> None:
    """A prediction has one grade, however often its date is graded.

    Prevented in: src/regen/sql/grade.sql
    Turns red when: grade.sql inserts predictions that have a grade already.
    """
    assert graded.third == graded.second
    named = [grade["prediction_id"] for grade in graded.grades]
    assert len(named) == len(set(named)) == 4
    errors = {g["player_lookup"]: g["absolute_error"] for g in graded.grades if not g["is_superseded_prediction"]}
    assert errors == {"gradedone": 8.75, "gradedtwo": 9.25}


def test_i68_a_regeneration_is_graded_again(graded: _Graded) -> None:
    """Graded is never more than gradable, and each grade belongs to a prediction that is there.

    Prevented in: src/regen/sql/grade.sql, src/regen/services/tables/grading.py
    Turns red when: grade.sql grades only dates that have no grades yet.
    """
    day = {"game_date": DAY, "gradable": 2, "graded": 2, "voided": 0, "mae": None}
    assert graded.first == [Graded(**day, superseded=0)]  # type: ignore[arg-type]
    assert graded.second == [Graded(**day, superseded=2)]  # type: ignore[arg-type]
    assert {grade["prediction_id"] for grade in graded.grades} <= set(graded.predictions)
    current = {name for name, row in graded.predictions.items() if not row["superseded"]}
    assert {g["prediction_id"] for g in graded.grades if not g["is_superseded_prediction"]} == current
