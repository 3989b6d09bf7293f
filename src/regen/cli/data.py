"""`import` and `league generate`: data into the input tables, and the sample league as files."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli.arguments import Yes, days, game_date, span
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import Misused

if TYPE_CHECKING:
    from regen.data.importer import ImportReport

PANEL = "Data and models"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "import", example="import build/league --from 2026-01-20 --to 2026-01-24", panel=PANEL)(import_)
    group = typer.Typer(help="The sample league: invented players, a season that looks like a real one.")
    command(group, "generate", example="league generate build/league")(generate)
    app.add_typer(group, name="league", rich_help_panel=PANEL)


def import_(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of CSV files, see docs/data.md.")],
    first: Annotated[str | None, typer.Option("--from", help="First date; without one, all dates.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last date; the first if left out.")] = None,
    zones: Annotated[bool, typer.Option("--zones/--no-zones", help="Whether shot zones are already there.")] = False,
    arrive: Annotated[
        bool, typer.Option("--zones-arrive", help="Only this: the zones of these dates come, late.")
    ] = False,
    fail_share: Annotated[
        float, typer.Option("--fail-share", min=0, max=1, help="Break this share of the rows.")
    ] = 0.0,
    coverage: Annotated[float, typer.Option("--coverage", min=0, max=1, help="Leave rows for this share only.")] = 1.0,
    yes: Yes = False,
) -> None:
    """Load a folder into the input tables, in place of what they hold of the same dates."""
    from regen.adapters.bigquery.loading import TableLoader  # noqa: PLC0415
    from regen.data import importer  # noqa: PLC0415
    from regen.data.csvs import read_folder  # noqa: PLC0415

    if last and not first:
        raise Misused("--to needs --from")
    if arrive and not first:
        raise Misused("--zones-arrive needs --from: whose zones have come?")
    data = read_folder(folder)
    played = {log.game_date for log in data.logs}
    dates = _dates(first, last, played)
    reader = session.reader
    if not reader.emulator:
        concerned = len(played if dates is None else dates)
        what = f"replace the rows of {concerned} dates in the input tables of the project {reader.project}"
        replace(session.out, yes=yes).confirm(what)
    loader = TableLoader(reader.client, reader.project, reader.prefix, maximum_bytes_billed=reader.maximum_bytes_billed)
    damage = importer.Damage(fail_share, coverage)
    if arrive:
        report = importer.zones_arrive(data, loader, dates or (), damage=damage)
    else:
        report = importer.import_data(data, loader, importer.ImportOptions(dates=dates, zones=zones, damage=damage))
    _show_report(session, report)


def generate(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the CSV files go.")],
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed makes another league.")] = None,
) -> None:
    """Write the sample league as a data folder."""
    from regen import league  # noqa: PLC0415

    made = league.generate(league.SEED if seed is None else seed)
    league.write(made, folder)
    facts = {"folder": str(folder), "games": len({log.game_id for log in made.logs}), "player_games": len(made.logs)}
    facts |= {"lines": len(made.lines), "from": made.logs[0].game_date, "to": made.logs[-1].game_date}
    session.out.show(facts, columns("folder games::n player_games::n lines::n from to"), [facts])


def _dates(first: str | None, last: str | None, played: set[date]) -> frozenset[date] | None:
    """The dates with games among those asked for; one date alone is taken as it is, and must have games."""
    if first is None:
        return None
    if last is None:
        return frozenset({game_date(first, "--from")})
    found = frozenset(days(*span(first, last))) & played
    if not found:
        raise Misused(f"no games from {first} to {last}; there are some from {min(played)} to {max(played)}")
    return found


def _show_report(session: Session, report: ImportReport) -> None:
    for warning in report.warnings:
        session.out.say(f"note: {warning}")
    if report.failing or report.vanished:
        session.out.say(f"note: on purpose, {report.failing} feature rows are broken and {report.vanished} left out")
    rows = [{"table": table, "rows": count} for table, count in report.rows.items()]
    data = {**asdict(report), "requested": {str(day): n for day, n in report.requested.items()}}
    data["unplaced"] = {str(day): names for day, names in report.unplaced.items()}
    session.out.show({**data, "warnings": report.warnings}, columns("table rows::n"), rows)
