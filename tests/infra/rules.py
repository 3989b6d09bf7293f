"""Where policies are listed: a function that yields what is wrong with a deployment becomes one by `@policy`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from infra.deployment import Deployment

ROOT = Path(__file__).parents[2]
Policy = Callable[[Deployment], Iterator[str]]
POLICIES: list[Policy] = []


def policy(check: Policy) -> Policy:
    POLICIES.append(check)
    return check
