"""`train` and `evaluate`: the prediction systems, fitted and measured on a data folder or the input tables."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from regen.cli import completing
from regen.cli.arguments import game_date, span
from regen.cli.external import admitted, prepared
from regen.cli.session import Session, command
from regen.client.errors import Misused

if TYPE_CHECKING:
    from regen.data.csvs import DataFolder

PANEL = "Data and models"
DATA_HELP = "A folder of CSV files, see docs/data.md."
WAREHOUSE_HELP = "Take the input tables instead of a folder."
Data = Annotated[Path, typer.Option("--data", metavar="DIR", help=DATA_HELP)]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app, "train", example="train --data DIR --until 2025-11-30 --out artefact.json", json_flag=False, panel=PANEL
    )(train)
    command(
        app, "evaluate", example="evaluate --data DIR --from 2025-12-01 --to 2026-01-31", json_flag=False, panel=PANEL
    )(evaluate)


def train(
    session: Session,
    until: Annotated[
        str, typer.Option("--until", help="Last game date to learn from.", autocompletion=completing.dates)
    ],
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=DATA_HELP)] = None,
    from_warehouse: Annotated[bool, typer.Option("--from-warehouse", help=WAREHOUSE_HELP)] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the artefact goes.")] = None,
    zones: Annotated[
        Literal["arrived", "silver", "gold"],
        typer.Option("--zones", help="Shot zones: those that had arrived at tip-off, none, or of all earlier games."),
    ] = "arrived",
) -> None:
    """Fit everything that is fitted, on a folder or on the box scores and lines of the input tables."""
    from regen.training.commands import run_train  # noqa: PLC0415

    last = game_date(until, "--until")
    _, text = run_train(learnt_from(session, data, last, from_warehouse=from_warehouse), last, out, zones)
    session.out.block(text.rstrip("\n"))


def learnt_from(session: Session, data: Path | None, until: date, *, from_warehouse: bool) -> DataFolder | Path:
    """The folder that is named, or what the input tables hold up to a date.

    Raises:
        Misused: both are asked for, or neither.
    """
    if (data is None) is not from_warehouse:
        raise Misused("either --data DIR or --from-warehouse")
    return _from_tables(session, until) if data is None else data


def _from_tables(session: Session, until: date) -> DataFolder:
    """What the input tables hold of the two years up to a date; what they lack is said."""
    from regen.client.training_tables import rows_to_learn_from  # noqa: PLC0415
    from regen.training.warehouse import HISTORY_DAYS, remarks, tables_as_data  # noqa: PLC0415

    found = tables_as_data(*rows_to_learn_from(session.reader, until - timedelta(days=HISTORY_DAYS), until))
    for remark in remarks(found.report):
        session.out.say(f"note: {remark}")
    return found


def evaluate(
    session: Session,
    data: Data,
    first: Annotated[
        str, typer.Option("--from", help="First game date of the window.", autocompletion=completing.dates)
    ],
    last: Annotated[str, typer.Option("--to", help="Last game date of the window.", autocompletion=completing.dates)],
    refit: Annotated[
        Literal["none", "weekly"], typer.Option("--refit", help="Whether to learn within the window.")
    ] = "none",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Where the figures go.")] = None,
    artefact: Annotated[Path | None, typer.Option("--artefact", metavar="FILE", help="Measure this one.")] = None,
    zones: Annotated[
        Literal["arrived", "silver", "gold", "all"],
        typer.Option(
            "--zones", help="Shot zones: those that had arrived at tip-off, none, of all earlier games, or each."
        ),
    ] = "arrived",
    rows: Annotated[Path | None, typer.Option("--rows", metavar="FILE", help="Where every scored row goes.")] = None,
    without_zones: Annotated[bool, typer.Option("--without-zones", help="Like --zones silver.")] = False,
    without_reports: Annotated[bool, typer.Option("--without-reports", help="Leave availability reports out.")] = False,
) -> None:
    """Measure every system on dates that the fit has not seen."""
    from regen.training.commands import run_evaluate  # noqa: PLC0415

    begin, end = span(first, last)
    admitted()
    prepared(session)
    _, text = run_evaluate(
        data,
        begin,
        end,
        refit=refit,
        json_file=json_file,
        artefact_file=artefact,
        zones="silver" if without_zones else zones,
        rows_file=rows,
        with_reports=not without_reports,
    )
    session.out.block(text.rstrip("\n"))
