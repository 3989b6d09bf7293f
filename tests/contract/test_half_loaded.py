"""A player's half-loaded row waits, and so does a game of whose overtime one team's minutes are missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.grading import Graded
from regen.ports import Ledger
from support.box_scores import GAME, box, scored
from support.warehouse_rows import challenger, old
from support.warehouses import DAY, MemoryHarness, at

Row = dict[str, Any]
Rows = list[Row]
LATER = datetime(2026, 2, 3, tzinfo=UTC)
PLAYERS = ("anton", "bela")


class Book:
    """Predictions of two players, current and a challenger's, with their grades."""

    def __init__(
        self,
        ledger: Ledger,
        load: Callable[[Rows], None],
        grades: Callable[[], Rows],
        challenged: Callable[[], Rows],
    ) -> None:
        self.ledger, self.load, self._grades, self._challenged = ledger, load, grades, challenged

    def grade(self, minute: int = 0) -> Graded:
        self.ledger.grade_challengers(DAY, DAY, at(minute))
        (found,) = self.ledger.grade(DAY, DAY, at(minute))
        return found

    def points(self) -> dict[str, int | None]:
        """The graded points of each player who has a grade; the same of both kinds of predictions."""
        found = {g["player_lookup"]: g["actual_points"] for g in self._grades()}
        theirs = {g["player_lookup"]: g["actual_points"] for g in self._challenged() if g.get("graded_at")}
        assert found == theirs
        return found


@pytest.fixture(params=["memory", "googlesql"])
def book(request: pytest.FixtureRequest) -> Book:
    seed = [old(player, "ensemble_v1", 24.5, injury_status_at_prediction="available") for player in PLAYERS]
    theirs = [challenger("b1", player, 24.5) for player in PLAYERS]
    made = MemoryHarness() if request.param == "memory" else EvaluatorHarness()
    made.seed(seed)
    made.warehouse.keep_challengers("b1", 1, theirs)
    if isinstance(made, MemoryHarness):
        warehouse, ledger = made.warehouse, MemoryLedger(made.warehouse)
        grades = lambda: list(ledger.grades.values())  # noqa: E731
        return Book(ledger, ledger.scores.extend, grades, lambda: [dict(r) for r in warehouse.challengers(DAY)])
    return Book(
        made.ledger,
        lambda rows: made.load("player_game_summary", rows),
        lambda: made.table("prediction_accuracy"),
        lambda: made.table("prediction_challengers"),
    )


def changed(rows: Rows, player: str, **values: Any) -> Rows:
    return [{**row, **(values if row["player_lookup"] == player else {})} for row in rows]


HALVES: dict[str, Row] = {
    "points, no minutes": {"points": 25, "minutes_played": None},
    "points, zero minutes": {"points": 25, "minutes_played": 0},
    "a point, zero minutes": {"points": 1, "minutes_played": 0.0},
    "points, minutes below zero": {"points": 25, "minutes_played": -1},
    "nothing but minutes below zero": {"points": None, "minutes_played": -1},
    "minutes, no points": {"points": None, "minutes_played": 2.0},
    "minutes, points below zero": {"points": -1, "minutes_played": 2.0},
}


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_a_player_of_a_half_loaded_row_waits(book: Book, half: Row) -> None:
    """A vendor sends points before minutes, or a placeholder for either: the player has played, or nothing says that he has not."""
    whole = changed(box(anton=25), "nyk0", minutes_played=28.0)
    book.load([*whole, {**scored("bela", 3, 2.0), **half}])
    found = book.grade()
    assert (found.gradable, found.graded, found.voided, found.waiting) == (2, 1, 0, ())
    assert book.points() == {"anton": 25}
    book.load([{**scored("bela", 3, 2.0), "processed_at": LATER}])
    assert (book.grade(1).graded, book.points()) == (2, {"anton": 25, "bela": 3})


@pytest.mark.parametrize("points", [None, 0])
@pytest.mark.parametrize("minutes", [None, 0])
def test_a_row_without_minutes_and_points_did_not_play(book: Book, points: int | None, minutes: int | None) -> None:
    book.load([*box(anton=25), {**scored("bela", 0), "points": points, "minutes_played": minutes}])
    found = book.grade()
    assert (found.graded, found.voided, book.points()) == (2, 1, {"anton": 25, "bela": None})


@pytest.mark.parametrize("half", list(HALVES.values())[:5], ids=list(HALVES)[:5])
def test_a_grade_outlives_a_row_half_loaded_again(book: Book, half: Row) -> None:
    whole = box(anton=25, bela=3)
    book.load(whole)
    book.grade()
    rest = [{**row, "minutes_played": 30.0} for row in whole if row["player_lookup"].startswith("nyk")]
    book.load([{**row, "processed_at": LATER} for row in [*rest, {**scored("bela", 3), **half}]])
    assert book.grade(1).waiting in {(), (GAME,)}
    assert book.points() == {"anton": 25, "bela": 3}


def overtime(nyk: float, bos: float, **points: int | None) -> Rows:
    """A box score whose teams have these minutes in total; the players belong to the first and have 30 minutes each."""
    rest = nyk - 30.0 * sum(value is not None for value in points.values())
    shares = {"NYK": rest / 8, "BOS": bos / 8}
    rows = [row for row in box(**points) if row["player_lookup"] in points]
    return rows + [scored(f"{t.lower()}{n}", 12, m, team_abbr=t) for t, m in shares.items() for n in range(8)]


@pytest.mark.parametrize(
    ("nyk", "bos"),
    [(235.0, 265.0), (240.0, 265.0), (245.0, 265.0), (259.0, 265.0), (265.0, 240.0), (265.0, 290.0), (240.0, 246.0)],
)
def test_overtime_of_which_one_team_lacks_minutes_waits(book: Book, nyk: float, bos: float) -> None:
    book.load(overtime(nyk, bos, anton=25))
    assert book.grade().waiting == (GAME,)
    assert book.points() == {}
    most = max(nyk, bos)
    book.load([{**row, "processed_at": LATER} for row in overtime(most, most, anton=25, bela=3)])
    assert book.grade(1).waiting == ()
    assert book.points() == {"anton": 25, "bela": 3}


@pytest.mark.parametrize(
    ("nyk", "bos"), [(240.0, 235.0), (239.6, 240.4), (265.0, 265.2), (268.0, 264.0), (290.0, 288.0)]
)
def test_teams_whose_minutes_are_rounded_are_complete(book: Book, nyk: float, bos: float) -> None:
    book.load(overtime(nyk, bos, anton=25, bela=3))
    assert book.grade().waiting == ()
    assert book.points() == {"anton": 25, "bela": 3}


def test_a_row_of_no_team_holds_up_no_game(book: Book) -> None:
    """A player whose team is misspelt makes no third team; his own then lacks his minutes."""
    book.load([*box(anton=25, bela=3), scored("carl", 2, 1.0, team_abbr="NY"), scored("dora", 0, 0.0, team_abbr="NYX")])
    assert book.grade().waiting == ()
    book.load([{**scored("anton", 25, team_abbr="NYX"), "processed_at": LATER}])
    assert book.grade(1).waiting == (GAME,)


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_without_its_time_is_the_oldest(book: Book, order: int) -> None:
    newest = [*box(anton=25, bela=3), {**scored("anton", 2), "processed_at": None}]
    book.load(newest[::order])
    book.grade()
    assert book.points() == {"anton": 25, "bela": 3}


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_minutes_that_are_no_number_hold_up_one_game(odd: float) -> None:
    """Only an adopted table of floats can hold them, and it must not keep the other games of the range from their grades."""
    memory = MemoryHarness()
    memory.seed([old("anton", "ensemble_v1", 24.5), {**old("bela", "ensemble_v1", 24.5), "game_id": "another"}])
    ledger = MemoryLedger(memory.warehouse)
    ledger.scores.extend([*changed(box(anton=25), "nyk0", minutes_played=odd), *box("another", bela=3)])
    (found,) = ledger.grade(DAY, DAY, at(0))
    assert (found.graded, found.waiting) == (1, (GAME,))
