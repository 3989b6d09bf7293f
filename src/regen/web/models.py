"""The coordinator's routes that say which models are in use and what challenges them, and choose others."""

from __future__ import annotations

from collections.abc import Callable

from regen.api import requests
from regen.api.forms import Body, Record
from regen.services.batch import challenge_orders, using
from regen.services.batch.challenge_orders import ChallengeOrder
from regen.services.batch.using import ModelOrder
from regen.services.state.idempotency import IdempotencyKey
from regen.web import bodies
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route

_USE, _BACK, _CHALLENGER = Body(requests.ModelOrder), Body(requests.ModelBack), Body(requests.ChallengerOrder)


def routes(app: App, key_of: Callable[[Call, Record], IdempotencyKey | None]) -> list[Route]:
    """All of them.

    Args:
        key_of: the idempotency key of a call.
    """
    deps, gate = app.deps, app.gate

    def show(call: Call) -> Reply:  # noqa: ARG001 - every route's signature
        return 200, using.view(deps)

    def use(call: Call) -> Reply:
        body = call.json()
        said = bodies.asked(_USE, body)
        return 200, using.order(deps, ordered(call, body, said, said.hash))

    def roll_back(call: Call) -> Reply:
        body = call.json()
        return 200, using.order(deps, ordered(call, body, bodies.asked(_BACK, body)))

    def ordered(call: Call, body: Record, said: requests.ModelBack, chosen: str | None = None) -> ModelOrder:
        return ModelOrder(
            hash=chosen,
            expected=said.expected,
            caller=call.caller_name,
            reason=said.reason,
            dry_run=said.dry_run,
            key=key_of(call, body),
            person=call.person,
        )

    def challenge(call: Call) -> Reply:
        body = call.json()
        said = bodies.asked(_CHALLENGER, body)
        given = ChallengeOrder(
            name=said.challenger,
            ends=said.end,
            caller=call.caller_name,
            reason=said.reason,
            dry_run=said.dry_run,
            key=key_of(call, body),
            person=call.person,
        )
        return 200, challenge_orders.order(deps, given)

    return [
        Route("GET", "/models", gate.by_key_or_refit, show),
        Route("POST", "/models/use", gate.by_key_or_refit, use),
        Route("POST", "/models/rollback", gate.by_key, roll_back),
        Route("POST", "/models/challenge", gate.by_key, challenge),
    ]
