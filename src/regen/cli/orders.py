"""`cancel`, `close`, `redrive`, `promote`, `rollback`: an operator's word on a batch. Each names its counts before it asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli import completing
from regen.cli.arguments import TIMEOUT, BatchArgument, DryRun, NamedWhy, Timeout, Wait, Why, Yes, named_why, names
from regen.cli.follow import follow
from regen.cli.moves import moves_record, show_moves
from regen.cli.naming import whole
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.errors import ExitCode, OperatorError
from regen.client.moves import Move, of_answer
from regen.client.summary import order_sentence

if TYPE_CHECKING:
    from regen.api.batches import WholeBatch
    from regen.api.openings import Ordered
    from regen.client.answers import Received

PANEL = "Orders"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "cancel", example="cancel regen_2026-01-20_bdb_upgrade_a1b2c3d4", panel=PANEL)(cancel)
    command(app, "close", example="close regen_2026-01-20_bdb_upgrade_a1b2c3d4 --wait", panel=PANEL)(close)
    command(app, "redrive", example="redrive regen_2026-01-20_bdb_upgrade_a1b2c3d4 --wait", panel=PANEL)(redrive)
    command(
        app,
        "promote",
        example="promote regen_2026-01-20_bdb_upgrade_a1b2c3d4 --check coverage --reason partial_feed",
        panel=PANEL,
    )(promote)
    command(app, "rollback", example="rollback regen_2026-01-20_bdb_upgrade_a1b2c3d4 --dry-run", panel=PANEL)(rollback)


def cancel(
    session: Session, batch: BatchArgument, reason: Why = "operator", dry_run: DryRun = False, yes: Yes = False
) -> None:
    """End a batch before its promotion; every current prediction stays."""
    if answer := _ordered(session, "cancel", whole(session, batch).value, reason, dry_run=dry_run, yes=yes):
        _accepted(session, answer)


def close(
    session: Session,
    batch: BatchArgument,
    reason: Why = "operator",
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """End the waiting of a batch now: verify and promote what is there."""
    if answer := _ordered(session, "close", whole(session, batch).value, reason, dry_run=dry_run, yes=yes):
        _carried_out(session, answer, wait, timeout)


def redrive(
    session: Session,
    batch: BatchArgument,
    reason: Why = "operator",
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Run an ended batch once more for the players without a result."""
    if answer := _ordered(session, "redrive", whole(session, batch).value, reason, dry_run=dry_run, yes=yes):
        _carried_out(session, answer, wait, timeout)


def promote(
    session: Session,
    batch: BatchArgument,
    reason: NamedWhy = None,
    check: Annotated[
        list[str] | None,
        typer.Option(
            "--check", help="A failed check to accept; with commas or repeated.", autocompletion=completing.checks
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Make a held batch current, or a rejected one in spite of failed checks, which are named.

    A promoted one is promoted again if the tables have lost it: they were restored from a backup.

    `--dry-run` also shows what would move.
    """
    why = named_why(reason, dry_run=dry_run)
    view, accepted = whole(session, batch).value, names(check, "--check") or []
    if answer := _ordered(session, "promote", view, why, checks=accepted, dry_run=dry_run, yes=yes):
        _carried_out(session, answer, wait, timeout)


def rollback(
    session: Session,
    batch: BatchArgument,
    reason: Why = "operator",
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Undo a promotion: what the batch superseded becomes current again, what it inserted is superseded."""
    if answer := _ordered(session, "rollback", whole(session, batch).value, reason, dry_run=dry_run, yes=yes):
        _carried_out(session, answer, wait, timeout, good="rolled_back")


def _ordered(
    session: Session,
    word: str,
    view: WholeBatch,
    reason: str,
    *,
    checks: Sequence[str] | None = None,
    dry_run: bool,
    yes: bool,
) -> Received[Ordered] | None:
    """Give an order on a batch, once its counts are named and it is confirmed; None after a dry run.

    Args:
        checks: those that a promotion accepts, whose dry run also says what would move; None for any other order.
    """
    batch, what = view.batch_id, order_sentence(word, view, checks or ())
    body: dict[str, object] = {"reason": reason} if checks is None else {"checks": checks, "reason": reason}
    session.name_target()
    if not dry_run:
        ready(session, what, word=str(view.game_date), asks=True, yes=yes)
        return session.coordinator.order(batch, word, body)
    plan = session.coordinator.would_order(batch, word, body).record
    rows = None if checks is None else _moves(session, batch)
    if session.out.json:
        session.out.dump(plan if rows is None else {**plan, "moves": moves_record(rows)["moves"]})
    else:
        session.out.line(f"would {what}")
        if rows is not None:
            show_moves(session.out, batch, rows, would=True)
    return None


def _moves(session: Session, batch: str) -> list[Move] | None:
    """What a promotion would move; None if the coordinator is of a version that cannot say."""
    try:
        return of_answer(session.coordinator.moves(batch))
    except OperatorError as error:
        if error.exit_code != ExitCode.NOT_FOUND:
            raise
        session.out.say(f"the coordinator cannot say what would move: {error}")
        return None


def _accepted(session: Session, answer: Received[Ordered]) -> None:
    if session.out.json:
        session.out.dump(answer.record)
    else:
        session.out.line(f"{answer.value.status}: {answer.value.batch_id}")


def _carried_out(
    session: Session, answer: Received[Ordered], wait: bool, timeout: float, good: str = "promoted"
) -> None:
    if wait:
        follow(session, [answer.value.batch_id], timeout=timeout, good=frozenset({good}))
    else:
        _accepted(session, answer)
