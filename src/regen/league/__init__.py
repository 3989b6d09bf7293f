"""The sample league: an invented season that looks like a real one, generated from a seed.

Players and teams are invented; the distributions are those of real box scores and lines, see docs/data.md. With it every
feature can be tried without outside data. It is no easier to predict than the real league.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from regen.data.csvs import GAME_LOGS, INJURY_REPORTS, PROP_LINES, SHOT_ZONES, DataFolder, FolderReport
from regen.league.files import write_league
from regen.league.injuries import UNHEARD
from regen.league.season import League, play_seasons
from regen.league.sizes import DEMO_PLAYERS

__all__ = [
    "ARRIVED",
    "CLOCK_START",
    "DEMO_CLOCK_START",
    "DEMO_PLAYERS",
    "EVENING",
    "SEED",
    "UNHEARD",
    "League",
    "as_data",
    "generate",
    "write",
]

SEED = 20260131
"""The seed of the league that the demo plays."""
CLOCK_START = "2026-01-26T17:00:00+00:00"
"""The moment from which `regen local up` lives with this league: the demo's dates are over, the late data of the last ones is awaited."""
ARRIVED = frozenset({date(2026, 1, 19)})
"""Dates whose late data has come by then, so that the first scan sees games arriving."""


EVENING = date(2026, 1, 27)
"""The date of the demo's second act: a star who is on no report does not play."""
DEMO_CLOCK_START = "2026-01-28T00:00:00+00:00"
"""The moment from which the demo's stack lives: ninety minutes before the star's game of `EVENING`."""


def generate(seed: int = SEED, unheard: float = UNHEARD) -> League:
    """Generate the league of a seed: the end of one season, and the next one from its first day to 2026-01-31.

    Args:
        seed: another one makes another league.
        unheard: how little availability reports tell, see `regen.league.injuries.UNHEARD`.
    """
    return play_seasons(seed, unheard)


def as_data(league: League) -> DataFolder:
    """A league in the form in which it is read from a data folder."""
    rows = {GAME_LOGS: len(league.logs), PROP_LINES: len(league.lines)}
    rows |= {SHOT_ZONES: len(league.zones), INJURY_REPORTS: len(league.injuries)}
    return DataFolder(league.logs, league.lines, league.zones, league.injuries, FolderReport(rows))


def write(league: League, folder: Path | str) -> None:
    """Write a league as a data folder of CSV files, see docs/data.md; files of these names are replaced."""
    write_league(league, Path(folder))
