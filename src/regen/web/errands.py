"""The coordinator's routes beside batches: the BDB scan, the look at the tables, and grades."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from regen.domain.backfill import MAX_DATES
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput
from regen.services import bdb_scanning, checking, grading
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route


def routes(app: App) -> list[Route]:
    """All of them; a key or the scheduler may call."""
    deps, gate = app.deps, app.gate

    def scan(call: Call) -> Reply:
        body = call.json()
        bodies.only(body, {"dry_run"})
        return 200, asdict(bdb_scanning.scan(deps, dry_run=bodies.flag(body, "dry_run")))

    def check(call: Call) -> Reply:
        first, last = _span(call.json(), eastern_today(deps.clock.now()))
        return 200, {"from": first.isoformat(), "to": last.isoformat(), "findings": checking.check(deps, first, last)}

    def grade(call: Call) -> Reply:
        body = call.json()
        first, last = _span(body, eastern_today(deps.clock.now()))
        if "from" in body:
            graded = grading.grade(deps, first, last)
        else:
            graded = grading.grade_due(deps, (last - first).days + 1)
        return 200, {"dates": [asdict(day) for day in graded]}

    return [
        Route("POST", "/bdb/scan", gate.by_key_or_scheduler, scan),
        Route("POST", "/checks", gate.by_key_or_scheduler, check),
        Route("POST", "/grades", gate.by_key_or_scheduler, grade),
    ]


def _span(body: dict[str, Any], today: date) -> tuple[date, date]:
    """`from` and `to`, or the last `days` until today (2 if nothing is said)."""
    bodies.only(body, {"from", "to"} if "from" in body else {"days"})
    if "from" not in body:
        days = body.get("days", 2)
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_DATES:
            raise InvalidInput("days", f"a whole number from 1 to {MAX_DATES}")
        return today - timedelta(days=days - 1), today
    first = parse_game_date(body["from"], field="from")
    last = parse_game_date(body.get("to", body["from"]), field="to")
    if not 0 <= (last - first).days < MAX_DATES:
        raise InvalidInput("to", f"a date from `from` on, at most {MAX_DATES} dates in all")
    return first, last
