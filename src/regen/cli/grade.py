"""`grade`: predictions beside what was scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer

from regen.cli import completing
from regen.cli.arguments import DryRun, span
from regen.cli.output import columns, some
from regen.cli.safety import ready
from regen.cli.session import Session, command

PANEL = "Predictions"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "grade", example="grade 2026-01-20 2026-01-24", panel=PANEL)(grade)


def grade(
    session: Session,
    first: Annotated[str, typer.Argument(metavar="FROM", help="First game date.", autocompletion=completing.dates)],
    last: Annotated[
        str | None,
        typer.Argument(metavar="[TO]", help="Last game date; the first if left out.", autocompletion=completing.dates),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Grade the current predictions of played games; grades of superseded ones are kept and labelled."""
    begin, end = span(first, last)
    body: dict[str, object] = {"from": begin.isoformat(), "to": end.isoformat()}
    if dry_run:
        plan = session.coordinator.post_keyed("/grades", {**body, "dry_run": True})
        if not _nothing(session, plan, begin, end):
            session.out.show(plan, columns("game_date:date"), plan["dates"])
        return
    ready(session, f"grade {begin} to {end}", word=begin.isoformat())
    answer = session.coordinator.post_keyed("/grades", body)
    if _nothing(session, answer, begin, end):
        return
    session.out.show(
        answer,
        columns("game_date:date gradable::n graded::n voided::n superseded::n mae:MAE:n waiting"),
        [{**day, "waiting": some(day.get("waiting") or ())} for day in answer["dates"]],
    )


def _nothing(session: Session, answer: Mapping[str, Any], begin: date, end: date) -> bool:
    if answer["dates"] or session.out.json or session.out.csv:
        return False
    session.out.say(f"nothing to grade: no played game from {begin} to {end} has predictions")
    return True
