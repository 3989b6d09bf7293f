"""`halt`, `resume`: no batch is opened between them; triggers are recorded, and opened afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from regen.cli.arguments import DryRun, NamedWhy, Why, Yes, named_why
from regen.cli.orders import PANEL
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.summary import halt_sentence

if TYPE_CHECKING:
    from regen.api.forms import Record

WORD = "HALT"
"""What a protected profile asks for: a halt is of no game date."""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "halt", example='halt --reason "a model is being rolled back"', panel=PANEL)(halt)
    command(app, "resume", example="resume --reason done", panel=PANEL)(resume)


def halt(
    session: Session,
    reason: NamedWhy = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Open no batch until `regen resume`; triggers are recorded, what is under way comes to its end."""
    why = named_why(reason, dry_run=dry_run)
    _give(session, "halt", "halt the platform: triggers are recorded, no batch is opened", why, dry_run, yes)


def resume(session: Session, reason: Why = "operator", dry_run: DryRun = False, yes: Yes = False) -> None:
    """Open batches again, those of the recorded triggers first."""
    _give(session, "resume", "resume the platform: the triggers that were recorded are opened", reason, dry_run, yes)


def _give(session: Session, word: str, what: str, reason: str, dry_run: bool, yes: bool) -> None:
    session.name_target()
    body = {"reason": reason}
    plan = session.coordinator.would_order_platform(word, body)
    what = f"{what}; triggers of {plan.value.waiting} dates wait" if plan.value.waiting else what
    if dry_run:
        _said(session, plan.record, f"would {what}")
        return
    ready(session, what, word=WORD, asks=True, yes=yes)
    after = session.coordinator.order_platform(word, body)
    _said(session, after.record, halt_sentence(after.value))


def _said(session: Session, answer: Record, text: str) -> None:
    if session.out.json:
        session.out.dump(answer)
    else:
        session.out.line(text)
