"""`train` and `evaluate`: the prediction systems, fitted and measured on a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from regen.cli.arguments import game_date, span
from regen.cli.session import Session, command

PANEL = "Data and models"
Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="A folder of CSV files, see docs/data.md.")]


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
    data: Data,
    until: Annotated[str, typer.Option("--until", help="Last game date to learn from.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the artefact goes.")] = None,
) -> None:
    """Fit everything that is fitted."""
    from regen.training.commands import run_train  # noqa: PLC0415

    _, text = run_train(data, game_date(until, "--until"), out)
    session.out.line(text.rstrip("\n"))


def evaluate(
    session: Session,
    data: Data,
    first: Annotated[str, typer.Option("--from", help="First game date of the window.")],
    last: Annotated[str, typer.Option("--to", help="Last game date of the window.")],
    refit: Annotated[
        Literal["none", "weekly"], typer.Option("--refit", help="Whether to learn within the window.")
    ] = "none",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Where the figures go.")] = None,
    artefact: Annotated[Path | None, typer.Option("--artefact", metavar="FILE", help="Measure this one.")] = None,
) -> None:
    """Measure every system on dates that the fit has not seen."""
    from regen.training.commands import run_evaluate  # noqa: PLC0415

    begin, end = span(first, last)
    _, text = run_evaluate(data, begin, end, refit=refit, json_file=json_file, artefact_file=artefact)
    session.out.line(text.rstrip("\n"))
