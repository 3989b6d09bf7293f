"""The watch over shot zones by effect: what to do about dates whose current predictions rest on zones that the store has replaced.

It needs no flag of upstream's. Upstream's hash of the zones is stored with each prediction; where the feature store has
another one now, the prediction is behind. A row without a hash says nothing. `data_hash` moves with lines all day and does
not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain import watching
from regen.domain.bdb import FIRST_PAUSE
from regen.domain.words import counted

WHOLE_DATE = "date"
"""The scope of a regeneration that covers more than the players whose zones are others."""


class ZonesAct(StrEnum):
    """The action of a scan on a date."""

    REGENERATE = "regenerate"
    WAIT = "wait"
    GIVE_UP = "give_up"
    """As many regenerations as are tried did not bring the zones in."""


class ZoneDrift(Struct, frozen=True):
    """A player whose current predictions rest on other shot zones than the store has.

    Attributes:
        was: the hash that the predictions rest on.
        zones: the hash that the store has now.
        written_at: when the newest feature row of the date was made.
    """

    game_date: date
    game_id: str
    player_lookup: str
    was: str
    zones: str
    written_at: datetime


class Patience(Struct, frozen=True):
    """The settings of the watch.

    Attributes:
        hold_down: how long a date's newest feature row must be written before the date is taken as complete: upstream
            truncates a date and writes it anew.
        dates: the most dates of one scan.
    """

    hold_down: timedelta
    dates: int


def decide(
    drifts: Sequence[ZoneDrift], asked: Sequence[datetime], now: datetime, patience: Patience, started: int
) -> tuple[ZonesAct, str]:
    """Decide what to do about one date, and say why.

    Args:
        drifts: the players of the date, at least one.
        asked: when a regeneration was asked for because of exactly these zones.
        started: how many dates this scan regenerates already.
    """
    if asked and now - asked[-1] < watching.pause_after(len(asked), FIRST_PAUSE):
        return ZonesAct.WAIT, f"attempt {len(asked)} is under way"
    if len(asked) >= watching.MAX_ATTEMPTS:
        return ZonesAct.GIVE_UP, f"{len(asked)} regenerations did not bring the zones in"
    written = max(drift.written_at for drift in drifts)
    if now - written < patience.hold_down:
        return ZonesAct.WAIT, f"its features were written at {written:%H:%M} UTC, and may not be complete"
    if started >= patience.dates:
        return ZonesAct.WAIT, f"a scan regenerates {counted(patience.dates, 'date')} at most"
    return ZonesAct.REGENERATE, f"{len(drifts)} players' predictions rest on other shot zones"
