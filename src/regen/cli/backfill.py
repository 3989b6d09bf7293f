"""`backfill`: a range of dates, one batch each. It goes on by itself; this command plans, follows and sums up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from regen.cli import completing
from regen.cli.arguments import DryRun, Yes, span
from regen.cli.follow import going_on
from regen.cli.output import columns
from regen.cli.progress import shown
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.accuracy import before_and_after
from regen.client.backfills import SHORT, backfill_sentence
from regen.client.errors import FellShort, Misused, NothingFound, OperatorError, Problem, Unreachable
from regen.client.waiting import StillLive, is_ended
from regen.domain.nearest import nearest, the_nearest
from regen.domain.words import counted

if TYPE_CHECKING:
    from regen.api.backfills import Backfill, BackfillDate, Plan
    from regen.api.batches import WholeBatch
    from regen.client.answers import Received
    from regen.client.reader import Record

PANEL = "Batches"
ORDERS = ("pause", "resume", "cancel", "status")
TABLE = (
    "game_date:date status coverage_pct:coverage:n2 requested_players:players:n3 superseded::n4 inserted::n4 why::t3 "
    "mae_before:MAE_before:n5 mae_after:MAE_after:n5 seconds::n7 requests::n8"
)
OVER = frozenset({"done", "cancelled", "paused"})
PATIENCE = 120.0
DEFAULT_REASON = "backfill"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "backfill", example="backfill 2026-01-20 2026-01-24 --reason bdb_upgrade", panel=PANEL, lists=True)(
        backfill
    )


def backfill(
    session: Session,
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="[FROM|ORDER]",
            help="First date; or pause, resume, cancel, status.",
            autocompletion=completing.dates,
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Argument(metavar="[TO|ID]", help="Last date; or the backfill's id.", autocompletion=completing.dates),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", "-r", help="Lower-case letters, digits and _; of an order, any words.")
    ] = DEFAULT_REASON,
    max_concurrent: Annotated[int, typer.Option("--max-concurrent", min=1, max=10, help="So many dates at once.")] = 3,
    only: Annotated[
        str, typer.Option("--only", help="all, missing (coverage under the threshold) or failed (last batch).")
    ] = "all",
    backwards: Annotated[bool, typer.Option("--backwards", help="From the last date to the first.")] = False,
    resume: Annotated[str | None, typer.Option("--resume", metavar="ID", help="Follow one; let it go on.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Of status: so many of the newest at most.")] = 50,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for its end.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0, metavar="SECONDS", help="How long to wait.")] = 86400.0,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Regenerate a range of dates. Closing the terminal changes nothing; `--resume ID` follows again."""
    if resume or first in ORDERS:
        word = "resume" if resume else str(first)
        why = None if reason == DEFAULT_REASON else reason
        name = resume or last
        try:
            if word == "status":
                _stands(session, name, limit)
            else:
                _ordered(session, word, name, why, timeout=timeout, detach=detach, dry_run=dry_run)
        except Problem as problem:
            _misspelt(session, name, problem)
        return
    if first is None:
        raise Misused("from which date? Or --resume ID, or `backfill status`")
    begin, end = span(first, last)
    body: dict[str, object] = {"from": begin.isoformat(), "to": end.isoformat(), "reason": reason}
    body |= {"max_concurrent_dates": max_concurrent, "only": only, "backwards": backwards}
    plan = session.coordinator.plan(body)
    meant = _planned(session, plan.value)
    if dry_run:
        rows = [day.record for day in plan.parts(plan.value.dates, "dates")]
        session.out.show(plan.record, columns("game_date:date status expected_players:players:n why::t2"), rows)
        return
    players = sum(day.expected_players or 0 for day in meant)
    what = f"regenerate {counted(len(meant), 'date')}, about {counted(players, 'player')}"
    ready(session, what, word=begin.isoformat(), asks=True, yes=yes)
    made = session.coordinator.start_backfill(body)
    name = made.value.backfill_id
    session.out.say(f"{name}: it goes on by itself; to follow it again: regen backfill --resume {name}")
    if detach:
        session.out.dump(made.record) if session.out.json else session.out.line(name)
    else:
        _followed(session, name, timeout)


def _stands(session: Session, name: str | None, limit: int) -> None:
    if name:
        _summed_up(session, session.coordinator.backfill(name))
        return
    found, cursor = session.coordinator.backfills()
    while cursor and len(found) < limit:
        more, cursor = session.coordinator.backfills(cursor)
        found += more
    fields = columns("backfill_id status from::3 to::3 counts::t4 reason::5 created_at::6 only::7")
    session.out.show([one.record for one in found[:limit]], fields)


def _misspelt(session: Session, name: str | None, problem: Problem) -> NoReturn:
    """End an order on a backfill that the coordinator has answered with an error.

    Raises:
        NothingFound: there is none of that id; the nearest are named.
        Problem: any other error, as it came.
    """
    if problem.status != 404 or not name:
        raise problem
    near = nearest(name, [one.value.backfill_id for one in session.coordinator.backfills()[0]])
    then = f"regen backfill status {near[0]}" if near else "regen backfill status"
    raise NothingFound(f"no backfill {name}{the_nearest(near)}", then) from None


def _planned(session: Session, plan: Plan) -> list[BackfillDate]:
    meant = [day for day in plan.dates if day.status == "waiting"]
    session.out.say(f"plan: {len(meant)} of {len(plan.dates)} dates")
    for word, text in (("no_slate", "no slate"), ("skipped", "left out")):
        if named := [str(day.game_date) for day in plan.dates if day.status == word]:
            session.out.say(f"{text}: {', '.join(named)}")
    return meant


def _ordered(
    session: Session, word: str, name: str | None, why: str | None, *, timeout: float, detach: bool, dry_run: bool
) -> None:
    if not name:
        raise Misused(f"{word} which backfill? `regen backfill status` lists them")
    body = {"reason": why} if why else {}
    if dry_run:
        plan = session.coordinator.would_order_backfill(name, word, body)
        if session.out.json:
            session.out.dump(plan.record)
        else:
            session.out.line(f"would {word} {name}: it would be {plan.value.would_be}")
        return
    ready(session, f"{word} {name}", word=name.removeprefix("backfill_")[:10])
    try:
        view = session.coordinator.order_backfill(name, word, body)
    except Problem as problem:
        if word != "resume" or problem.status != 409:
            raise
        view = session.coordinator.backfill(name)  # it is over: there is nothing left but its end
    if word == "resume" and not detach:
        _followed(session, name, timeout)
        return
    if session.out.json:
        session.out.dump(view.record)
    else:
        session.out.line(f"{name}: {view.value.status}")


def _followed(session: Session, name: str, timeout: float) -> None:
    """Wait for the end, with progress on stderr; then sum up.

    Raises:
        OperatorError: time is up.
    """
    end = time.monotonic() + timeout
    batches: dict[str, WholeBatch] = {}
    answered = time.monotonic()
    with (
        going_on(f"{name} goes on", f"regen backfill --resume {name}", f"regen backfill cancel {name}"),
        shown(session.out.say) as look,
    ):
        while True:
            try:
                found = session.coordinator.backfill(name)
                for batch_id in (day.batch_id for day in found.value.dates if day.batch_id):
                    known = batches.get(batch_id)
                    if not (known and is_ended(known)):
                        batches[batch_id] = session.coordinator.batch(batch_id).value
                answered = time.monotonic()
            except (Unreachable, Problem) as error:
                gone = isinstance(error, Unreachable) or error.status >= 500
                if not gone or time.monotonic() - answered > PATIENCE:
                    raise
                time.sleep(1)
                continue
            look(sorted(batches.values(), key=lambda batch: batch.game_date))
            if found.value.status in OVER and not _under_way(found.value):
                break
            if time.monotonic() > end:
                raise StillLive(f"{name} is not over after {timeout:g} s", f"regen backfill --resume {name}")
            time.sleep(0.3)
    _summed_up(session, found)


def _under_way(view: Backfill) -> bool:
    return any(day.status in {"opening", "running"} for day in view.dates)


def _summed_up(session: Session, received: Received[Backfill]) -> None:
    """The table at the end; exit 1 if a date fell short."""
    view = received.value
    errors = _errors(session, view)
    dates = [
        {**day.record, **_accuracy(errors.get(str(day.value.game_date), {}))}
        for day in received.parts(view.dates, "dates")
    ]
    if session.out.json:
        session.out.dump({**received.record, "dates": dates})
    else:
        session.out.show(dates, columns(TABLE))
    if not session.out.json and not session.out.csv:
        session.out.line(backfill_sentence(view, errors))
    short = [day for day in view.dates if day.status in SHORT]
    if view.status == "cancelled" or short:
        of_batch = next((day.batch_id for day in short if day.batch_id), None)
        again = f"regen backfill {view.from_} {view.to} --only failed --reason {view.reason}"
        raise FellShort(next_=f"regen status {of_batch}" if of_batch else again)


def _accuracy(found: Record) -> dict[str, float | None]:
    return {
        "mae_before": _rounded(found.get("mae_before")),
        "mae_after": _rounded(found.get("mae_after") or found.get("mae")),
    }


def _errors(session: Session, view: Backfill) -> dict[str, Record]:
    batch_ids = [day.batch_id for day in view.dates if day.batch_id]
    try:
        return before_and_after(session.reader, batch_ids, view.from_, view.to)
    except OperatorError as error:
        session.out.say(f"note: no accuracy, BigQuery cannot be read: {error}")
        return {}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
