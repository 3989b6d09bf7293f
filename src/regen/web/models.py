"""The coordinator's routes that say which models are in use, and choose others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regen.services.batch import using
from regen.services.batch.using import ModelOrder
from regen.services.state.idempotency import IdempotencyKey
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

ORDER = bodies.ORDER | {"expected"}


def routes(app: App, key_of: Callable[[Call, dict[str, Any]], IdempotencyKey | None]) -> list[Route]:
    """All of them.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def show(call: Call) -> Reply:  # noqa: ARG001 - every route's signature
        return 200, using.view(deps)

    def order(*, back: bool) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            body = call.json()
            bodies.only(body, ORDER if back else ORDER | {"hash"})
            given = ModelOrder(
                hash=None if back else bodies.text_field(body, "hash"),
                expected=bodies.text_field(body, "expected"),
                caller=call.caller_name,
                reason=bodies.text_field(body, "reason"),
                dry_run=bodies.flag_field(body, "dry_run"),
                key=key_of(call, body),
                person=call.person,
            )
            return 200, using.order(deps, given)

        return handle

    return [
        Route("GET", "/models", gate.by_key, show),
        Route("POST", "/models/use", gate.by_key, order(back=False)),
        Route("POST", "/models/rollback", gate.by_key, order(back=True)),
    ]
