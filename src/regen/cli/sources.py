"""`sources`: what each input has of each date, and what is late. Reads BigQuery."""

from __future__ import annotations

from typing import Annotated

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import DateArgument, span
from regen.cli.nothing import none_of_date
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort
from regen.domain.values import asdict
from regen.settings import number

PANEL = "Data and models"
SOURCES = (
    "game_date:date source standing rows::n4 players::n2 usual::n3 newest::5 expected_by::6 missing_games:missing:t1"
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "sources", example="sources TODAY --late", panel=PANEL, lists=True)(sources)


def sources(
    session: Session,
    first: DateArgument,
    last: Annotated[
        str | None, typer.Argument(metavar="[LAST]", help="The last date of a range.", autocompletion=completing.dates)
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Only what is late or has shrunk; exit code 1 if anything is.")
    ] = False,
) -> None:
    """What each input has of each date: its newest row, how many, when it is expected, and the games that it lacks."""
    from regen.adapters.bigquery.converting import source_day  # noqa: PLC0415
    from regen.domain.sources import LOOK_BACK, Expected, Standing, judge  # noqa: PLC0415

    begin, end = span(first, last)
    found = [source_day(row) for row in session.reader.rows("sources", first=begin - LOOK_BACK, last=end)]
    expected = Expected(
        number("REGEN_SOURCE_BEFORE_HOURS"), number("REGEN_SOURCE_AFTER_HOURS"), number("REGEN_SOURCE_SHRUNK_PCT")
    )
    states = judge(found, begin, end, clock.now(), expected)
    wrong = [state for state in states if state.standing in {Standing.LATE, Standing.SHRUNK}]
    if not states:
        none_of_date(session, f"no input is known of {begin}", begin, "regen doctor")
    if late and not wrong and not session.out.json:
        session.out.say("nothing is late")
        return
    session.out.show([asdict(state) for state in (wrong if late else states)], columns(SOURCES))
    if late and wrong:
        raise FellShort(next_=f"regen slate {wrong[0].game_date} --all")
