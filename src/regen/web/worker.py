"""The worker's one door: the push of `prediction-request`."""

from __future__ import annotations

import logging

from regen.api.health import Health
from regen.domain.errors import InvalidInput, RegenError
from regen.services.batch import processing
from regen.services.healing import malformed
from regen.services.state.messages_read import check_message, request_of, round_of
from regen.web.bootstrap import App
from regen.web.envelopes import Pushed, decode_push, record_malformed
from regen.web.http import Call, Reply, Route, Router
from regen.web.logs import add_context
from regen.web.tracing import adopt

log = logging.getLogger(__name__)


def router(app: App) -> Router:
    """All routes."""
    worker = _Worker(app)
    routes = [Route("GET", "/health", None, worker.health), Route("POST", "/", app.gate.by_push, worker.process)]
    return Router(routes, app.totals, app.pulse("worker"))


class _Worker:
    def __init__(self, app: App) -> None:
        self._deps = app.deps

    def health(self, call: Call) -> Reply:
        return 200, Health(service="worker", version=self._deps.config.code_version)

    def process(self, call: Call) -> Reply:
        body = call.push()
        message: Pushed | None = None
        try:
            message = decode_push(body.whole())
            adopt(message.attributes, "process prediction-request")
            if message.error:
                raise message.error
            batch_id, request_id = request_of(message.data)
            check_message(self._deps, message.data)
        except InvalidInput as error:
            record_malformed(self._deps, body, error, call.caller_name, message)
            return 204, None
        add_context(batch_id=batch_id, request_id=request_id)
        try:
            word = processing.process_request(self._deps, batch_id, request_id, round_of(message.data))
        except Exception as error:
            self._note(batch_id, request_id, f"{type(error).__name__}: {error}")
            raise
        if word == "unknown":
            # Requests are durable before they are published: regen did not send this.
            why = f"request_id: expected a request of {batch_id}, not {request_id}"
            malformed.record(self._deps, body.kept, why, call.caller_name, message.message_id)
        add_context(action="process", outcome=word)
        return 204, None

    def _note(self, batch_id: str, request_id: str, error: str) -> None:
        """The error stays with the request, for the outcome should this be the last delivery."""
        try:
            processing.note_failure(self._deps, batch_id, request_id, error)
        except RegenError as trouble:
            log.warning("the failure itself could not be noted: %s", trouble)
