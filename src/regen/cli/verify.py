"""`verify`: every invariant, from BigQuery alone; and from the coordinator, whether the batch records agree with the audit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import share_option, span
from regen.cli.background import begin as beginning
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort, Misused, Problem, Unreachable
from regen.domain.invariants import INVARIANTS, MEANINGS, Finding
from regen.domain.values import asdict
from regen.domain.words import counted
from regen.settings import number

if TYPE_CHECKING:
    from regen.adapters.bigquery.looking import SystemRows

PANEL = "Predictions"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "verify", example="verify 2026-01-20 2026-01-24", panel=PANEL)(verify)


def systems_gone(systems: Iterable[SystemRows]) -> list[SystemRows]:
    """Those of the systems that are none of regen's and not admitted."""
    found = [system for system in systems if system.system_id not in _fitted()]
    if not found:
        return []
    # To import all systems takes a tenth of a second, and nearly always the shipped model has them.
    from regen.cli.variables import setting  # noqa: PLC0415
    from regen.systems import member_ids, system_ids  # noqa: PLC0415

    onnx = (word.partition("=")[0] for word in setting("REGEN_ONNX_SYSTEMS"))
    known = {*system_ids(), *member_ids(), *setting("REGEN_EXTERNAL_SYSTEMS"), *onnx}
    return [system for system in found if system.system_id not in known]


@cache
def _fitted() -> frozenset[str]:
    """The systems that the shipped model has parameters for."""
    text = (resources.files("regen") / "systems" / "artefact.json").read_bytes()
    return frozenset(msgspec.json.decode(text)["models"])


def records_agree(session: Session, first: date, last: date) -> Finding | None:
    """Whether the audit has what the batch records call done, as the coordinator sees it; None if none is known.

    Raises:
        Problem: the coordinator refuses.
        Unreachable: it does not answer.
    """
    try:
        coordinator = session.coordinator
    except Misused:
        return None
    body = {"from": first.isoformat(), "to": last.isoformat(), "records": True, "dry_run": True}
    (found,) = coordinator.findings(body)
    return found


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
    """Check every invariant of the tables, whatever the batch records say; exit 1 if one is broken.

    The coordinator is asked whether the batch records agree with the audit. After a restore they may not.
    """
    begin, end = span(first, last)
    reader = session.reader
    # Asked first: the coordinator works while this process imports what asks BigQuery.
    records = beginning(lambda: records_agree(session, begin, end))
    from regen.adapters.bigquery.looking import looked  # noqa: PLC0415

    _ = reader.queries  # made before several threads ask for it
    seen = looked(reader.rows, reader.staging_tables, begin, end, clock.now(), 100 * threshold)
    findings, gone = seen.findings, systems_gone(seen.systems)
    recorded, trouble = None, None
    try:
        recorded = records.result()
    except (Problem, Unreachable) as error:
        trouble = error
    findings += [recorded] if recorded else []
    broken = [finding for finding in findings if not finding.holds]
    rows = [
        {
            **asdict(finding),
            "says": MEANINGS[finding.name],
            "holds": finding.holds,
            "state": "ok" if finding.holds else "BROKEN",
        }
        for finding in findings
    ]
    tables = [row for row in rows if row["name"] in INVARIANTS]
    of_records = next((row for row in rows if row["name"] not in INVARIANTS), None)
    answer = {
        "from": begin, "to": end, "holds": not broken, "invariants": tables, "records": of_records,
        "systems_gone": [asdict(system) for system in gone],
    }  # fmt: skip
    session.out.show(answer, columns("state name:invariant checked::n violations::n says"), rows)
    if not session.out.json:
        for finding in broken:
            session.out.line("")
            session.out.line(f"{finding.name}: {MEANINGS[finding.name]}")
            for example in finding.examples:
                session.out.line(f"  {example}")
        for system in gone:
            session.out.line(
                f"{system.system_id} is no system of regen, and has {system.current_rows} current rows on "
                f"{counted(system.dates, 'date')}; to retire them: REGEN_RETIRED_SYSTEMS"
            )
        session.out.line("")
        if not recorded:
            session.out.line("the batch records were not compared with the audit: no coordinator answered")
        checks = sum(finding.checked for finding in findings)
        verdict = f"{len(broken)} invariants are broken" if broken else "all hold"
        session.out.line(f"{begin} to {end}: {len(findings)} invariants, {checks} checks, {verdict}")
    if trouble and not broken:
        raise trouble
    if broken:
        raise FellShort(next_=f"regen audit {begin}")
