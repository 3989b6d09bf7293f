"""What a grade is made of: a complete box score, once, whatever is half loaded, corrected or asked for again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud import bigquery

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.grading import Graded
from regen.domain.values import replace
from regen.ports import Ledger
from regen.schemas import table
from regen.sql import render
from support.box_scores import GAME, box, scored
from support.warehouse_rows import old
from support.warehouses import DAY, MemoryHarness, at

LATER = datetime(2026, 2, 3, tzinfo=UTC)
Rows = list[dict[str, Any]]


class Book:
    """A ledger, what is put into it, and the grades in it."""

    def __init__(self, ledger: Ledger, load: Callable[[Rows], None], grades: Callable[[], Rows]) -> None:
        self.ledger, self.load, self._grades = ledger, load, grades

    def grade(self, minute: int = 0) -> Graded:
        (found,) = self.ledger.grade(DAY, DAY, at(minute))
        return found

    def points(self) -> dict[str, int | None]:
        found = {g["player_lookup"]: g["actual_points"] for g in self._grades()}
        assert len(found) == len(self._grades()), "one grade each"
        return found


@pytest.fixture(params=["memory", "googlesql"])
def book(request: pytest.FixtureRequest) -> Book:
    seed = [old(player, "ensemble_v1", 24.5) for player in ("anton", "bela")]
    if request.param == "memory":
        memory = MemoryHarness()
        memory.seed(seed)
        ledger = MemoryLedger(memory.warehouse)
        return Book(ledger, ledger.scores.extend, lambda: list(ledger.grades.values()))
    found = EvaluatorHarness()
    found.seed(seed)
    return Book(
        found.ledger,
        lambda rows: found.load("player_game_summary", rows),
        lambda: found.table("prediction_accuracy"),
    )


@pytest.mark.parametrize(
    "lacking",
    [
        lambda row: row["team_abbr"] == "BOS",
        lambda row: row["player_lookup"] == "bos7",
        lambda row: row["player_lookup"] in {"bos0", "anton"},
    ],
    ids=["one team", "one player of eight", "a player of each"],
)
def test_incomplete_box_score_grades_no_player(book: Book, lacking: Callable[[dict[str, Any]], bool]) -> None:
    whole = box(anton=25, bela=None)
    book.load([row for row in whole if not lacking(row)])
    found = book.grade()
    assert (found.gradable, found.graded, found.voided, found.waiting) == (0, 0, 0, (GAME,))
    assert book.points() == {}
    book.load([row for row in whole if lacking(row)])
    assert book.grade(1).waiting == ()
    assert book.points() == {"anton": 25, "bela": None}


def test_box_score_with_too_few_minutes_is_incomplete(book: Book) -> None:
    short = {"minutes_played": 29.25}
    book.load([{**row, **(short if row["team_abbr"] == "BOS" else {})} for row in box(anton=25)])
    assert book.grade().waiting == (GAME,)
    book.load([scored("bos8", 2, 1.0, team_abbr="BOS")])
    assert book.grade(1).waiting == ()
    assert book.points() == {"anton": 25, "bela": None}


def test_a_player_with_minutes_and_no_points_is_not_voided(book: Book) -> None:
    book.load(
        [{**row, **({"points": None} if row["player_lookup"] == "bela" else {})} for row in box(anton=25, bela=3)]
    )
    found = book.grade()
    assert (found.gradable, found.graded, found.voided) == (2, 1, 0)
    assert book.points() == {"anton": 25}


@pytest.mark.parametrize("sent", [{"points": 0}, {"points": 5}, {"points": None}], ids=["zeros", "few", "none"])
def test_a_game_is_not_graded_by_points_that_come_later(book: Book, sent: dict[str, Any]) -> None:
    """Minutes come first in some feeds, and every player stands with zero points until the rest is there."""
    whole = box(anton=25, bela=3)
    book.load([{**row, **(sent if row["team_abbr"] == "BOS" else {})} for row in whole])
    assert book.grade().waiting == (GAME,)
    assert book.points() == {}
    book.load([{**row, "processed_at": LATER} for row in whole])
    assert book.grade(1).waiting == ()
    assert book.points() == {"anton": 25, "bela": 3}


def test_grade_survives_a_reloaded_box_score(book: Book) -> None:
    book.load(box(anton=25, bela=3))
    before = book.grade()
    book.load([{**row, "minutes_played": None, "processed_at": LATER} for row in box() if row["team_abbr"] == "BOS"])
    again = book.grade(1)
    assert (again.waiting, again.superseded) == ((GAME,), 0)
    assert book.points() == {"anton": 25, "bela": 3}
    assert before.graded == 2


def test_redelivered_grade_message_grades_once(book: Book) -> None:
    book.load(box(anton=25, bela=3))
    assert book.grade() == book.grade(1) == book.grade(2)
    assert book.points() == {"anton": 25, "bela": 3}


@pytest.mark.parametrize("corrected", [{"points": 27}, {"minutes_played": 26.5}])
def test_a_corrected_box_score_is_graded_again(book: Book, corrected: dict[str, Any]) -> None:
    book.load(box(anton=25, bela=3))
    book.grade()
    book.load([{**scored("anton", 25), **corrected, "processed_at": LATER}])
    book.grade(1)
    (anton,) = [g for g in book._grades() if g["player_lookup"] == "anton"]
    assert {name: anton["actual_points" if name == "points" else name] for name in corrected} == corrected
    assert anton["graded_at"] == at(1)


def theirs(player: str, points: int, **more: Any) -> dict[str, Any]:
    """A grade that the predecessor made: it has no column for the id of a prediction."""
    key = {"game_date": DAY, "game_id": GAME, "player_lookup": player, "system_id": "ensemble_v1"}
    error = abs(18 - points)
    return {
        **key,
        "predicted_points": 18.0,
        "actual_points": points,
        "absolute_error": error,
        "is_voided": False,
        **more,
    }


def adopted() -> EvaluatorHarness:
    """A warehouse whose table of grades was the predecessor's: regen's columns were added, and may be empty."""
    made = EvaluatorHarness()
    fields = [
        replace(f, mode="NULLABLE" if f.mode == "REQUIRED" else f.mode) for f in table("prediction_accuracy").fields
    ]
    made.engine.create(made.name("prediction_accuracy"), fields)
    return made


def test_the_predecessors_grades_are_matched_by_key_and_stay() -> None:
    made = adopted()
    made.seed([old(player, "ensemble_v1", 24.5) for player in ("anton", "bela")])
    made.load("prediction_accuracy", [theirs("anton", 25), theirs("gone", 4)])
    made.load("player_game_summary", box(anton=25, bela=3))
    (found,) = made.ledger.grade(DAY, DAY, at(0))
    assert (found.gradable, found.graded, found.mae) == (2, 2, 11.0)
    grades = {g["player_lookup"]: g for g in made.table("prediction_accuracy")}
    assert len(grades) == len(made.table("prediction_accuracy")) == 3
    assert [grades[p]["prediction_id"] is None for p in ("anton", "gone", "bela")] == [True, True, False]
    assert grades["anton"]["is_superseded_prediction"] is None
    broken = {one.name: one.violations for one in made.ledger.verify(DAY, DAY, at(1), 90.0)}
    assert broken["grades_agree"] == 0


def test_a_new_prediction_is_graded_beside_the_predecessors() -> None:
    made = adopted()
    made.seed([old("anton", "ensemble_v1", 24.5, superseded=True), old("anton", "ensemble_v1", 25.5, batch_id="b1")])
    made.load("prediction_accuracy", [theirs("anton", 25)])
    made.load("player_game_summary", box(anton=25))
    (found,) = made.ledger.grade(DAY, DAY, at(0))
    assert (found.gradable, found.graded) == (1, 1)
    grades = made.table("prediction_accuracy")
    assert sorted(g["prediction_id"] or "" for g in grades) == ["", "old-anton-ensemble_v1-25.5"]
    text = render("accuracy", made.names)
    rows, _ = made.engine.script(text, [day_parameter("first"), day_parameter("last")])
    assert [row["graded"] for row in rows] == [1], "each prediction counts once"


def test_minutes_that_the_table_rounds_are_no_correction(book: Book) -> None:
    book.load(box(anton=25, bela=3))
    book.grade()
    exact = {**scored("anton", 25), "processed_at": LATER}
    book.load([{**exact, "minutes_played": float(exact["minutes_played"]) + 0.04}])
    before = {g["player_lookup"]: g["graded_at"] for g in book._grades()}
    book.grade(1)
    assert {g["player_lookup"]: g["graded_at"] for g in book._grades()} == before


def day_parameter(name: str) -> dict[str, Any]:
    """The test's date as a parameter of a statement."""
    return bigquery.ScalarQueryParameter(name, "DATE", DAY).to_api_repr()
