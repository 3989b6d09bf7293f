"""`start`, `regenerate`, `status`, `wait`: batches, through the coordinator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from regen.cli import completing
from regen.cli.arguments import TIMEOUT, WHICH, DateArgument, DryRun, Timeout, Wait, game_date, json_object, names
from regen.cli.follow import HELD, PROMOTED, follow, follow_date, follow_trigger, opening
from regen.cli.naming import named, whole
from regen.cli.nothing import no_batch
from regen.cli.output import columns
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.cli.views import LIST, show_batch, show_opened
from regen.client.errors import FellShort, Misused, NothingFound
from regen.client.routes import REGENERATE, START
from regen.client.summary import opening_sentence

if TYPE_CHECKING:
    from regen.api.openings import OpeningAnswer, Preview
    from regen.client.answers import Received

PANEL = "Batches"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "start", example="start 2026-01-20 --wait", panel=PANEL)(start)
    command(app, "regenerate", example="regenerate 2026-01-20 --reason bdb_upgrade --wait", panel=PANEL)(regenerate)
    command(app, "status", example="status --date 2026-01-20", panel=PANEL, lists=True)(status)
    command(app, "wait", example="wait --date 2026-01-20 --timeout 600", panel=PANEL)(wait)


def start(
    session: Session,
    date: DateArgument,
    min_minutes: Annotated[
        float | None, typer.Option("--min-minutes", min=0, max=48, help="Leave out players under this average.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Even if the date has been promoted before.")] = False,
    only: Annotated[
        str | None, typer.Option("--only", metavar="missing", help="missing: expected players without predictions.")
    ] = None,
    metadata: Annotated[str | None, typer.Option("--metadata", help="A JSON object; goes on record.")] = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Make the first predictions of a date."""
    day = game_date(date).isoformat()
    body: dict[str, object] = {"game_date": day}
    if min_minutes is not None:
        body["min_minutes"] = min_minutes
    if force:
        body["force"] = True
    if only is not None:
        body["only"] = only
    if (facts := json_object(metadata, "--metadata")) is not None:
        body["metadata"] = facts
    if dry_run:
        _preview(session, session.coordinator.would_start(START, body))
        return
    ready(session, f"make the first predictions of {day}", word=day)
    with opening(day):
        answer = session.coordinator.start(START, body)
    _opened(session, answer, wait=wait, timeout=timeout)


def regenerate(
    session: Session,
    date: DateArgument,
    reason: Annotated[
        str, typer.Option("--reason", "-r", help="Lower-case letters, digits and _.")
    ] = "feature_upgrade",
    players: Annotated[list[str] | None, typer.Option("--players", help="Only these; with commas or repeated.")] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option("--systems", help="Only these prediction systems.", autocompletion=completing.systems),
    ] = None,
    games: Annotated[list[str] | None, typer.Option("--games", help="Only these games.")] = None,
    metadata: Annotated[str | None, typer.Option("--metadata", help="A JSON object; goes on record.")] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Once verified, do not promote it: it ends `held`, and `promote` does.")
    ] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Make the predictions of a date again; the old ones stay until the new ones are verified.

    With `--hold`, they stay until an operator promotes the batch: `regen diff BATCH` shows what would move.
    """
    day = game_date(date).isoformat()
    body: dict[str, object] = {"game_date": day, "reason": reason}
    for key, given in (("players", players), ("systems", systems), ("games", games)):
        if wanted := names(given, f"--{key}"):
            body[key] = wanted
    if (facts := json_object(metadata, "--metadata")) is not None:
        body["metadata"] = facts
    if hold:
        body["hold"] = True
    if dry_run:
        _preview(session, session.coordinator.would_start(REGENERATE, body))
        return
    ready(session, f"regenerate {day}", word=day)
    with opening(day):
        answer = session.coordinator.start(REGENERATE, body)
    _opened(session, answer, wait=wait, timeout=timeout, good=HELD if hold else PROMOTED)


def status(
    session: Session,
    batch: Annotated[
        str | None,
        typer.Argument(metavar="[BATCH]", help=f"{WHICH} Without one, the newest.", autocompletion=completing.batches),
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", "-d", help="The batches of this game date.", autocompletion=completing.dates)
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", help="The batches of game dates from this one on.", autocompletion=completing.dates),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", help="The batches of game dates until this one.", autocompletion=completing.dates),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--status", help="The batches of this status; several with commas.", autocompletion=completing.states
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many batches.")] = 20,
) -> None:
    """Say how a batch stands, or list the newest."""
    if batch:
        if session.out.csv or session.out.sort_by:
            raise Misused("--format csv and --sort-by are for lists; without BATCH, status lists batches")
        show_batch(session.out, whole(session, batch))
        return
    if date and (first or last):
        raise Misused("--date or --from and --to, not both")
    day, begin, end = (
        game_date(text, name).isoformat() if text else None
        for text, name in ((date, "--date"), (first, "--from"), (last, "--to"))
    )
    found = session.coordinator.batches(day, only, first=begin, last=end, most=limit)
    if not found and (day or begin or end or only):
        _none(session, day or begin or end, only)
    session.out.show([one.record for one in found], columns(LIST))


def _none(session: Session, day: str | None, only: str | None) -> NoReturn:
    """Say that there is no such batch, with the nearest dates that have one.

    Raises:
        NothingFound: always.
    """
    what = f"no batch{f' that is {only}' if only else ''}"
    if day is None:
        raise NothingFound(f"{what} on record", "regen status")
    then = f"regen status --date {day}" if only else f"regen start {day} --wait"
    no_batch(session, f"{what} of {day}", game_date(day), then)


def wait(
    session: Session,
    batch: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help=WHICH, autocompletion=completing.batches)
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            "--date",
            "-d",
            help="Every live batch of this date and what waits on it, or its newest.",
            autocompletion=completing.dates,
        ),
    ] = None,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Wait until a batch has ended, or a date is settled; exit 1 unless it was promoted, 5 if time runs out."""
    if bool(batch) == bool(date):
        raise Misused("name a batch or --date, one of the two")
    if batch:
        follow(session, [named(session, batch)], timeout=timeout)
        return
    day = game_date(str(date)).isoformat()
    follow_date(session, day, timeout=timeout)


def _opened(
    session: Session,
    received: Received[OpeningAnswer],
    *,
    wait: bool,
    timeout: float,
    good: frozenset[str] = PROMOTED,
) -> None:
    answer = received.value
    if wait and answer.status == "halted":
        show_opened(session.out, received)
        raise FellShort(answer.note or "", "regen resume")
    if wait and answer.status != "complete":
        session.out.say(f"{answer.status}: {answer.batch_id}")
        if answer.status == "coalesced":
            follow_trigger(session, answer.trigger_id, str(answer.game_date), timeout=timeout, good=good)
            return
        follow(session, [answer.batch_id], timeout=timeout, good=good)
    else:
        show_opened(session.out, received)


def _preview(session: Session, received: Received[Preview]) -> None:
    if session.out.json:
        session.out.dump(received.record)
        return
    answer = received.value
    session.out.line(opening_sentence(answer))
    if answer.live_batch_id:
        session.out.line(f"live now: {answer.live_batch_id}")
    if answer.excluded:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(answer.excluded.items()))
        session.out.line(f"excluded: {reasons}")
    built_at = answer.features_built_at.isoformat() if answer.features_built_at else "unknown"
    session.out.line(f"features built at: {built_at}")
