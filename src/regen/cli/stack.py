"""`local up`: the local stack in the foreground."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regen import clock
from regen.cli.background import begin
from regen.cli.session import Session, command
from regen.cli.settings import DEFAULT_PROJECT, local_home, operator
from regen.client.errors import Misused, OperatorError
from regen.domain.words import counted

if TYPE_CHECKING:
    from regen.console.serve import LoopbackConsole
    from regen.data.csvs import DataFolder
    from regen.local.plan import Options
    from regen.local.stack import Stack


def add(group: typer.Typer) -> None:
    """Add the commands."""
    command(group, "up", example="local up --port coordinator=8080", json_flag=False)(up)


def up(
    session: Session,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="All of this folder instead of the sample league.")
    ] = None,
    emulators: Annotated[
        bool, typer.Option("--emulators/--no-emulators", help="Without: Pub/Sub and Firestore in one process.")
    ] = True,
    port: Annotated[
        list[str] | None,
        typer.Option("--port", metavar="NAME=NUMBER", help="A port of your choice; the others are free ones."),
    ] = None,
) -> None:
    """Start everything on loopback, load the data, and stay until Ctrl-C."""
    given = ports(port)
    console_port = given.pop("console", 0)
    start = _sample_start() if data is None else ""
    options = stack_options(session, emulators=emulators, ports=given, sample_start=start)
    loading = begin(lambda: read_data(data))
    stay(session, options, lambda stack: fill(session, stack, loading.result(), is_sample=data is None), console_port)


def stay(session: Session, options: Options, load: Callable[[Stack], None], console_port: int = 0) -> None:
    """Start a stack, fill it, serve its console, and stay until Ctrl-C.

    Raises:
        typer.Exit: it could not start, or has lost a part.
    """
    from regen.local import up as local  # noqa: PLC0415

    served: list[LoopbackConsole] = []

    def filled(stack: Stack) -> None:
        load(stack)
        served.extend(console_beside(session, stack, console_port))

    try:
        code = local.up(filled, options, say=session.out.line)
    finally:
        for console in served:
            console.stop()
    if code:
        raise typer.Exit(code)


def console_beside(session: Session, stack: Stack, port: int = 0) -> list[LoopbackConsole]:
    """The console of a stack, its link printed; none, with the reason, if its port is taken."""
    from regen.client.coordinator import Coordinator  # noqa: PLC0415
    from regen.client.reader import Reader  # noqa: PLC0415
    from regen.console.serve import LoopbackConsole, target_of  # noqa: PLC0415

    env, project = stack.env, stack.options.project
    coordinator = Coordinator(env["COORDINATOR_URL"], env["API_KEY"], "the local stack", person=operator())
    reader = Reader(project, env["BIGQUERY_EMULATOR_HOST"])
    try:
        console = LoopbackConsole(coordinator, reader, target_of(coordinator.url, project, is_local=True), port)
    except OSError as error:
        session.out.line(f"no console: {error}")
        return []
    console.start()
    session.out.line(f"console: {console.link}")
    return [console]


def stack_options(
    session: Session,
    *,
    emulators: bool,
    sample_start: str = "",
    ports: Mapping[str, int] | None = None,
    home: Path | None = None,
) -> Options:
    """The options of a stack of this command's project, on whose clock this process lives from here on.

    Args:
        sample_start: the moment from which it lives, unless the environment has another; empty for the machine's time.
    """
    from regen.local.plan import Options, variables_of  # noqa: PLC0415

    project = session.given.project or DEFAULT_PROJECT
    try:
        variables = variables_of(os.environ)
    except ValueError as error:
        raise Misused(str(error)) from error
    start = variables.get(clock.VARIABLE) or sample_start
    if start:
        variables[clock.VARIABLE] = clock.anchored(start)
        session.out.say(f"the stack lives from {start.partition('@')[0]} on")
    clock.live_from(variables.get(clock.VARIABLE, ""))
    return Options(
        project=project, home=home or local_home(), emulators=emulators, ports=ports or {}, variables=variables
    )


def _sample_start() -> str:
    from regen.league import CLOCK_START  # noqa: PLC0415

    return CLOCK_START


def ports(given: list[str] | None) -> dict[str, int]:
    """Ports by name.

    Raises:
        Misused: one is not written as it should be, or of no part of the stack.
    """
    from regen.local.plan import PORTS  # noqa: PLC0415

    allowed = (*PORTS, "console")
    found: dict[str, int] = {}
    for text in given or ():
        name, _, number = text.partition("=")
        if name not in allowed or not number.isdigit() or not 0 < int(number) < 65536:
            raise Misused(f"--port {text}: expected NAME=NUMBER, NAME one of {', '.join(allowed)}")
        found[name] = int(number)
    return found


def read_data(folder: Path | None) -> DataFolder:
    """A data folder, or else the sample league."""
    if folder is None:
        from regen import league  # noqa: PLC0415

        return league.as_data(league.generate())
    from regen.data.csvs import read_folder  # noqa: PLC0415

    return read_folder(folder)


def fill(session: Session, stack: Stack, data: DataFolder, *, is_sample: bool) -> None:
    """Load all of the data into a stack's input tables; of the sample league, some late data has come."""
    from regen.adapters.bigquery.clients import emulator_client  # noqa: PLC0415
    from regen.adapters.bigquery.loading import TableLoader  # noqa: PLC0415
    from regen.data.importer import ImportOptions, import_data  # noqa: PLC0415
    from regen.league import ARRIVED  # noqa: PLC0415

    client = emulator_client(stack.urls["bigquery"], stack.options.project)
    options = ImportOptions(arrived=ARRIVED if is_sample else frozenset())
    report = import_data(data, TableLoader(client, stack.options.project), options)
    for warning in report.brief:
        session.out.line(f"note: {warning}")
    rows = ", ".join(f"{count} {table}" for table, count in report.rows.items())
    session.out.line(f"loaded {counted(len(report.requested), 'date')} with slates: {rows}")


class StackFailed(OperatorError):
    """The local stack could not be started or has lost a part."""
