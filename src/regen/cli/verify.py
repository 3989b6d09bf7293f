"""`verify`: every invariant, from BigQuery alone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import share_option, span
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort
from regen.client.reader import Reader, Record
from regen.domain.invariants import INVARIANTS
from regen.settings import number

PANEL = "Predictions"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "verify", example="verify 2026-01-20 2026-01-24", panel=PANEL)(verify)


def systems_gone(reader: Reader, first: date, last: date) -> list[Record]:
    """The systems that regen does not have and that have current rows, with their numbers of rows and dates."""
    from regen.systems import system_ids  # noqa: PLC0415

    known = frozenset(system_ids())
    return [row for row in reader.run("current_systems", first=first, last=last) if row["system_id"] not in known]


def verify(
    session: Session,
    first: Annotated[str, typer.Argument(metavar="FROM", help="First game date.", autocompletion=completing.dates)],
    last: Annotated[
        str | None,
        typer.Argument(metavar="[TO]", help="Last game date; the first if left out.", autocompletion=completing.dates),
    ] = None,
    threshold: Annotated[
        float,
        share_option("--threshold", "Least coverage of a date: 90% or 0.9.", "90%"),
    ] = number("REGEN_COVERAGE_THRESHOLD") / 100,
) -> None:
    """Check every invariant of the tables, whatever the batch records say; exit 1 if one is broken."""
    from regen.adapters.bigquery.jobs import Jobs  # noqa: PLC0415
    from regen.adapters.bigquery.ledger import BigQueryLedger  # noqa: PLC0415

    begin, end = span(first, last)
    reader = session.reader
    ledger = BigQueryLedger(Jobs(reader.client, "regen-verify"), reader.names)
    findings = ledger.verify(begin, end, clock.now(), 100 * threshold)
    broken = [finding for finding in findings if not finding.holds]
    rows = [
        {
            **asdict(finding),
            "says": INVARIANTS[finding.name],
            "holds": finding.holds,
            "state": "ok" if finding.holds else "BROKEN",
        }
        for finding in findings
    ]
    gone = systems_gone(reader, begin, end)
    answer = {"from": begin, "to": end, "holds": not broken, "invariants": rows, "systems_gone": gone}
    session.out.show(answer, columns("state name:invariant checked::n violations::n says"), rows)
    if not session.out.json:
        for finding in broken:
            session.out.line("")
            session.out.line(f"{finding.name}: {INVARIANTS[finding.name]}")
            for example in finding.examples:
                session.out.line(f"  {example}")
        for system in gone:
            session.out.line(
                f"{system['system_id']} is no system of regen, and has {system['current_rows']} current rows on "
                f"{system['dates']} dates; to retire them: REGEN_RETIRED_SYSTEMS"
            )
        session.out.line("")
        looked = sum(finding.checked for finding in findings)
        verdict = f"{len(broken)} invariants are broken" if broken else "all hold"
        session.out.line(f"{begin} to {end}: {len(findings)} invariants, {looked} checks, {verdict}")
    if broken:
        raise FellShort(next_=f"regen audit {begin}")
