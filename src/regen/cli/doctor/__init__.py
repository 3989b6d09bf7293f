"""`doctor`: what is installed, reachable, and right; and `--deployed`, the questions that no emulator answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli.session import Session, command
from regen.client.errors import FellShort

if TYPE_CHECKING:
    from regen.cli.doctor.looking import Look, LookResult


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", example="doctor --deployed", panel="On this machine")(doctor)


def doctor(
    session: Session,
    is_deployed: Annotated[
        bool,
        typer.Option("--deployed", help="Ask what only a deployed system answers; the rehearsal of the first hour."),
    ] = False,
) -> None:
    """Say what is installed, reachable, and right, row by row; exit 1 if something does not work. Changes nothing."""
    from regen.cli.doctor.looking import findings  # noqa: PLC0415
    from regen.client.vitals import State  # noqa: PLC0415

    found = []
    for finding in findings(looks(session, is_deployed=is_deployed)):
        found.append(finding)
        if not session.out.json:
            _show(session, finding)
    if session.out.json:
        session.out.dump([finding.record() for finding in found])
    if any(finding.state is State.FAILED for finding in found):
        raise FellShort(
            next_=next((f.next for f in found if f.state is State.FAILED and f.next), "regen doctor --deployed")
        )


def looks(session: Session, *, is_deployed: bool) -> Iterator[Look]:
    """What is looked at, in order."""
    from regen.cli.doctor import deployed, machine, system  # noqa: PLC0415

    if not is_deployed:
        yield from machine.looks(session)
    yield from system.looks(session)
    if is_deployed:
        yield from deployed.looks(session)


def _show(session: Session, finding: LookResult) -> None:
    session.out.line(f"{finding.state:8}{finding.what:34}{finding.details}")
    if finding.next:
        session.out.line(f"{'':8}{'':34}next: {finding.next}")
