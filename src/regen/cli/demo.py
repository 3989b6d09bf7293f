"""`demo`: the main job from beginning to end on this machine, and what SQL says of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from regen import clock
from regen.cli.arguments import days, share_option, span
from regen.cli.output import Output, columns
from regen.cli.progress import shown
from regen.cli.session import Session, command
from regen.cli.settings import local_home, operator
from regen.cli.stack import StackFailed, read_data, stack_options, stay
from regen.client.errors import FellShort, Misused
from regen.client.reader import Reader

if TYPE_CHECKING:
    from regen.client.coordinator import Coordinator
    from regen.data.csvs import DataFolder
    from regen.demo.evening import Evening
    from regen.demo.run import Result
    from regen.demo.stage import Stage
    from regen.local.plan import Options
    from regen.local.stack import Stack

FIRST, LAST = "2026-01-20", "2026-01-24"
TABLE = "game_date:date requested::n produced::n skipped::n failed::n coverage_pct:coverage:n superseded::n inserted::n moved::n seconds::n status"
MOVERS = "game_date:date player_lookup:player old::n new::n move::n changed:inputs"
MOST = 8
"""Players whose moves are printed."""


def add(app: typer.Typer, panel: str) -> None:
    """Add the command."""
    command(app, "demo", example="demo --fail-share 0.3", json_flag=False, panel=panel)(demo)


def demo(
    session: Session,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Real data instead of the sample league.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help=f"First game date. Default: {FIRST}.")] = None,
    last: Annotated[str | None, typer.Option("--to", help=f"Last game date. Default: {LAST}.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Where the figures go.")] = None,
    fail_share: Annotated[
        float,
        share_option("--fail-share", "Share of the players whose data is broken when it arrives: 30% or 0.3.", "0%"),
    ] = 0.0,
    coverage: Annotated[
        float,
        share_option("--coverage", "Share of the players who have data at all when it arrives: 80% or 0.8.", "100%"),
    ] = 1.0,
    emulators: Annotated[
        bool, typer.Option("--emulators/--no-emulators", help="Without: Pub/Sub and Firestore in one process.")
    ] = True,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the stack afterwards, with its console, until Ctrl-C.")
    ] = False,
) -> None:
    """Predict five dates, let better data arrive, regenerate them, and show what became of every row; then rule a star out."""
    if data and not first:
        raise Misused("--data needs --from (and --to): which dates?")
    begins, ends = span(first or FIRST, last or first or LAST)
    found = read_data(data)
    damaged = (fail_share, coverage) != (0.0, 1.0)
    play = _Play(session, found, _dates(found, begins, ends), (fail_share, coverage), data is None and not damaged)
    options = stack_options(
        session, emulators=emulators, home=demo_home(), sample_start=_sample_start() if data is None else ""
    )
    session.out.say(f"starting the local stack; its logs are in {options.home / 'logs'}")
    results: list[Result] = []

    def played(stack: Stack) -> None:
        results.append(play.on(stack))
        if json_file:
            record = {"data": "files" if data else "sample league", **results[0].as_record()}
            json_file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        _show_result(session, results[0])
        if keep:
            session.out.line(f"commands reach this stack with REGEN_LOCAL_HOME={options.home}")

    if keep:
        stay(session, options, played)
    else:
        _briefly(session, options, played)
    if not results[0].passed:
        raise FellShort(next_="less build/demo/logs/*")


class _Play(Struct, frozen=True):
    """What is played, on whichever stack."""

    session: Session
    data: DataFolder
    dates: list[date]
    damage: tuple[float, float]
    second_act: bool

    def on(self, stack: Stack) -> Result:
        """Play it, and write the page while the tables are there."""
        from regen.data.importer import Damage  # noqa: PLC0415
        from regen.demo.run import run  # noqa: PLC0415

        stage = _stage(self.session, stack)
        result = run(stage, self.data, self.dates, Damage(*self.damage), self.evening())
        _report(stage.reader, result, self.dates)
        return result

    def evening(self) -> Evening | None:
        """The game of the second act; none if it is not asked for, or lies among the dates."""
        from regen.demo.evening import evening_of  # noqa: PLC0415
        from regen.league import EVENING  # noqa: PLC0415

        return evening_of(self.data, EVENING) if self.second_act and max(self.dates) < EVENING else None


def _briefly(session: Session, options: Options, played: Callable[[Stack], None]) -> None:
    """Play on a stack that is gone afterwards."""
    from regen.local.bigquery_env import InstallationFailed  # noqa: PLC0415
    from regen.local.processes import ProcessDied  # noqa: PLC0415
    from regen.local.stack import Stack, StackError  # noqa: PLC0415

    began = time.monotonic()
    try:
        with Stack(options, say=session.out.say) as stack:
            session.out.say(f"everything answers after {time.monotonic() - began:.1f} s")
            played(stack)
    except (StackError, ProcessDied, InstallationFailed) as error:
        first, *further = str(error).splitlines() or [""]
        raise StackFailed(first, further=further) from error


def demo_home() -> Path:
    """The folder of the demo's own stack, beside that of `local up`."""
    home = local_home()
    return home.with_name(f"{home.name}-demo") if home.name != "local" else home.with_name("demo")


def _sample_start() -> str:
    from regen.league import DEMO_CLOCK_START  # noqa: PLC0415

    return DEMO_CLOCK_START


def report_file() -> Path:
    """The page that the demo leaves behind."""
    return demo_home() / "report.html"


def _report(reader: Reader, result: Result, dates: list[date]) -> None:
    """Write the page while the tables are still there."""
    from regen.demo.run import REASON  # noqa: PLC0415
    from regen.report.facts import facts_of, named_changes  # noqa: PLC0415
    from regen.report.page import page  # noqa: PLC0415

    status = ", ".join(sorted({view.status for view in result.views}))
    subject = f"demo, {min(dates)} to {max(dates)}"
    facts = facts_of(reader, subject, status, REASON, result.views, changes=lambda _: named_changes(result.rows))
    report_file().write_text(page(facts), encoding="utf-8")


def _stage(session: Session, stack: Stack) -> Stage:
    from regen.adapters.bigquery.loading import TableLoader  # noqa: PLC0415
    from regen.demo.stage import Stage  # noqa: PLC0415

    say, project = session.out.say, stack.options.project
    reader = Reader(project, stack.env["BIGQUERY_EMULATOR_HOST"])
    return Stage(
        coordinator=_coordinator(stack),
        reader=reader,
        loader=TableLoader(reader.client, project),
        check=stack.check,
        say=say,
        watch=lambda: shown(say),
        now=clock.now,
    )


def _coordinator(stack: Stack) -> Coordinator:
    from regen.client.coordinator import Coordinator  # noqa: PLC0415

    return Coordinator(stack.env["COORDINATOR_URL"], stack.env["API_KEY"], "the demo's stack", person=operator())


def _dates(data: DataFolder, first: date, last: date) -> list[date]:
    played = {log.game_date for log in data.logs}
    found = [day for day in days(first, last) if day in played]
    if not found:
        raise Misused(f"no games from {first} to {last}; there are some from {min(played)} to {max(played)}")
    return found


def _show_result(session: Session, result: Result) -> None:
    from regen.demo.run import figures  # noqa: PLC0415

    out = session.out
    out.table(columns(TABLE), [figures(view, result.movers) for view in result.views])
    _show_moves(out, result)
    if result.act:
        out.line("")
        out.line(f"second act: {result.act.sentence}")
        out.table(columns(MOVERS), [one.cells for one in result.act.movers])
    out.line("")
    for statement in result.all_statements:
        out.line(f"{'yes' if statement.holds else 'NO '}  {statement.text}")
    out.line("")
    out.line(f"report: {report_file()}")
    out.line(result.sentence)


def _show_moves(out: Output, result: Result) -> None:
    """Who moved most, what changed, and what it did to the errors."""
    if found := [one for one in result.movers if one.has_moved]:
        out.line("")
        out.table(columns(MOVERS), [one.cells for one in found[:MOST]])
    if (off := result.errors) is not None:
        out.line("")
        out.line(
            f"{off.system_id} on {off.pairs} players who have played: {off.before:.3f} points off before, {off.after:.3f} "
            f"after; change {off.change:+.3f} (95 %, by games: {off.interval})"
        )
