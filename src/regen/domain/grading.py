"""Grades: predictions beside what was scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

COMPLETE_PLAYERS, COMPLETE_MINUTES = 8, 235
"""A box score is complete when each of two teams has so many players with minutes, and so many minutes in all."""


@dataclass(frozen=True, slots=True)
class Graded:
    """What a grading of one date brought.

    Attributes:
        gradable: current predictions of games whose box score is complete.
        graded: of those, the ones with a grade; never more.
        voided: graded predictions of players who did not play.
        superseded: grades of predictions that are not current any more; kept, labelled.
        mae: mean absolute error of the ensemble's current predictions, None where nothing is graded.
        waiting: games with a box score that is not complete, by id: nothing of them is graded yet.
    """

    game_date: date
    gradable: int
    graded: int
    voided: int
    superseded: int
    mae: float | None
    waiting: tuple[str, ...] = ()
