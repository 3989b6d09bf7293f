"""Query parameters, checked at the edge: a caller who writes one means something by it."""

from __future__ import annotations

from collections.abc import Collection

from flask import Request

from regen.domain.errors import InvalidInput
from regen.domain.texts import visible

PLATFORM = "__GCP_"
"""Eventarc's own push subscriptions add `__GCP_CloudEventsMode=...` to the path of the trigger."""
_MAX_SHOWN = 100


def check_query(request: Request, known: Collection[str], *, from_platform: bool = False) -> None:
    """Refuse what the route does not read.

    Args:
        known: the parameters of the route, each with at most one value that is not empty.
        from_platform: whether the platform may add parameters of its own.

    Raises:
        InvalidInput: names the parameter, and where what it says belongs.
    """
    if not request.query_string:
        return
    for name, values in request.args.lists():
        if from_platform and name.startswith(PLATFORM):
            continue
        shown = visible(name[:_MAX_SHOWN])
        if name not in known:
            raise InvalidInput(shown, _where(request.method, known))
        if len(values) != 1:
            raise InvalidInput(shown, f"one value, not {len(values)}")
        if not values[0]:
            raise InvalidInput(shown, "a value; without the parameter, all are meant")


def _where(method: str, known: Collection[str]) -> str:
    if method == "POST":
        return "no query parameter here: what a POST asks for belongs into its JSON body"
    if known:
        return f"no such query parameter; known: {', '.join(sorted(known))}"
    return "no query parameter here: this route takes none"
