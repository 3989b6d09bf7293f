"""`bdb scan` and `bdb list`: games whose late data is awaited."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import TIMEOUT, DryRun, Timeout, Wait, game_date
from regen.cli.follow import follow_scan
from regen.cli.output import columns
from regen.cli.safety import ready
from regen.cli.session import Session, command
from regen.client.errors import Misused, NothingFound
from regen.client.summary import scan_sentence
from regen.domain.bdb import BdbStatus
from regen.domain.dates import eastern_today
from regen.domain.nearest import nearest, the_nearest

PANEL = "Data and models"
LIST = (
    "game_date:date game_id:game status home_team:home:4 away_team:away:4 bdb_available_at:available_at:3 "
    "completed_at::5 attempts::n6 bdb_check_count:checks:n7 upstream_status:upstream:8 resolution_notes:notes:t9"
)
SCAN = "game_date:date game_id:game act why::t2 was::4 stale_players:stale:n5 fresh_players:fresh:n6 attempts::n7"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Games whose late play-by-play is awaited.", no_args_is_help=True)
    command(group, "scan", example="bdb scan --dry-run")(scan)
    command(group, "list", example="bdb list --status bdb_available", lists=True)(list_)
    app.add_typer(group, name="bdb", rich_help_panel=PANEL)


def scan(session: Session, dry_run: DryRun = False, wait: Wait = False, timeout: Timeout = TIMEOUT) -> None:
    """Regenerate each date whose late data has come, and the players whose shot zones the feature store has replaced."""
    if not dry_run:
        today = eastern_today(clock.now()).isoformat()
        ready(session, "regenerate each date whose late data has come", word=today)
    waits = wait and not dry_run
    since = session.coordinator.newest_at() if waits else None
    report = session.coordinator.scan({"dry_run": True} if dry_run else {})
    games = report.parts(report.value.games, "games")
    arrived = sorted(games, key=lambda game: game.value.was == BdbStatus.PENDING)
    shown = [game for game in arrived if game.value.act != "wait"] or arrived[:20]
    session.out.show(report.record, columns(SCAN), [game.record for game in shown])
    if not session.out.json:
        for one in report.value.zones:
            session.out.line(f"{one.game_date}: other shot zones of {len(one.players)} players: {one.act}, {one.why}")
        session.out.line(scan_sentence(report.value, "nothing is awaited", dry_run=dry_run))
    if since is not None:
        follow_scan(session, report.value.triggered, since, timeout=timeout)


def list_(
    session: Session,
    status: Annotated[
        str, typer.Option("--status", "-s", help=", ".join(BdbStatus), autocompletion=completing.game_states)
    ] = "",
    day: Annotated[
        str | None, typer.Option("--date", "-d", help="Only this game date.", autocompletion=completing.dates)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that are completed or expired, too.")] = False,
) -> None:
    """The games that are waited for."""
    if status and status not in list(BdbStatus):
        raise Misused(f"--status: expected one of {', '.join(BdbStatus)}{the_nearest(nearest(status, BdbStatus))}")
    first, last = (date(1946, 1, 1), date(9999, 1, 1)) if day is None else (game_date(day), game_date(day))
    rows = session.reader.run(
        "bdb_list", first=first, last=last, status=status, every=every or bool(status) or day is not None
    )
    if not rows and (status or day):
        which = "".join((f" that is {status}" if status else "", f" on {first}" if day else ""))
        raise NothingFound(f"no game{which}", "regen bdb list --all")
    session.out.show(rows, columns(LIST))
