"""`grade`: predictions beside what was scored."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli import completing
from regen.cli.arguments import DryRun, span
from regen.cli.output import columns, some
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.domain.values import asdict

if TYPE_CHECKING:
    from regen.api.looks import Grades, WouldGrade

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
        plan = session.coordinator.would_grade(body)
        if not _nothing(session, plan.value, begin, end):
            rows = [{"game_date": one.game_date} for one in plan.value.dates]
            session.out.show(plan.record, columns("game_date:date"), rows)
        return
    ready(session, f"grade {begin} to {end}", word=begin.isoformat())
    answer = session.coordinator.grade(body)
    if _nothing(session, answer.value, begin, end):
        return
    session.out.show(
        answer.record,
        columns("game_date:date gradable::n graded::n voided::n superseded::n mae:MAE:n waiting"),
        [{**asdict(day), "waiting": some(day.waiting)} for day in answer.value.dates],
    )


def _nothing(session: Session, answer: Grades | WouldGrade, begin: date, end: date) -> bool:
    if answer.dates or session.out.json or session.out.csv:
        return False
    session.out.say(f"nothing to grade: no played game from {begin} to {end} has predictions")
    return True
