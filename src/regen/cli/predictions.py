"""`show`, `slate`, `coverage`: what is predicted, and for whom. Reads BigQuery."""

from __future__ import annotations

from datetime import date as date_
from typing import Annotated, NoReturn

import typer

from regen.cli import completing
from regen.cli.arguments import DateArgument, game_date, share_option, span
from regen.cli.nothing import none_of_date
from regen.cli.output import columns, some
from regen.cli.session import Session, command
from regen.client.errors import FellShort, NothingFound
from regen.client.moves import MAIN_SYSTEM
from regen.client.slates import slate_rows
from regen.domain.nearest import nearest, the_nearest
from regen.settings import number

PANEL = "Predictions"
SHOW = "player_lookup:player system_id:system predicted_points:points:n line::n recommendation data_source_tier:tier:3 confidence::n4 game_id:game:6 batch_id:batch:7 prediction_id:id:9"
COVERAGE = "game_date:date coverage_pct:coverage:n players_with_predictions:predicted:n2 expected_players:expected:n2 missing_players:missing:t3 skipped_players:skipped:n6 excluded_players:excluded:n7 rostered_players:rostered:n8"
SLATE = "player_lookup:player standing team opponent:opponent:5 status::4 avg_minutes:minutes:n3 has_line:line:4 tier::4 game_id:game:6"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "show", example="show 2026-01-20 --player bredonpeltane", panel=PANEL, lists=True)(show)
    command(app, "slate", example="slate 2026-01-20", panel=PANEL, lists=True)(slate)
    command(app, "coverage", example="coverage 2026-01-20 2026-01-24 --fail-under 90%", panel=PANEL, lists=True)(
        coverage
    )


def show(
    session: Session,
    date: DateArgument,
    player: Annotated[
        str,
        typer.Option("--player", "-p", help="Only this one's, of every system: a player_lookup, or a name in full."),
    ] = "",
    system: Annotated[
        str,
        typer.Option(
            "--system",
            "-s",
            autocompletion=completing.systems,
            help=f"Only this system's, or `all`. Default: {MAIN_SYSTEM} if no player.",
        ),
    ] = "",
) -> None:
    """The current predictions of a date."""
    wanted = "" if system == "all" else system or ("" if player else MAIN_SYSTEM)
    day, lookup = game_date(date), _lookup(player)
    rows = session.reader.run("show", game_date=day, player=lookup, system=wanted)
    if not rows:
        _nothing(session, day, lookup, player or wanted)
    session.out.show(rows, columns(SHOW))


def _lookup(player: str) -> str:
    """A player's key in the tables, from the key itself or from a name in full, such as `Bredon Peltane`."""
    if not player or (player.isalnum() and player.islower()):
        return player
    from regen.data.names import key  # noqa: PLC0415

    return key(player) or player


def _nothing(session: Session, day: date_, lookup: str, given: str) -> NoReturn:
    """Say what is missing: the date's predictions, or only those of a name, with the names that are nearest to it.

    Raises:
        NothingFound: always.
    """
    everyone = session.reader.run("show", game_date=day, player="", system="")
    if not everyone:
        none_of_date(session, f"no current predictions of {day}", day, f"regen start {day} --wait")
    column = "player_lookup" if lookup else "system_id"
    known = sorted({str(row[column]) for row in everyone})
    near = nearest(lookup or given, known)
    lacking = f"no current predictions of {given} on {day}"
    if not near:
        raise NothingFound(lacking, f"regen slate {day} --all" if lookup else f"regen show {day} --system all")
    option = "--player" if lookup else "--system"
    raise NothingFound(f"{lacking}{the_nearest(near)}", f"regen show {day} {option} {near[0]}")


def slate(
    session: Session,
    date: DateArgument,
    min_minutes: Annotated[float, typer.Option("--min-minutes", min=0, max=48, help="Least average minutes.")] = number(
        "REGEN_MIN_MINUTES"
    ),
    every: Annotated[bool, typer.Option("--all", help="Those who are excluded, too.")] = False,
) -> None:
    """Who would be predicted on a date, and who would not, with the reason."""
    day = game_date(date)
    rows = slate_rows(session.reader, day, min_minutes, every=every)
    if not rows:
        none = "no slate of" if every else "no player would be predicted on"
        none_of_date(session, f"{none} {day}", day, f"regen sources {day}" if every else f"regen slate {day} --all")
    session.out.show(rows, columns(SLATE))


def coverage(
    session: Session,
    first: Annotated[str, typer.Argument(metavar="FROM", help="First game date.", autocompletion=completing.dates)],
    last: Annotated[
        str | None,
        typer.Argument(metavar="[TO]", help="Last game date; the first if left out.", autocompletion=completing.dates),
    ] = None,
    fail_under: Annotated[
        float | None,
        share_option("--fail-under", "Exit 1 if a date has less: 90% or 0.9."),
    ] = None,
) -> None:
    """Coverage of dates: who has current predictions, of those on the slate who should."""
    begin, end = span(first, last)
    rows = session.reader.run("coverage", first=begin, last=end)
    if not rows:
        which = f"on {begin}" if begin == end else f"from {begin} to {end}"
        none_of_date(session, f"no slate {which}", begin, f"regen slate {begin} --all")
    session.out.show(
        rows, columns(COVERAGE), [{**r, "missing_players": some(r["missing_players"] or ())} for r in rows]
    )
    if fail_under is None:
        return
    short = [row for row in rows if (row["coverage_pct"] or 0.0) < 100 * fail_under]
    if short:
        day, none = short[0]["game_date"], not short[0]["players_with_predictions"]
        raise FellShort(
            f"{len(short)} of {len(rows)} dates have less than {100 * fail_under:g} %: "
            f"{some([str(row['game_date']) for row in short])}",
            f"regen {'start' if none else 'regenerate'} {day} --wait",
        )
