"""Loads a data folder into the input tables, as they would have been filled day by day before each game.

Slates, lines and feature rows of a date rest on what was known before its games. Feature rows are SILVER at first;
when the shot zones arrive, those of the dates concerned are made again, GOLD for every player who has any.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from regen.data.csvs import DataFolder, read_folder
from regen.data.damage import Damage
from regen.data.import_options import FEATURE_MINUTES, ImportOptions, Loader, Part
from regen.data.import_plan import ImportPlan, Standing, plan_import, with_standing
from regen.data.import_report import ImportReport
from regen.data.import_run import Import
from regen.data.input_rows import FEATURES, HISTORY, LINES, PENDING, SLATES

__all__ = [
    "ARRIVING",
    "TABLES",
    "Damage",
    "ImportOptions",
    "ImportPlan",
    "ImportReport",
    "Loader",
    "Part",
    "Standing",
    "dates_of",
    "import_data",
    "import_folder",
    "plan_import",
    "report_arrives",
    "with_standing",
    "zones_arrive",
]

ARRIVING = (FEATURES, PENDING)
"""What changes when shot zones arrive."""
REPORTED = (SLATES, FEATURES)
"""What changes when an availability report arrives."""
TABLES = (SLATES, HISTORY, LINES, FEATURES, PENDING)


def dates_of(data: DataFolder) -> frozenset[date]:
    """The dates that can have a slate: those with box scores, and the scheduled ones to come."""
    last = max((log.game_date for log in data.logs), default=date.min)
    ahead = {game.game_date for game in data.games if game.game_date >= last}
    return frozenset({log.game_date for log in data.logs} | ahead)


def import_folder(folder: Path | str, loader: Loader, options: ImportOptions | None = None) -> ImportReport:
    """Read a folder and import all of it, see `import_data`.

    Raises:
        InvalidInput: the folder or one of its values is not acceptable, or a date asked for has no games.
    """
    return import_data(read_folder(folder), loader, options)


def import_data(data: DataFolder, loader: Loader, options: ImportOptions | None = None) -> ImportReport:
    """Load slates, history, lines, feature rows and pending games.

    Raises:
        InvalidInput: a date asked for has no games.
    """
    return Import(data, loader, options or ImportOptions(), TABLES).run()


def zones_arrive(
    data: DataFolder,
    loader: Loader,
    dates: Iterable[date],
    *,
    now: datetime | None = None,
    damage: Damage | None = None,
    feature_minutes: float = FEATURE_MINUTES,
) -> ImportReport:
    """The shot zones have come: make the feature rows of these dates again, and mark their games as available.

    Raises:
        InvalidInput: a date has no games.
    """
    options = ImportOptions(frozenset(dates), True, now, damage or Damage(), feature_minutes)
    return Import(data, loader, options, ARRIVING, arriving=True).run()


def report_arrives(data: DataFolder, loader: Loader, dates: Iterable[date]) -> ImportReport:
    """A newer availability report has come: make the slates and the feature rows of these dates again.

    Raises:
        InvalidInput: a date has no games.
    """
    return Import(data, loader, ImportOptions(frozenset(dates)), REPORTED).run()
