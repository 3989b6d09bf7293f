"""`report`: a batch or a backfill as a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regen.cli import completing
from regen.cli.naming import whole
from regen.cli.session import Session, command

PANEL = "Predictions"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "report", example="report regen_2026-01-20_bdb_upgrade_a1b2c3d4 -o report.html", panel=PANEL)(report)


def report(
    session: Session,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="BATCH|BACKFILL",
            autocompletion=completing.batches,
            help="A batch's id, the beginning of one, a game date, @last; or a backfill's id.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("report.html"),
) -> None:
    """Write one self-contained page: coverage, outcomes, what moved, accuracy before and after, the timeline."""
    from regen.report.facts import of_backfill, of_batch  # noqa: PLC0415
    from regen.report.page import page  # noqa: PLC0415

    coordinator, reader = session.coordinator, session.reader
    if subject.startswith("backfill_"):
        facts = of_backfill(coordinator, reader, subject)
    else:
        facts = of_batch(coordinator, reader, whole(session, subject).value)
    written = page(facts)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(written, encoding="utf-8")
    if session.out.json:
        session.out.dump({"file": str(output), "bytes": len(written.encode())})
    else:
        session.out.line(str(output))
