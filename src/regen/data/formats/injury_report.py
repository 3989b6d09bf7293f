"""The league's official injury report, as CSV or JSON made of its PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from regen.data import parse
from regen.data.formats.clocks import moment, start_or_clock
from regen.data.formats.shape import INJURY_REPORTS, Format, Numbered, Record, Source, columns
from regen.data.reading import list_of_objects


def report_records(document: Any) -> list[Record] | None:  # noqa: ANN401
    """The rows of a JSON document, whatever its keys' case; None if it is no list of such rows."""
    found = list_of_objects(document)
    if found is None and isinstance(document, Mapping):
        found = list_of_objects(document.get("injuries") or document.get("report"))
    return list(found) if found is not None and OFFICIAL_REPORT.fits(found[0]) else None


def _dated(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    for number, values in rows:
        clock: datetime | time | None = values.pop("hour", None)
        said: date | None = values.get("reported")
        if said is not None and not isinstance(said, datetime) and clock is not None:
            values["reported"] = moment(said, clock)
        yield number, values


def _skip(player: str, status: str, reason: str) -> str | None:
    if "not yet submitted" in f"{player} {status} {reason}".lower():
        return "of teams that have not submitted yet"
    return None if player.strip() else "without a player"


OFFICIAL_REPORT = Format(
    name="official_injury_report",
    title="the league's official injury report",
    makes=INJURY_REPORTS,
    columns=(
        *columns("game_date=Game_Date|gameDate", parse.day, required=True),
        *columns("player_lookup=Player_Name|playerName", parse.lookup, required=True),
        *columns("status=Current_Status|currentStatus|status", parse.injury_status, required=True),
        *columns("team=Team", parse.maybe_team, required=True),
        *columns("reason=Reason", parse.maybe_text),
        *columns("reported=Report_Time|report_time|Report_Date|reportDate|reported", parse.maybe_reported),
        *columns("hour=Report_Hour|report_hour", start_or_clock),
    ),
    taken=(
        "names as `Last, First`, suffix wherever it stands; teams by their full names; dates as 10/21/2025",
        "a team whose row says NOT YET SUBMITTED has no report: its players are `unknown`, not `available`",
    ),
    missing="the hour of the report where the file has a date alone: then it counts as the earliest of its day",
    skip_by=("player_lookup", "status", "reason"),
    skip=_skip,
    rows=_dated,
    records=report_records,
)
