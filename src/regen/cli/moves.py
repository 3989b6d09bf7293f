"""`diff`: what a batch moved, or would move, a row for each player and system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from regen.cli.arguments import DateOrBatch, game_date
from regen.cli.naming import meant
from regen.cli.output import Output, cell, columns
from regen.cli.session import Session, command
from regen.client.errors import ExitCode, NothingFound, OperatorError
from regen.client.moves import Move, SystemMove, changed_text, moved, moves, of_answer, of_rows
from regen.client.reader import BATCH_DATE, date_of
from regen.domain.values import asdict

DIFF = "player_lookup:player system_id:system move::n side points::2 line::3 tier::4 changed::t5"
TOP = 20


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "diff", example="diff regen_2026-01-20_bdb_upgrade_a1b2c3d4 --top 10", panel="Predictions")(diff)


def diff(
    session: Session,
    what: DateOrBatch,
    top: Annotated[int, typer.Option("--top", min=0, help="So many rows, those that moved most.")] = TOP,
) -> None:
    """What moved, a row for each player and system: of a batch, or of a date's newest promotion that replaced something.

    Of a batch that is not promoted, held or rejected for example, it is what its promotion would change.
    """
    what = meant(session, what)
    batch = what if BATCH_DATE.match(what) else _newest(session, what)
    session.out.say(batch)
    rows, would = _rows(session, batch)
    if session.out.json:
        session.out.dump({"batch_id": batch, "status": "would_move" if would else "moved", **moves_record(rows)})
        return
    show_moves(session.out, batch, rows, would=would, top=top)


def moves_record(rows: Sequence[Move]) -> dict[str, object]:
    """The sums of some moves and each of them, as JSON has it."""
    return {**moves(rows).as_record(), "moves": [{**asdict(one), "move": one.move} for one in moved(rows)]}


def show_moves(out: Output, batch: str, rows: Sequence[Move], *, would: bool = False, top: int = TOP) -> None:
    """Say what moved, or would move: the sums, then the rows that moved most."""
    found, changed = moves(rows), moved(rows)
    if would:
        out.line("not promoted: this is what the promotion would change")
    if not rows:
        out.line(f"{batch} {'would replace' if would else 'has replaced'} nothing")
        return
    if not changed:
        out.line(
            f"nothing moved: the {found.replaced} replaced predictions have the points, sides and lines that they had"
        )
        return
    out.line(f"{found.changed} of {found.replaced} replaced predictions moved; {found.withdrawn} were withdrawn")
    out.line(f"mean move {found.mean_move:+.3f} points, mean size {found.mean_size:.3f}")
    out.line(f"{found.flips} changed from one side to the other; {found.other_changes} otherwise (PASS, NO_LINE)")
    if top:
        out.line("")
        out.table(columns(DIFF), [_shown(one) for one in changed[:top]])
    if len(changed) > top:
        out.say(f"{len(changed) - top} more: --top {len(changed)}")


def _rows(session: Session, batch: str) -> tuple[list[Move], bool]:
    """The moves of a batch, and whether they are still to come.

    The coordinator knows what a promotion would change, and the names of the features that changed. The tables alone have
    what was moved, for as long as they live.

    Raises:
        OperatorError: the coordinator does not answer or know the batch, and it has moved nothing in the tables.
    """
    refused: OperatorError | None = None
    if session.settings.url and session.settings.key:
        try:
            answer = session.coordinator.moves(batch)
        except OperatorError as error:
            if error.exit_code not in {ExitCode.NOT_FOUND, ExitCode.UNREACHABLE}:
                raise
            refused = error
        else:
            if answer.value.left_off:
                session.out.say(f"{answer.value.left_off} smaller moves are left off")
            return of_answer(answer), answer.value.status == "would_move"
    day = date_of(batch)
    rows = of_rows(session.reader.run("diff", first=day, last=day, batches=batch))
    if refused is not None and not rows:
        raise refused
    return rows, False


def _newest(session: Session, date: str) -> str:
    ends = session.reader.run("audit", batch_id="", day=game_date(date, "DATE|BATCH"))
    done = [end["batch_id"] for end in ends if end["event"] == "promoted" and end["superseded_count"]]
    if not done:
        raise NothingFound(f"no promotion of {date} has replaced anything", f"regen audit {date}")
    return str(done[-1])


def _shown(one: SystemMove) -> dict[str, object]:
    gone = one.new_points is None
    return {
        "player_lookup": one.player_lookup,
        "system_id": one.system_id,
        "line": cell(one.old_line) if gone else _step(one.old_line, one.new_line),
        "points": f"{one.old_points:g}" if gone else _step(one.old_points, one.new_points),
        "move": f"withdrawn: {one.reason}" if gone else f"{one.move:+.2f}",
        "side": one.old_recommendation if gone else _step(one.old_recommendation, one.new_recommendation),
        "tier": one.old_tier if gone else _step(one.old_tier, one.new_tier),
        "changed": changed_text(one.changed_inputs),
    }


def _step(old: object, new: object) -> str:
    """`OVER to UNDER`; one of them where both are the same."""
    return cell(old) if old == new else f"{cell(old)} to {cell(new)}"
