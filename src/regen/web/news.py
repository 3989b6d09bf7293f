"""The coordinator's routes of the news watch, and the message that asks for a look at a date's news."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from regen.api import requests
from regen.api.forms import Body, Form, Record
from regen.api.news import NewsScan
from regen.domain.dates import parse_game_date
from regen.domain.errors import InvalidInput
from regen.services.state.deps import Deps
from regen.services.state.idempotency import IdempotencyKey, recall, settle
from regen.services.state.messages import REGENERATE
from regen.services.state.news_records import news_of
from regen.services.tables import news_scanning
from regen.services.tables.news_scanning import Look
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

_SCAN = Form(NewsScan)
_LOOK = Body(requests.NewsLook)


def routes(app: App, key_of: Callable[[Call, Record], IdempotencyKey | None]) -> list[Route]:
    """All of them; a key or the scheduler may ask for a scan.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def scan(call: Call) -> Reply:
        body = call.json()
        said = bodies.asked(_LOOK, body)
        day = parse_game_date(said.game_date, deps.clock.now()) if said.game_date is not UNSET else None
        look = Look(day, bodies.names_of(said.games), bodies.names_of(said.players))
        key = key_of(call, body)
        if known := recall(deps, key, _SCAN):
            return 200, known
        if said.if_due and not news_scanning.due(deps):
            return 200, news_scanning.NOTHING
        answer = news_scanning.scan(deps, look, dry_run=said.dry_run, strict=True)
        if not said.dry_run and answer != news_scanning.HALTED:
            settle(deps, key, answer)
        return 200, answer

    def noted(call: Call) -> Reply:
        day = call.query("game_date")
        if day is None:
            raise InvalidInput("game_date", "a date as YYYY-MM-DD")
        return 200, news_of(deps, parse_game_date(day))

    return [
        Route("POST", "/news/scan", gate.by_key_or_scheduler, scan),
        Route("GET", "/news", gate.by_key, noted, query=frozenset({"game_date"})),
    ]


def look_at(
    deps: Deps, data: Mapping[str, Any], attributes: Mapping[str, str], *, caller: str, message_id: str
) -> NewsScan:
    """Scan for the news that a message of mode `news` tells of. It is held to the form of any other trigger.

    Raises:
        InvalidInput: it is none; or it names systems: news is news to every system; or it wants the batch held.
    """
    trigger = bodies.pushed_trigger(
        {**data, "mode": REGENERATE},
        attributes=attributes,
        known_systems=deps.config.systems,
        caller=caller,
        trigger_id=message_id,
        now=deps.clock.now(),
    )
    if trigger.scope.systems is not None:
        raise InvalidInput("systems", "no such field in a message of news: it concerns every system")
    if trigger.hold:
        raise InvalidInput("hold", "no such field in a message of news: its batch is promoted")
    return news_scanning.scan(deps, Look(trigger.game_date, trigger.scope.games, trigger.scope.players))
