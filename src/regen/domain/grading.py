"""Grades: predictions compared with the points scored."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

COMPLETE_PLAYERS, COMPLETE_MINUTES, COMPLETE_POINTS = 8, 235, 45
"""A box score is complete when each of its two teams has at least this many players with minutes, minutes and points in total.

No team has scored fewer than 49 since there is a shot clock (Chicago, 10 April 1999): less is a feed that sends zeros first.
"""


class Graded(Struct, frozen=True):
    """The result of grading one date.

    Attributes:
        gradable: current predictions of games whose box score is complete.
        graded: gradable predictions that have a grade.
        voided: graded predictions of players who did not play.
        superseded: grades of predictions that are no longer current; they are kept and labelled.
        mae: mean absolute error of the ensemble's current predictions, None if nothing is graded.
        waiting: ids of games whose box score is incomplete; none of their predictions is graded yet.
    """

    game_date: date
    gradable: int
    graded: int
    voided: int
    superseded: int
    mae: float | None
    waiting: tuple[str, ...] = ()
