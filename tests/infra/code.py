"""What the code says of itself: the topics it publishes to, the routes it has, the variables it reads."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from unittest.mock import MagicMock

from msgspec import Struct

from regen.domain.values import Secret
from regen.services.state import deps, paths
from regen.settings import declared
from regen.web import coordinator, verifier, worker
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.http import Router
from regen.web.settings import Settings, read_settings, read_value

ROUTERS: dict[str, Callable[[App], Router]] = {
    "coordinator": coordinator.router,
    "verifier": verifier.router,
    "worker": worker.router,
}


class Code(Struct, frozen=True):
    """Routes are function, method, path."""

    published: frozenset[str]
    pushed: frozenset[tuple[str, str]]
    scheduled: frozenset[tuple[str, str]]
    variables: frozenset[str]
    secrets: frozenset[str]
    batches: str


def code() -> Code:
    pushed: set[tuple[str, str]] = set()
    scheduled: set[tuple[str, str]] = set()
    for function, router in ROUTERS.items():
        settings = settings_of({"REGEN_PROJECT": "demo-project"})
        gate = Gatekeeper(settings)
        for route in router(App(settings, MagicMock(), gate)).routes:
            if route.method != "POST" or route.check is None:
                continue
            if route.check.__name__ in {"by_push", "by_key_or_push"}:
                pushed.add((function, route.path))
            if "scheduler" in route.check.__name__:
                scheduled.add((function, route.path))
    return Code(
        published=frozenset(str(v) for k, v in vars(deps).items() if k.endswith("_TOPIC")),
        pushed=frozenset(pushed),
        scheduled=frozenset(scheduled),
        variables=frozenset(declared()),
        secrets=frozenset(_secret_variables()),
        batches=paths.BATCHES,
    )


def settings_of(environ: dict[str, str], *, public: bool = False) -> Settings:
    return read_settings(environ, public=public)


def _secret_variables() -> set[str]:
    """Variables whose value becomes a Secret."""
    found = set()
    samples = ("someone:0123456789abcdef", "https://example.com/0123456789abcdef")
    for name, sample in product(declared(), samples):
        try:
            value = read_value(name, sample)
        except ValueError:
            continue
        values = value.values() if isinstance(value, dict) else [value]
        if any(isinstance(v, Secret) for v in values):
            found.add(name)
    return found
