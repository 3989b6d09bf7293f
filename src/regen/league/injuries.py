"""Injuries and rest: the players affected, for how long, and their status on the availability report."""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

from regen.features.records import InjuryReport
from regen.league.players import Player

UNHEARD = 0.75
"""Share of new absences that no report tells: how little news is worth in this league.

At 0.75 the reports take about as much error from the shipped ensemble as those of the real league do, see docs/data.md. The
lower it is, the more they are worth.
"""
_ONSET = 0.064
_REASONS = (
    "Left Ankle; Sprain",
    "Right Knee; Soreness",
    "Left Hamstring; Strain",
    "Lower Back; Spasms",
    "Illness; Illness",
    "Right Wrist; Sprain",
    "Left Calf; Strain",
    "Right Hip; Contusion",
    "Left Foot; Soreness",
    "Right Thumb; Sprain",
)
_TWO_WAY_PLACE = 13
_TWO_WAY = "G League - Two-Way"
_MANAGEMENT = "Injury/Illness - Injury Management"


def strike(random: Random, player: Player, day: date, place: int) -> None:
    """Draw whether an available player is injured or rested, until when, and why."""
    if place >= _TWO_WAY_PLACE:
        if random.random() < 0.55:
            player.back, player.reason = day + timedelta(days=1), _TWO_WAY
    elif random.random() < _ONSET * player.frailty:
        if random.random() < 0.45:
            player.back, player.reason = day + timedelta(days=random.choice((1, 2))), _MANAGEMENT
        else:
            days = max(2, min(75, round(random.lognormvariate(math.log(9), 0.9))))
            player.back, player.reason = day + timedelta(days=days), "Injury/Illness - " + random.choice(_REASONS)
            player.rust = 0.04 if days < 7 else 0.10 if days < 15 else 0.25


def absent_status(random: Random, *, fresh: bool, unheard: float) -> str | None:
    """The reported status of a player who will not play; None if the report does not list the player."""
    draw = random.random()
    if fresh and draw < unheard:  # scratched after the last report
        return None if draw < 0.3 else "questionable" if draw < 0.6 else "probable"
    if draw < 0.06:
        return "questionable"
    return "doubtful" if draw > 0.96 else "out"


def present_status(random: Random) -> str | None:
    """The reported status of a player who will play."""
    draw = random.random()
    return "questionable" if draw < 0.025 else "probable" if draw < 0.045 else "available" if draw < 0.06 else None


def report(player: Player, day: date, status: str) -> InjuryReport:
    """One row of the report."""
    reason = player.reason if player.back > day else "Injury/Illness - Left Ankle; Soreness"
    return InjuryReport(day, player.key, status, player.team, reason, day)
