"""`import` and `league generate`: data into the input tables, and the sample league as files."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli import completing
from regen.cli.arguments import DryRun, Yes, days, game_date, share_option, span
from regen.cli.output import columns
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.errors import Misused
from regen.domain.values import asdict

if TYPE_CHECKING:
    from regen.data.importer import ImportPlan, ImportReport

PANEL = "Data and models"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "import", example="import build/league --from 2026-01-20 --to 2026-01-24", panel=PANEL)(import_)
    group = typer.Typer(help="The sample league: invented players, a season that looks like a real one.")
    command(group, "generate", example="league generate build/league")(generate)
    app.add_typer(group, name="league", rich_help_panel=PANEL)


def import_(
    session: Session,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...", help="Folders and files: CSV or JSON as vendors make them, see docs/data.md."
        ),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First date; without one, all dates.", autocompletion=completing.dates)
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last date; the first if left out.", autocompletion=completing.dates)
    ] = None,
    taken_for: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="What the files named here are, instead of a guess.")
    ] = None,
    explain: Annotated[
        Path | None, typer.Option("--explain", metavar="FILE", help="Only say how this file would be read.")
    ] = None,
    zones: Annotated[bool, typer.Option("--zones/--no-zones", help="Whether shot zones are already there.")] = False,
    arrive: Annotated[
        bool, typer.Option("--zones-arrive", help="Only this: the zones of these dates come, late.")
    ] = False,
    fail_share: Annotated[
        float,
        share_option("--fail-share", "Break this share of the rows: 30% or 0.3.", "0%"),
    ] = 0.0,
    coverage: Annotated[
        float,
        share_option("--coverage", "Leave rows for this share only: 80% or 0.8.", "100%"),
    ] = 1.0,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Load files into the input tables, in place of what they hold of the same dates."""
    from regen.adapters.bigquery.loading import TableLoader  # noqa: PLC0415
    from regen.data import importer  # noqa: PLC0415
    from regen.data.csvs import read_paths  # noqa: PLC0415

    if explain is not None:
        _explain(session, explain, taken_for)
        return
    data = read_paths(_named(paths, taken_for, first, last, arrive=arrive), taken_for)
    dates = _dates(first, last, importer.dates_of(data))
    for sentence in data.report.sentences:
        session.out.say(f"note: {sentence}")
    if data.zones and not (zones or arrive):
        session.out.say(
            "note: shot zones are kept back: --zones if they were there before the games, --zones-arrive when they come"
        )
    reader = session.reader
    loader = TableLoader(reader.client, reader.project, reader.prefix, maximum_bytes_billed=reader.maximum_bytes_billed)
    options = importer.ImportOptions(dates=dates, zones=zones, damage=importer.Damage(fail_share, coverage))
    data = importer.with_standing(data, importer.dates_of(data) if dates is None else dates, loader)
    plan = importer.plan_import(data, options, importer.ARRIVING if arrive else importer.TABLES, loader)
    for sentence in plan.sentences:
        session.out.say(f"plan: {sentence}")
    if dry_run:
        files = [asdict(file) for file in data.report.files]
        rows = [{"table": one.table, "rows": one.gains, "replaces": one.loses} for one in plan.tables]
        told = {"plan": plan.as_dict(), "files": files, "notes": data.report.sentences}
        session.out.show(told, columns("table rows::n replaces::n"), rows)
        return
    said = [f"  {sentence}" for sentence in plan.sentences]
    word = min(dates).isoformat() if dates else reader.project
    ready(session, "change the input tables:", word=word, asks=not reader.emulator, yes=yes, further=said)
    if arrive:
        report = importer.zones_arrive(data, loader, dates or (), damage=options.damage)
    else:
        report = importer.import_data(data, loader, options)
    _show_report(session, report, plan)


def _named(
    paths: list[Path] | None, taken_for: str | None, first: str | None, last: str | None, *, arrive: bool
) -> list[Path]:
    """The paths, if the options fit them.

    Raises:
        Misused: an option needs another.
    """
    if not paths:
        raise Misused("which folder or files? `regen import PATH...`, or `regen import --explain FILE`")
    if taken_for is not None and not any(path.is_file() for path in paths):
        raise Misused(f"--as {taken_for}: name the files that it is about; a folder has files of several kinds")
    if last and not first:
        raise Misused("--to needs --from")
    if arrive and not first:
        raise Misused("--zones-arrive needs --from: whose zones have come?")
    return paths


def _explain(session: Session, file: Path, taken_for: str | None) -> None:
    """Say what a file is taken for, which column fills what, and how its first rows are read."""
    from regen.data.drafts import mapped, sample, table  # noqa: PLC0415
    from regen.data.recognising import recognised  # noqa: PLC0415

    if file.is_dir() or file.suffix == ".toml":
        raise Misused(
            f"--explain: {file} is {'a folder' if file.is_dir() else 'a mapping'}; name one of the files of data"
        )
    beside = sorted(file.parent.glob("*.toml"))
    (found,) = (one for one in recognised([file, *beside], taken_for)[0] if one.opened.path == file)
    head, _ = table(found.opened, found.form)
    fields = mapped(head, found.form)
    rows = [{"field": name, "column": column} for name, column in fields.items()]
    first = [{name: str(value) for name, value in values.items()} for values in sample(found.opened, found.form, 3)]
    session.out.say(f"{file.name}: taken for {found.form.name} ({found.form.title}), makes {found.form.makes}")
    told = {"file": str(file), "format": found.form.name, "makes": found.form.makes, "columns": fields, "rows": first}
    session.out.show(told, columns("field column"), rows)
    if not session.out.json:
        for number, values in enumerate(first, 1):
            shown = ", ".join(f"{name} {value}" for name, value in values.items() if value != "None")
            session.out.line(f"row {number}: {shown}")


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


def _dates(first: str | None, last: str | None, played: Collection[date]) -> frozenset[date] | None:
    """The dates with games among those asked for; one date alone is taken as it is, and must have games."""
    if first is None:
        return None
    if last is None:
        return frozenset({game_date(first, "--from")})
    found = frozenset(days(*span(first, last))) & frozenset(played)
    if not found and not played:
        raise Misused("no file has a game")
    if not found:
        raise Misused(f"no games from {first} to {last}; there are some from {min(played)} to {max(played)}")
    return found


def _show_report(session: Session, report: ImportReport, plan: ImportPlan) -> None:
    for warning in report.own_warnings:
        session.out.say(f"note: {warning}")
    if report.failing or report.vanished:
        session.out.say(f"note: on purpose, {report.failing} feature rows are broken and {report.vanished} left out")
    rows = [{"table": table, "rows": count} for table, count in report.rows.items()]
    data = {**asdict(report), "requested": {str(day): n for day, n in report.requested.items()}}
    data["unplaced"] = {str(day): names for day, names in report.unplaced.items()}
    session.out.show({**data, "warnings": report.warnings, "plan": plan.as_dict()}, columns("table rows::n"), rows)
