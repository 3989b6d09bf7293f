"""The coordinator's routes: decode, call one service, map the outcome to an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from msgspec import UNSET, structs

from regen.api import requests
from regen.api.batches import Batches
from regen.api.forms import Body, Record
from regen.api.health import Health
from regen.api.openings import OpeningAnswer, WouldOrder
from regen.domain import ids
from regen.domain.batch import Batch
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput, NoSuchBatch, Refused
from regen.domain.texts import checked_text
from regen.domain.trigger import Source, Trigger
from regen.domain.values import replace
from regen.services.backfill import backfilling, starting
from regen.services.batch import closing, halting, opening, orders, withdrawing
from regen.services.state import messages_read
from regen.services.state.deps import Deps
from regen.services.state.idempotency import IdempotencyKey, KeyUnreadable, is_known, settle
from regen.services.state.messages import ADVANCE, GRADE, NEWS, is_news
from regen.services.state.messages_read import check_message, document_id
from regen.services.tables import grading, quality_watching
from regen.services.views import batch_view, changed_inputs, moves_view
from regen.web import alerts, backfills, bodies, halts, lists, maintenance, models, news
from regen.web.body_reading import PushBody
from regen.web.bootstrap import App
from regen.web.envelopes import Pushed, decode_push, record_malformed
from regen.web.http import Call, Reply, Route, Router
from regen.web.logs import add_context
from regen.web.readiness import Readiness
from regen.web.tracing import adopt, trace_id
from regen.web.trigger_fields import refuse_orders

log = logging.getLogger(__name__)
WITHOUT_A_BATCH = frozenset({"halted", "complete"})
COUNTED_LATER = "counts are null until the batch has ended: then status_url has them, as rows"
MAX_KEY = 200
NO_REASON = "no reason given"
_Act = Callable[[Deps, orders.Order, requests.Order], Batch]
_ACCEPTANCE = Body(requests.Acceptance)
LISTING = frozenset({"game_date", "status", "trigger_id", "limit", "from", "to", "cursor"})
"""Query parameters of `GET /batches`."""
_ANY_WAKE = {"mode", "schema", "game_date", "reason", "metadata"}
WAKES = {ADVANCE: {*_ANY_WAKE, "backfill_id"}, GRADE: _ANY_WAKE}
"""Fields that the messages may have which have something looked at, by mode; these do only what the records say is due."""


def router(app: App) -> Router:
    """All routes."""
    routes = _Coordinator(app)
    gate = app.gate
    return Router(
        [
            Route("GET", "/health", None, routes.health),
            Route("GET", "/ready", gate.by_key_or_scheduler, routes.ready),
            Route("POST", "/regenerate-with-supersede", gate.by_key, routes.regenerate),
            Route("POST", "/start", gate.by_key_or_scheduler, routes.start),
            Route("POST", "/withdrawals", gate.by_key, routes.withdraw),
            Route("POST", "/regenerate-pubsub", gate.by_key_or_push, routes.pushed),
            Route("GET", "/status", gate.by_key, routes.status, frozenset({"batch_id"})),
            Route("GET", "/batches", gate.by_key, routes.batches, LISTING),
            Route("GET", "/batches/{id}", gate.by_key, routes.batch),
            Route("GET", "/batches/{id}/moves", gate.by_key, routes.moves),
            Route("GET", "/batches/{id}/changed-inputs", gate.by_key, routes.changed_inputs, frozenset({"before"})),
            Route(
                "POST",
                "/batches/{id}/cancel",
                gate.by_key,
                routes.order("cancel", lambda deps, order, _: orders.cancel(deps, order)),
            ),
            Route(
                "POST",
                "/batches/{id}/close",
                gate.by_key,
                routes.order("close", lambda deps, order, _: closing.close(deps, order)),
            ),
            Route(
                "POST",
                "/batches/{id}/redrive",
                gate.by_key,
                routes.order("redrive", lambda deps, order, _: orders.redrive(deps, order)),
            ),
            Route(
                "POST",
                "/batches/{id}/rollback",
                gate.by_key,
                routes.order("rollback", lambda deps, order, _: orders.rollback(deps, order)),
            ),
            Route("POST", "/batches/{id}/promote", gate.by_key, routes.order("promote", _promote, _ACCEPTANCE)),
            *backfills.routes(app, _key),
            *maintenance.routes(app, _key),
            *news.routes(app, _key),
            *alerts.routes(app),
            *halts.routes(app, _key),
            *models.routes(app, _key),
        ],
        app.totals,
        app.pulse("coordinator"),
    )


class _Coordinator:
    def __init__(self, app: App) -> None:
        self._deps = app.deps
        self._readiness = Readiness(app.deps)

    def health(self, call: Call) -> Reply:
        return 200, Health(service="coordinator", version=self._deps.config.code_version)

    def ready(self, call: Call) -> Reply:
        found = self._readiness.look()
        return (200, found) if found.status == "ready" else (503, structs.replace(found, instance=trace_id()))

    def regenerate(self, call: Call) -> Reply:
        body = call.json()
        key, said = _key(call, body), bodies.asked(bodies.REGENERATION, body)
        trigger = bodies.regeneration(
            said,
            known_systems=self._deps.config.systems,
            caller=call.caller_name,
            trigger_id=key.key if key else self._deps.ids.suffix(),
            now=self._deps.clock.now(),
        )
        trigger = replace(trigger, on_behalf_of=call.person)
        if said.dry_run:
            return 200, opening.preview(self._deps, trigger, key)
        return self._open(call, trigger, key)

    def start(self, call: Call) -> Reply:
        body = call.json()
        key, said = _key(call, body), bodies.asked(bodies.START, body)
        trigger = bodies.start(
            said,
            caller=call.caller_name,
            trigger_id=key.key if key else self._deps.ids.suffix(),
            now=self._deps.clock.now(),
        )
        trigger = replace(trigger, on_behalf_of=call.person)
        if said.dry_run:
            return 200, opening.preview(self._deps, trigger, key)
        if trigger.source is not Source.SCHEDULER:
            return self._open(call, trigger, key)
        with starting.watched(self._deps, trigger.game_date):
            return self._open(call, trigger, key)

    def withdraw(self, call: Call) -> Reply:
        body = call.json()
        key, said = _key(call, body), bodies.asked(bodies.WITHDRAWAL, body)
        trigger_id = key.key if key else self._deps.ids.suffix()
        wanted = bodies.withdrawal(said, caller=call.caller_name, trigger_id=trigger_id)
        wanted = replace(wanted, person=call.person)
        add_context(game_date=wanted.game_date.isoformat())
        if said.dry_run:
            return 200, withdrawing.preview(self._deps, wanted, key)
        answer = withdrawing.withdraw(self._deps, wanted, key)
        add_context(action="withdraw", outcome=answer.status, batch_id=answer.batch_id)
        return 202, structs.replace(answer, status_url=call.url(f"/batches/{answer.batch_id}"))

    def _open(self, call: Call, trigger: Trigger, key: IdempotencyKey | None) -> Reply:
        add_context(game_date=trigger.game_date.isoformat())
        answer = opening.open_batch(self._deps, trigger, key)
        add_context(action="open", outcome=answer.status, batch_id=answer.batch_id)
        return 200 if answer.status == "complete" else 202, _accepted(call, answer, trigger)

    def pushed(self, call: Call) -> Reply:
        message: Pushed | None = None
        body = call.push()
        try:
            message = decode_push(body.whole())
            adopt(message.attributes, "process nba-prediction-trigger")
            if message.error:
                raise message.error
            event = messages_read.own_event(self._deps, message.data, message.attributes)
            if event and event.carried:
                return 204, None
            mode = messages_read.mode_of(message.data)
            if event:
                check_message(self._deps, message.data)
            elif mode in WAKES:
                refuse_orders(message.data, WAKES[mode])
                refuse_orders(message.attributes, WAKES[mode], "attributes.")
            if mode == ADVANCE:
                self._advance(message)
            elif mode == GRADE:
                self._grade(message)
            elif mode == NEWS:
                self._news(call, message)
            else:
                self._triggered(call, body, message, event)
        except InvalidInput as error:
            # Recorded and out of the way on first delivery: a retry can never mend it (I-20).
            record_malformed(self._deps, body, error, call.caller_name, message)
        else:
            messages_read.note_carried(self._deps, event)
        return 204, None

    def _triggered(self, call: Call, body: PushBody, message: Pushed, event: messages_read.OwnEvent | None) -> None:
        """Open the batch of a trigger; InvalidInput if the message is none."""
        trigger = bodies.pushed_trigger(
            message.data,
            known_systems=self._deps.config.systems,
            caller=call.caller_name,
            trigger_id=message.message_id,
            now=self._deps.clock.now(),
            attributes={} if event else message.attributes,
            follow_up=message.attributes.get("follow_up") if event else None,
        )
        trigger = replace(trigger, on_behalf_of=call.person)
        if event and is_news(message.data):
            trigger = replace(trigger, news=True)
        add_context(game_date=trigger.game_date.isoformat())
        said = bodies.fingerprint(dict(message.data))
        # What the outbox sends it may send twice, as two messages.
        scope, name = ("event", ids.digest(event.event_id, said)) if event else ("pubsub", message.message_id)
        key = IdempotencyKey(scope, name, said)
        try:
            answer = opening.open_batch(self._deps, trigger, None if trigger.follow_up else key)
        except Refused as error:
            log.info("nothing to follow up: %s", error, extra={"action": "open"})
        except KeyUnreadable as error:
            log.warning("it was carried out before: %s", error, extra={"action": "open"})
        except InvalidInput as error:
            # It names players or games that the date's slate does not have; a later slate may have them.
            refused = OpeningAnswer("malformed", "", trigger.game_date, 0, 0, trigger_id=trigger.trigger_id)
            record_malformed(self._deps, body, error, call.caller_name, message, (key, refused))
        else:
            add_context(action="open", outcome=answer.status, batch_id=answer.batch_id)

    def _advance(self, message: Pushed) -> None:
        backfill_id = document_id(message.data, "backfill_id")
        add_context(action="advance", backfill_id=backfill_id)
        if backfilling.advance(self._deps, backfill_id) is None and not ids.is_backfill_id(backfill_id):
            raise InvalidInput("backfill_id", f"the id of a backfill, not {backfill_id}")

    def _grade(self, message: Pushed) -> None:
        game_date = parse_game_date(message.data.get("game_date"))
        if game_date >= eastern_today(self._deps.clock.now()):
            raise InvalidInput("game_date", "a date that is over")
        add_context(action="grade", game_date=game_date.isoformat())
        key = _message_key("grade", message)
        if not is_known(self._deps, key):
            quality_watching.watch(self._deps, grading.grade(self._deps, game_date, game_date))
            settle(self._deps, key)

    def _news(self, call: Call, message: Pushed) -> None:
        key = _message_key("news", message)
        if is_known(self._deps, key):
            return
        found = news.look_at(
            self._deps, message.data, message.attributes, caller=call.caller_name, message_id=message.message_id
        )
        if found.status != "halted":
            settle(self._deps, key)
        add_context(action="news", outcome=", ".join(f"{n} {act}" for act, n in sorted(found.counts.items())) or "none")

    def status(self, call: Call) -> Reply:
        batch_id = call.query("batch_id")
        if not batch_id:
            raise InvalidInput("batch_id", "the id of a batch")
        return 200, batch_view.view_batch(self._deps, _document_id(batch_id))

    def batch(self, call: Call) -> Reply:
        return 200, batch_view.view_batch(self._deps, _document_id(call.path["id"]))

    def moves(self, call: Call) -> Reply:
        return 200, moves_view.view_moves(self._deps, _document_id(call.path["id"]))

    def changed_inputs(self, call: Call) -> Reply:
        before = lists.asked_before(call)
        return 200, changed_inputs.view_changed_inputs(self._deps, _document_id(call.path["id"]), before)

    def batches(self, call: Call) -> Reply:
        wanted, limit, cursor = lists.asked_batches(call)
        found, following = batch_view.page_of_batches(self._deps, wanted, limit, cursor)
        day = wanted.game_date
        waiting = UNSET if day is None else batch_view.waiting_triggers(self._deps, parse_game_date(day))
        return 200, Batches(batches=found, next=following, waiting=waiting, halt=halting.in_force(self._deps))

    def order(self, word: str, act: _Act, form: Body[Any] = bodies.ORDER) -> Callable[[Call], Reply]:
        """The route of an order on a batch.

        Args:
            form: of its body.
        """

        def handle(call: Call) -> Reply:
            body = call.json()
            said: requests.Order = bodies.asked(form, body)
            order = self._order(call, said, _key(call, body))
            known = is_known(self._deps, order.key)
            batch = None if known else act(self._deps, order, said)
            if order.dry_run:
                return 200, _would(word, order, batch)
            return 202, structs.replace(order.answer, status_url=call.url(f"/batches/{order.batch_id}"))

        return handle

    def _order(self, call: Call, said: requests.Order, key: IdempotencyKey | None) -> orders.Order:
        batch_id = _document_id(call.path["id"])
        add_context(batch_id=batch_id)
        return orders.Order(batch_id, call.caller_name, said.reason or NO_REASON, said.dry_run, key, call.person)


def _promote(deps: Deps, order: orders.Order, said: requests.Order) -> Batch:
    # A batch that was rejected although no check failed is promoted with none.
    return orders.promote(deps, order, bodies.names_of(said.checks if isinstance(said, requests.Acceptance) else UNSET))


def _would(word: str, order: orders.Order, batch: Batch | None) -> WouldOrder:
    """What an order would do; None for a batch: nothing, its key is known."""
    if batch is None:
        why = "this idempotency key has given the order before"
        return WouldOrder(would="nothing", batch_id=order.batch_id, why=why)
    moved = batch.history[-1]
    return WouldOrder(
        would=word,
        batch_id=order.batch_id,
        game_date=batch.game_date,
        round=batch.round,
        from_=moved.from_,
        to=moved.to,
        why=moved.why,
    )


def _accepted(call: Call, answer: OpeningAnswer, trigger: Trigger) -> OpeningAnswer:
    if answer.status in WITHOUT_A_BATCH:
        return answer
    url = call.url(f"/batches/{answer.batch_id}")
    return structs.replace(
        answer,
        trigger_id=answer.trigger_id or trigger.trigger_id,
        status_url=url,
        superseded_count=None,
        regenerated_count=None,
        processing_time_seconds=None,
        note=COUNTED_LATER,
    )


def _document_id(batch_id: str) -> str:
    """An id that can be a document's, or there is no such batch."""
    if not ids.is_document_id(batch_id):
        raise NoSuchBatch(f"no batch {batch_id[:200]}")
    return batch_id


def _message_key(scope: str, message: Pushed) -> IdempotencyKey:
    """The key of a message that is carried out once, however often it is delivered."""
    return IdempotencyKey(scope, ids.digest(message.message_id, bodies.fingerprint(dict(message.data))), "")


def _key(call: Call, body: Record) -> IdempotencyKey | None:
    """The idempotency key: the caller's own, or the scheduler's job and its scheduled time (two jobs may share a minute)."""
    headers = call.request.headers
    key = headers.get("Idempotency-Key")
    scheduled = headers.get("X-CloudScheduler-ScheduleTime")
    if key is None and scheduled and call.caller_name.startswith("scheduler:"):
        # A job's name alone may have 500 characters.
        key = " ".join((scheduled[:50], ids.digest(headers.get("X-CloudScheduler-JobName", ""), scheduled)))
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY:
        raise InvalidInput("Idempotency-Key", f"1 to {MAX_KEY} characters")
    checked_text(key, "Idempotency-Key")
    return IdempotencyKey(f"{call.request.path} {call.caller_name}", key, bodies.fingerprint(body))
