"""The coordinator's routes beside batches: the BDB scan, the look at the tables, and grades."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

import msgspec
from msgspec import UNSET

from regen.api import requests
from regen.api.forms import Body, Form, Record
from regen.api.looks import Findings, GradedDate, Grades, Scan, WouldGrade
from regen.domain.backfill import MAX_DATES
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput
from regen.services.backfill import starting
from regen.services.state.deps import Deps
from regen.services.state.idempotency import IdempotencyKey, recall, settle
from regen.services.tables import bdb_scanning, checking, grading, quality_watching
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

T = TypeVar("T", bound=msgspec.Struct)
G = TypeVar("G", bound=requests.Grading)
_SPAN, _GRADING = Body(requests.Span), Body(requests.Grading)
_SCAN, _GRADES, _FINDINGS = Form(Scan), Form(Grades), Form(Findings)


def routes(app: App, key_of: Callable[[Call, Record], IdempotencyKey | None]) -> list[Route]:
    """All of them; a key or the scheduler may call.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def once(call: Call, body: Record, form: Form[T], *, dry_run: bool, act: Callable[[], msgspec.Struct]) -> Reply:
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
        dry_run = bodies.asked(bodies.DRY_RUN, body).dry_run
        return once(call, body, _SCAN, dry_run=dry_run, act=lambda: bdb_scanning.scan(deps, dry_run=dry_run))

    def check(call: Call) -> Reply:
        body = call.json()
        said, first, last = _span(_SPAN, body, eastern_today(deps.clock.now()))
        dry_run = said.dry_run
        return once(call, body, _FINDINGS, dry_run=dry_run, act=lambda: _checked(deps, said, first, last))

    def grade(call: Call) -> Reply:
        body = call.json()
        said, first, last = _span(_GRADING, body, eastern_today(deps.clock.now()))
        dry_run = said.dry_run

        def act() -> Grades | WouldGrade:
            due = grading.spans(grading.due(deps, (last - first).days + 1)) if said.from_ is UNSET else [(first, last)]
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


def _checked(deps: Deps, said: requests.Span, first: date, last: date) -> Findings:
    if said.fill and said.records:
        raise InvalidInput("records", "without `fill`: the batch records say nothing of coverage")
    findings = checking.check(deps, first, last, alerts=not said.dry_run, records_only=said.records)
    filled = starting.see_to_dates(deps, first, last, findings, dry_run=said.dry_run) if said.fill else []
    return Findings(from_=first, to=last, findings=findings, filled=filled)


def _span(form: Body[G], body: Record, today: date) -> tuple[G, date, date]:
    """A request, and its first and last date: `from` and `to`, or the last `days` until today."""
    bodies.only(body, set(form.kind.__struct_encode_fields__) - ({"days"} if "from" in body else {"from", "to"}))
    said = bodies.asked(form, body)
    if said.from_ is UNSET:
        return said, today - timedelta(days=said.days - 1), today
    first = parse_game_date(said.from_, field="from")
    last = parse_game_date(said.from_ if said.to is UNSET else said.to, field="to")
    if not 0 <= (last - first).days < MAX_DATES:
        raise InvalidInput("to", f"a date from `from` on, at most {MAX_DATES} dates in all")
    return said, first, last
