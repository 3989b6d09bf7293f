"""The verifier's doors: the change event, `prediction-verify`, the sweep, the dead letters."""

from __future__ import annotations

import logging

from regen.api.health import Health
from regen.domain.errors import InvalidInput
from regen.services.batch import completion, verifying
from regen.services.healing import dead_letters, malformed, sweeping
from regen.services.state import heartbeats
from regen.services.state.messages_read import check_message, document_id, own_event, verification_of
from regen.services.state.paths import BATCHES
from regen.web.body_reading import PushBody
from regen.web.bootstrap import App
from regen.web.envelopes import Pushed, changed_document, decode_push, record_malformed
from regen.web.http import Call, Reply, Route, Router
from regen.web.logs import add_context
from regen.web.tracing import adopt

log = logging.getLogger(__name__)


def router(app: App) -> Router:
    """All routes."""
    verifier = _Verifier(app)
    gate = app.gate
    return Router(
        [
            Route("GET", "/health", None, verifier.health),
            Route("POST", "/events/batch", gate.by_push, verifier.batch_changed, from_platform=True),
            Route("POST", "/verify", gate.by_push, verifier.verify),
            Route("POST", "/sweep", gate.by_scheduler, verifier.sweep),
            Route("POST", "/dead-letters", gate.by_push, verifier.dead_letter),
        ],
        app.totals,
        app.pulse("verifier"),
    )


class _Verifier:
    def __init__(self, app: App) -> None:
        self._deps = app.deps

    def health(self, call: Call) -> Reply:
        return 200, Health(service="verifier", version=self._deps.config.code_version)

    def batch_changed(self, call: Call) -> Reply:
        # Of the headers only those of the event: the others have the caller's token.
        event = {k.lower(): v for k, v in call.request.headers.items() if k.lower().startswith("ce-")}
        # Some deliveries of Eventarc are the push envelope of its topic, the event's headers its attributes.
        body = PushBody(str(event).encode(), len(str(event).encode())) if event else call.push()
        try:
            event = event or dict(decode_push(body.whole()).attributes)
            batch_id = changed_document(event, BATCHES)
        except InvalidInput as error:
            record_malformed(self._deps, body, error, call.caller_name, None)
            return 204, None
        add_context(batch_id=batch_id)
        completion.batch_changed(self._deps, batch_id)
        return 204, None

    def verify(self, call: Call) -> Reply:
        body = call.push()
        message: Pushed | None = None
        try:
            message = decode_push(body.whole())
            adopt(message.attributes, "process prediction-verify")
            batch_id, round_ = verification_of(message.data)
            check_message(self._deps, message.data)
        except InvalidInput as error:
            record_malformed(self._deps, body, error, call.caller_name, message)
            return 204, None
        add_context(batch_id=batch_id, round=str(round_))
        word = verifying.verify(self._deps, batch_id, round_)
        if word == "unknown":
            why = f"batch_id: expected the id of a batch, not {batch_id}"
            malformed.record(self._deps, body.kept, why, call.caller_name, message.message_id)
        add_context(action="verify", outcome=word)
        return 204, None

    def sweep(self, call: Call) -> Reply:
        report = sweeping.sweep(self._deps)
        if report.healed:
            log.warning("healed: %s", "; ".join(report.healed), extra={"action": "sweep"})
        heartbeats.beat(self._deps, heartbeats.SWEEP, live=report.live, trouble=len(report.trouble))
        # The line of this request counts it: the alert on a sweep that stays away looks at nothing else.
        add_context(action="sweep", outcome="swept")
        return 200, report

    def dead_letter(self, call: Call) -> Reply:
        body = call.push()
        message: Pushed | None = None
        try:
            message = decode_push(body.whole())
            adopt(message.attributes, "process dead letter")
            for name in sorted({"batch_id", "request_id"} & message.data.keys()):
                document_id(message.data, name)
            triggers = dead_letters.is_of_triggers(message.subscription)
            if not triggers or own_event(self._deps, message.data, message.attributes):
                check_message(self._deps, message.data)
        except InvalidInput as error:
            record_malformed(self._deps, body, error, call.caller_name, message)
            return 204, None
        word = dead_letters.handle(
            self._deps, message.message_id, message.data, message.attributes, body.kept, message.subscription
        )
        log.warning("dead letter: %s", word, extra={"action": "dead_letter"})
        return 204, None
