"""The coordinator's routes beside batches: the BDB scan, the look at the tables, and grades."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import msgspec

from regen.api.forms import Form
from regen.api.looks import Findings, GradedDate, Grades, Scan, WouldGrade
from regen.domain.backfill import MAX_DATES
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput
from regen.services.backfill import starting
from regen.services.state.idempotency import IdempotencyKey, recall, settle
from regen.services.tables import bdb_scanning, checking, grading, quality_watching
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

T = TypeVar("T", bound=msgspec.Struct)
_SCAN, _GRADES = Form(Scan), Form(Grades)


def routes(app: App, key_of: Callable[[Call, dict[str, Any]], IdempotencyKey | None]) -> list[Route]:
    """All of them; a key or the scheduler may call.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def once(
        call: Call, body: dict[str, Any], form: Form[T], *, dry_run: bool, act: Callable[[], msgspec.Struct]
    ) -> Reply:
        """What a key was answered before, or what the act brings: done again, it would change nothing."""
        key = key_of(call, body)
        if known := recall(deps, key, form):
            return 200, known
        answer = act()
        if not dry_run:
            settle(deps, key, answer)
        return 200, answer

    def scan(call: Call) -> Reply:
        body = call.json()
        bodies.only(body, {"dry_run"})
        dry_run = bodies.flag_field(body, "dry_run")
        return once(call, body, _SCAN, dry_run=dry_run, act=lambda: bdb_scanning.scan(deps, dry_run=dry_run))

    def check(call: Call) -> Reply:
        body = call.json()
        first, last = _span(body, eastern_today(deps.clock.now()), "dry_run", "fill", "records")
        dry_run, fills, records = (bodies.flag_field(body, name) for name in ("dry_run", "fill", "records"))
        if fills and records:
            raise InvalidInput("records", "without `fill`: the batch records say nothing of coverage")
        findings = checking.check(deps, first, last, alerts=not dry_run, records_only=records)
        filled = starting.see_to_dates(deps, first, last, findings, dry_run=dry_run) if fills else []
        return 200, Findings(from_=first, to=last, findings=findings, filled=filled)

    def grade(call: Call) -> Reply:
        body = call.json()
        first, last = _span(body, eastern_today(deps.clock.now()), "dry_run")
        dry_run = bodies.flag_field(body, "dry_run")

        def act() -> Grades | WouldGrade:
            due = grading.spans(grading.due(deps, (last - first).days + 1)) if "from" not in body else [(first, last)]
            if dry_run:
                days = [begin + timedelta(days=n) for begin, end in due for n in range((end - begin).days + 1)]
                return WouldGrade(dates=[GradedDate(game_date=day) for day in days])
            graded = [day for begin, end in due for day in grading.grade(deps, begin, end)]
            quality_watching.watch(deps, graded)
            return Grades(dates=graded)

        return once(call, body, _GRADES, dry_run=dry_run, act=act)

    return [
        Route("POST", "/bdb/scan", gate.by_key_or_scheduler, scan),
        Route("POST", "/checks", gate.by_key_or_scheduler, check),
        Route("POST", "/grades", gate.by_key_or_scheduler, grade),
    ]


def _span(body: dict[str, Any], today: date, *more: str) -> tuple[date, date]:
    """`from` and `to`, or the last `days` until today (2 if nothing is said).

    Args:
        more: fields that the route takes beside.
    """
    bodies.only(body, {*more, *({"from", "to"} if "from" in body else {"days"})})
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
