"""Grades: predictions compared with the points scored."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

COMPLETE_PLAYERS, COMPLETE_MINUTES, COMPLETE_POINTS = 8, 235, 45
"""A box score is complete when each of its two teams has at least this many players with minutes, minutes and points in total.

No team has scored fewer than 49 since there is a shot clock (Chicago, 10 April 1999): less is a feed that sends zeros first.
"""
AGREEING_MINUTES = 5
"""The minutes of both teams differ by no more than this: they play the same game, 240 minutes and 25 for each overtime.

It keeps a game in overtime waiting that lacks a player's minutes and has 235 without them. Of 1,194 games of two seasons none
differs by more than 0.2 minutes; rounded to tenths by 0.4, and to whole minutes by 5.
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
