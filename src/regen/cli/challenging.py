"""`models challenge`: a model or a system predicts every batch beside those in use, into a table of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from regen.cli.arguments import DryRun, Why, Yes
from regen.cli.model_orders import WORD, say
from regen.cli.safety import ready
from regen.cli.session import Session

Name = Annotated[
    str, typer.Argument(metavar="CHALLENGER", help="The hash of a published artefact, or the id of a system.")
]


def challenge(
    session: Session,
    name: Name,
    reason: Why,
    end: Annotated[bool, typer.Option("--end", help="End its challenge.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Have an artefact or a system predict from the next batch on, into a table of its own, or end that with --end."""
    session.name_target()
    body = {"challenger": name, "end": end, "reason": reason}
    received = session.coordinator.would_challenge(body)
    plan = received.value
    names = ", ".join(plan.challengers) or "nothing"
    text = f"end the challenge of {name}; then {names} challenges" if end else f"have {names} challenge what is in use"
    if plan.would == "nothing":
        text = f"change nothing: {name} challenges"
    if dry_run or plan.would == "nothing":
        say(session, received.record, f"would {text}")
        return
    ready(session, text, word=WORD, asks=True, yes=yes)
    after = session.coordinator.challenge(body)
    say(session, after.record, f"{name} {'challenges no more' if end else 'challenges'}, from the next batch on")
