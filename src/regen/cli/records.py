"""`audit`: what was done, by whom, and what came of it."""

from __future__ import annotations

import json
from typing import Any

import typer

from regen.cli.arguments import DateOrBatch, game_date
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.reader import BATCH_DATE, date_of
from regen.domain.plan import in_words

PANEL = "Predictions"
AUDIT = (
    "regeneration_timestamp:at event batch_id:batch round::n requested::n produced::n skipped::n failed::n "
    "superseded_count:superseded:n regenerated_count:inserted:n withdrawn:n why_withdrawn:withdrawn_why coverage_pct:coverage:n triggered_by:by error"
)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "audit", example="audit 2026-01-20", panel=PANEL)(audit)


def audit(
    session: Session,
    what: DateOrBatch,
) -> None:
    """What was done to a date or by a batch, in the order of its happening."""
    is_batch = BATCH_DATE.match(what) is not None
    rows = session.reader.run(
        "audit",
        batch_id=what if is_batch else "",
        day=date_of(what) if is_batch else game_date(what, "DATE|BATCH"),
    )
    session.out.show(rows, columns(AUDIT), [_shown(row) for row in rows])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    verdict = row.get("verdict") or {}
    if isinstance(verdict, str):
        verdict = json.loads(verdict)
    at = str(row["regeneration_timestamp"])[:19].replace("T", " ")
    return {**row, "regeneration_timestamp": at, "why_withdrawn": in_words(verdict.get("withdrawals") or {})}
