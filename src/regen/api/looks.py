"""What the looks at the tables are answered: late data, invariants, grades."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import field

from regen.api.words import Answer, one_of
from regen.domain.bdb import BdbAct
from regen.domain.grading import Graded
from regen.domain.invariants import Finding
from regen.domain.zones import ZonesAct


class ScannedGame(Answer, frozen=True, kw_only=True):
    """A game that was looked at, with what was decided and why.

    Attributes:
        stale_players: players whose current predictions rest on older features; `fresh_players` the others.
    """

    game_date: date
    game_id: str
    was: str
    act: Annotated[str, one_of(*BdbAct)]
    why: str
    attempts: int
    stale_players: int
    fresh_players: int


class ScannedDate(Answer, frozen=True, kw_only=True):
    """A date whose current predictions rest on other shot zones than the feature store has, and what was decided and why.

    Attributes:
        players: those whose zones are others.
    """

    game_date: date
    act: Annotated[str, one_of(*ZonesAct)]
    why: str
    players: list[str]


class Scan(Answer, frozen=True, kw_only=True):
    """What a scan for late data saw and did.

    Attributes:
        triggered: dates for which a regeneration was asked for, because of a flag or of other shot zones.
        counts: games by what was decided.
        zones: dates with other shot zones, the newest first.
    """

    triggered: list[date]
    games: list[ScannedGame]
    counts: dict[str, int]
    zones: list[ScannedDate] = field(default_factory=list)


class Findings(Answer, frozen=True, kw_only=True):
    """What each invariant of the tables found, over some dates.

    Attributes:
        filled: with `fill`, the dates of which the missing players are started; with `dry_run`, would be.
    """

    from_: date = field(name="from")
    to: date
    findings: list[Finding]
    filled: list[date] = field(default_factory=list)


class GradedDate(Answer, frozen=True, kw_only=True):
    """A date that would be graded."""

    game_date: date


class WouldGrade(Answer, frozen=True, kw_only=True):
    """The dates that would be graded."""

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    dates: list[GradedDate]


class Grades(Answer, frozen=True, kw_only=True):
    """What the grades of each date brought."""

    dates: list[Graded]
