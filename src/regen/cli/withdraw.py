"""`withdraw`: an operator takes predictions away that nothing replaces, such as those of a game that is called off."""

from __future__ import annotations

from typing import Annotated

import typer

from regen.cli.arguments import TIMEOUT, DateArgument, DryRun, Timeout, Wait, Yes, game_date, json_object, names
from regen.cli.follow import follow
from regen.cli.orders import PANEL
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.routes import WITHDRAW
from regen.client.summary import withdrawal_sentence


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "withdraw", example="withdraw 2026-01-24 --games 0022500650 --reason postponed", panel=PANEL)(withdraw)


def withdraw(
    session: Session,
    date: DateArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="postponed or out.")],
    games: Annotated[list[str] | None, typer.Option("--games", help="All of these games.")] = None,
    players: Annotated[
        list[str] | None, typer.Option("--players", help="Only these players; with commas or repeated.")
    ] = None,
    metadata: Annotated[str | None, typer.Option("--metadata", help="A JSON object; goes on record.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Withdraw current predictions; `regen rollback` of the batch brings them back."""
    day = game_date(date).isoformat()
    body: dict[str, object] = {"game_date": day, "reason": reason}
    for key, given in (("games", games), ("players", players)):
        if wanted := names(given, f"--{key}"):
            body[key] = wanted
    if (facts := json_object(metadata, "--metadata")) is not None:
        body["metadata"] = facts
    session.name_target()
    plan = session.coordinator.would_withdraw(body)
    what = withdrawal_sentence(plan.value)
    if dry_run:
        if session.out.json:
            session.out.dump(plan.record)
        else:
            session.out.line(f"would {what}")
        return
    ready(session, what, word=day, asks=True, yes=yes)
    answer = session.coordinator.start(WITHDRAW, body)
    if wait:
        follow(session, [answer.value.batch_id], timeout=timeout)
    elif session.out.json:
        session.out.dump(answer.record)
    else:
        session.out.line(f"{answer.value.status}: {answer.value.batch_id}")
