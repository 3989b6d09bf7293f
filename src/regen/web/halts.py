"""The coordinator's routes that halt the platform and resume it."""

from __future__ import annotations

from collections.abc import Callable

from regen.api import requests
from regen.api.forms import Body, Record
from regen.services.batch import halting
from regen.services.batch.halting import HaltOrder
from regen.services.state.idempotency import IdempotencyKey
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

_HALT = Body(requests.HaltOrder)


def routes(app: App, key_of: Callable[[Call, Record], IdempotencyKey | None]) -> list[Route]:
    """All of them.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def show(call: Call) -> Reply:  # noqa: ARG001 - every route's signature
        return 200, halting.view(deps)

    def order(*, halt: bool) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            body = call.json()
            said = bodies.asked(_HALT, body) if halt else bodies.asked(bodies.ORDER, body)
            reason = said.reason or "no reason given"
            given = HaltOrder(
                halt=halt,
                caller=call.caller_name,
                reason=reason,
                dry_run=said.dry_run,
                key=key_of(call, body),
                person=call.person,
            )
            return 200, halting.order(deps, given)

        return handle

    return [
        Route("GET", "/halt", gate.by_key, show),
        Route("POST", "/halt", gate.by_key, order(halt=True)),
        Route("POST", "/resume", gate.by_key, order(halt=False)),
    ]
