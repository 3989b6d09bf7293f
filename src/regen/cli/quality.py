"""`quality`: the figures of live quality that the gradings have kept, and those beyond their limits. Reads BigQuery."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NoReturn

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import span
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort, NothingFound
from regen.client.quality import kept, newest
from regen.domain.dates import eastern_today
from regen.domain.nearest import nearest, the_nearest

PANEL = "Predictions"
QUALITY = (
    "as_of_date:as_of system_id:system window_days:days:n graded::n6 mae::n2 bias::n1 hit_rate_pct:hits_%:n4 "
    "calibration_pct:calibration:n7 over_share_pct:over_%:n3 lined_pct:lined_%:n5 rise_pct:rise_%:n8 beyond::t "
    "measured_at:measured:9"
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "quality", example="quality --beyond", panel=PANEL, lists=True)(quality)


def quality(
    session: Session,
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATE]",
            help="Last game date of the windows; without one, the newest that is kept.",
            autocompletion=completing.dates,
        ),
    ] = None,
    last: Annotated[
        str | None, typer.Argument(metavar="[TO]", help="The last date of a range.", autocompletion=completing.dates)
    ] = None,
    system: Annotated[
        str, typer.Option("--system", "-s", help="Only this system's.", autocompletion=completing.systems)
    ] = "",
    days: Annotated[
        Literal["7", "28"] | None,
        typer.Option("--days", help="Only the window of so many days: 7 or 28.", show_choices=False),
    ] = None,
    beyond: Annotated[
        bool, typer.Option("--beyond", help="Only what is surely beyond a limit; exit code 1 if anything is.")
    ] = False,
) -> None:
    """Error, bias, hit rate, calibration at the line and sides of the graded predictions, by system and window."""
    today = eastern_today(clock.now())
    begin, end = span(first, last) if first else (None, today)
    found = kept(session.reader, begin, end) if begin else newest(session.reader, end)
    if not found:
        _nothing(session, begin, today)
    if system and not any(row["system_id"] == system for row in found):
        known = {row["system_id"] for row in found}
        raise NothingFound(f"no figures of {system}{the_nearest(nearest(system, known))}", "regen quality")
    found = [row for row in found if system in {"", row["system_id"]} and days in {None, str(row["window_days"])}]
    wrong = [row for row in found if row["beyond"]]
    if beyond and not wrong and not session.out.json:
        session.out.say("nothing is beyond its limit")
        return
    session.out.show(wrong if beyond else found, columns(QUALITY))
    if beyond and wrong:
        raise FellShort(next_="regen alerts --open")


def _nothing(session: Session, day: date | None, today: date) -> NoReturn:
    """Say that nothing is kept, and of which date something is.

    Raises:
        NothingFound: always.
    """
    if day is None:
        raise NothingFound("no figures are kept: none of the last 90 days was graded", "regen grade YESTERDAY")
    known = [row["as_of_date"] for row in newest(session.reader, today)][:1]
    text = f"no figures are kept of {day}" + "".join(f"; the newest are of {one}" for one in known)
    raise NothingFound(text, "regen quality" if known else f"regen grade {day}")
