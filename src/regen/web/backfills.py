"""The coordinator's routes for backfills."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET, structs

from regen.api import requests
from regen.api.backfills import Backfills, Plan, WouldBackfill
from regen.api.forms import Body, Record
from regen.domain import ids
from regen.domain.dates import parse_game_date
from regen.domain.errors import NoSuchBackfill
from regen.domain.values import replace
from regen.services.backfill import backfilling
from regen.services.backfill.backfilling import Wanted
from regen.services.backfill.changes import read_backfill
from regen.services.state.idempotency import IdempotencyKey
from regen.services.views.backfill_view import backfill_view, dates_view, page_of_backfills
from regen.web import bodies, lists
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

LISTING = frozenset({"from", "to", "status", "limit", "cursor"})
_RANGE = Body(requests.Range)


def routes(app: App, key_of: Callable[[Call, Record], IdempotencyKey | None]) -> list[Route]:
    """All routes of backfills.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def create(call: Call) -> Reply:
        body = call.json()
        said = bodies.asked(_RANGE, body)
        wanted = replace(wanted_of(said, call.caller_name), person=call.person)
        key = key_of(call, body)
        if said.dry_run:
            known = backfilling.known(deps, key)
            dates = known.dates if known else backfilling.plan(deps, wanted)
            return 200, Plan(dates=dates_view(dates))
        made = backfilling.create(deps, wanted, key)
        return 202, structs.replace(backfill_view(made), status_url=call.url(f"/backfills/{made.backfill_id}"))

    def listing(call: Call) -> Reply:
        found, following = page_of_backfills(deps, *lists.asked_backfills(call))
        return 200, Backfills(backfills=found, next=following or UNSET)

    def one(call: Call) -> Reply:
        return 200, backfill_view(read_backfill(deps, _id(call))[0])

    def order(word: str) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            name, body = _id(call), call.json()
            said = bodies.asked(bodies.ORDER, body)
            why, dry_run = said.reason or None, said.dry_run
            key = key_of(call, body)
            after = backfilling.order(
                deps, name, word, call.caller_name, person=call.person, why=why, key=key, dry_run=dry_run
            )
            view = backfill_view(after)
            if dry_run:
                known = {**structs.asdict(view), "status": "dry_run"}
                return 200, WouldBackfill(**known, would=word, would_be=view.status)
            return 202, view

        return handle

    return [
        Route("POST", "/backfills", gate.by_key, create),
        Route("GET", "/backfills", gate.by_key, listing, LISTING),
        Route("GET", "/backfills/{id}", gate.by_key, one),
        *(Route("POST", f"/backfills/{{id}}/{w}", gate.by_key, order(w)) for w in ("pause", "resume", "cancel")),
    ]


def wanted_of(body: requests.Range, caller: str) -> Wanted:
    """The backfill that `POST /backfills` asks for.

    Raises:
        InvalidInput: names the field that is wrong.
    """
    return Wanted(
        first=parse_game_date(body.from_, field="from"),
        last=parse_game_date(body.to, field="to"),
        reason=bodies.reason_of(body.reason),
        caller=caller,
        only=body.only,
        backwards=body.backwards,
        max_concurrent=body.max_concurrent_dates,
        metadata=bodies.metadata_of(body.metadata),
    )


def _id(call: Call) -> str:
    name = call.path["id"]
    if not ids.is_document_id(name):
        raise NoSuchBackfill(f"no backfill {name[:100]}")
    return name
