"""The coordinator's routes that halt the platform and resume it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regen.services.batch import halting
from regen.services.batch.halting import HaltOrder
from regen.services.state.idempotency import IdempotencyKey
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route


def routes(app: App, key_of: Callable[[Call, dict[str, Any]], IdempotencyKey | None]) -> list[Route]:
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
            bodies.only(body, bodies.ORDER)
            reason = bodies.text_field(body, "reason", None if halt else "no reason given")
            dry_run = bodies.flag_field(body, "dry_run")
            given = HaltOrder(halt, call.caller_name, reason, dry_run, key_of(call, body), call.person)
            return 200, halting.order(deps, given)

        return handle

    return [
        Route("GET", "/halt", gate.by_key, show),
        Route("POST", "/halt", gate.by_key, order(halt=True)),
        Route("POST", "/resume", gate.by_key, order(halt=False)),
    ]
