"""The formats that regen reads: one file each, found here by name or by what a file looks like."""

from __future__ import annotations

from regen.data.formats.balldontlie import BALLDONTLIE
from regen.data.formats.basketball_reference import BASKETBALL_REFERENCE
from regen.data.formats.hoopr import HOOPR
from regen.data.formats.injury_report import OFFICIAL_REPORT
from regen.data.formats.league_schedule import LEAGUE_SCHEDULE
from regen.data.formats.native import NATIVE_LINES, NATIVE_LOGS, NATIVE_REPORTS, NATIVE_SCHEDULE, NATIVE_ZONES
from regen.data.formats.nba_api import NBA_API_GAMES, NBA_API_LOGS
from regen.data.formats.odds_api import ODDS_API_JSON, ODDS_API_LINES, ODDS_API_SIDES
from regen.data.formats.prizepicks import PRIZEPICKS
from regen.data.formats.shape import Format
from regen.data.formats.shots import BIGDATABALL, NBA_SHOTS
from regen.domain.errors import InvalidInput

FORMATS: tuple[Format, ...] = (
    NATIVE_LOGS,
    NATIVE_LINES,
    NATIVE_ZONES,
    NATIVE_REPORTS,
    NATIVE_SCHEDULE,
    NBA_API_LOGS,
    NBA_API_GAMES,
    ODDS_API_JSON,
    ODDS_API_SIDES,
    ODDS_API_LINES,
    LEAGUE_SCHEDULE,
    OFFICIAL_REPORT,
    BIGDATABALL,
    NBA_SHOTS,
    BASKETBALL_REFERENCE,
    HOOPR,
    BALLDONTLIE,
    PRIZEPICKS,
)


def by_name(name: str) -> Format:
    """The format of a name.

    Raises:
        InvalidInput: there is none.
    """
    for form in FORMATS:
        if form.name == name:
            return form
    raise InvalidInput("format", f"one of {', '.join(form.name for form in FORMATS)}; {name} is none")
