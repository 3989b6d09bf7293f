"""`news scan` and `news list`: who plays, and at which lines, in the hours before tip-off."""

from __future__ import annotations

from typing import Annotated

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import TIMEOUT, DateArgument, DryRun, Timeout, Wait, game_date, names
from regen.cli.follow import follow_scan
from regen.cli.nothing import none_of_date
from regen.cli.output import columns
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.summary import scan_sentence
from regen.domain.dates import eastern_today
from regen.domain.words import counted

PANEL = "Data and models"
SCAN = "game_date:date game_id:game player_lookup:player kind was::4 state:now:3 act why::t5 touched::n6"
LIST = "at game_id:game player_lookup:player kind was::4 state:now:3 act why::t5"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="News before tip-off: who plays, and at which lines.", no_args_is_help=True)
    command(group, "scan", example="news scan --dry-run")(scan)
    command(group, "list", example="news list TODAY", lists=True)(list_)
    app.add_typer(group, name="news", rich_help_panel=PANEL)


def scan(
    session: Session,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help="Only this game date.", autocompletion=completing.dates)
    ] = None,
    games: Annotated[list[str] | None, typer.Option("--game", "-g", help="Only these games.")] = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Regenerate the players whom news touches: ruled out or back, a line that moved, a game called off."""
    body: dict[str, object] = {"dry_run": True} if dry_run else {}
    only = None if day is None else game_date(day).isoformat()
    if only is not None:
        body["game_date"] = only
    if wanted := names(games, "--game"):
        body["games"] = wanted
    if not dry_run:
        word = only or eastern_today(clock.now()).isoformat()
        ready(session, "regenerate the players whom news touches", word=word)
    waits = wait and not dry_run
    since = session.coordinator.newest_at() if waits else None
    report = session.coordinator.scan_news(body)
    rows = [{**one.record, "touched": len(one.value.touched)} for one in report.parts(report.value.news, "news")]
    session.out.show(report.record, columns(SCAN), rows)
    if not session.out.json:
        decided = scan_sentence(report.value, "no news", dry_run=dry_run)
        session.out.line(f"{counted(report.value.games, 'game')} to come: {decided}")
    if since is not None:
        follow_scan(session, report.value.triggered, since, timeout=timeout)


def list_(session: Session, day: DateArgument = "TODAY") -> None:
    """What was seen and decided about a date's news."""
    date = game_date(day)
    found = session.coordinator.news(date.isoformat())
    if not found.value.events:
        none_of_date(session, f"no news of {date}", date, "regen news scan --dry-run")
    session.out.show([one.record for one in found.parts(found.value.events, "events")], columns(LIST))
