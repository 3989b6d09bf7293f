"""`audit`: what was done, by whom, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import typer

from regen.cli.arguments import DateOrBatch, game_date
from regen.cli.naming import meant
from regen.cli.nothing import none_of_date
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import NothingFound
from regen.client.reader import BATCH_DATE, Record, date_of
from regen.domain.nearest import nearest, the_nearest
from regen.domain.persons import asked_by
from regen.domain.plan import in_words

PANEL = "Predictions"
AUDIT = (
    "regeneration_timestamp:at event batch_id:batch why::t2 triggered_by:by:t3 coverage_pct:coverage:n4 superseded_count:superseded:n5 "
    "regenerated_count:inserted:n5 withdrawn::n6 failed::n7 produced::n8 requested::n8 skipped::n9 round::n9"
)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "audit", example="audit 2026-01-20", panel=PANEL, lists=True)(audit)


def audit(
    session: Session,
    what: DateOrBatch,
) -> None:
    """What was done to a date or by a batch, in the order of its happening."""
    what = meant(session, what)
    is_batch = BATCH_DATE.match(what) is not None
    rows = session.reader.run(
        "audit",
        batch_id=what if is_batch else "",
        day=date_of(what) if is_batch else game_date(what, "DATE|BATCH"),
    )
    if not rows:
        day = date_of(what) if is_batch else game_date(what, "DATE|BATCH")
        if is_batch:
            raise NothingFound(
                f"the audit knows no {what}{the_nearest(_alike(session, what, day))}", f"regen audit {day}"
            )
        none_of_date(session, f"the audit has nothing of {day}", day, "regen status")
    session.out.show(rows, columns(AUDIT), [_shown(row) for row in rows])


def _alike(session: Session, batch_id: str, day: date) -> list[str]:
    """The batches of a date that are called much like it."""
    rows = session.reader.run("audit", batch_id="", day=day)
    return nearest(batch_id, {str(row["batch_id"]) for row in rows if row["batch_id"]})


def _shown(row: Record) -> Record:
    at = str(row["regeneration_timestamp"])[:19].replace("T", " ")
    by = asked_by(str(row["triggered_by"] or "-"), row.get("on_behalf_of"))
    return {**row, "regeneration_timestamp": at, "triggered_by": by, "why": "; ".join(_whys(row))}


def _whys(row: Record) -> Iterator[str]:
    """Why it was done, and what was waived for it: the operator's reason, else the batch's."""
    from regen.domain.batch_facts import forbidding, measured, waived, waivers  # noqa: PLC0415

    verdict, metadata = (_object(row.get(name)) for name in ("verdict", "metadata"))
    ordered = metadata.get("order_reason") or metadata.get("rollback_reason") or metadata.get("why")
    if row["error"]:
        yield str(row["error"])
    elif ordered:
        yield str(ordered)
    elif row["reason"]:
        yield str(row["reason"])
    if row["event"] == "rejected":
        yield from map(measured, forbidding(verdict))
    if row["event"] in {"promoted", "promote_requested"}:
        yield from map(waived, waivers(verdict))
    if gone := verdict.get("withdrawals"):
        yield f"{'withdrawn' if row['event'] == 'promoted' else 'would have withdrawn'}: {in_words(gone)}"


def _object(value: object) -> Record:
    read = json.loads(value) if isinstance(value, str) else value
    return read if isinstance(read, dict) else {}
