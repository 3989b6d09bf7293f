"""Grades: predictions beside what was scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Graded:
    """What a grading of one date brought.

    Attributes:
        gradable: current predictions whose game has been played.
        graded: of those, the ones with a grade; never more.
        voided: graded predictions of players who did not play.
        superseded: grades of predictions that are not current any more; kept, labelled.
        mae: mean absolute error of the ensemble's current predictions, None where nothing is graded.
    """

    game_date: date
    gradable: int
    graded: int
    voided: int
    superseded: int
    mae: float | None
