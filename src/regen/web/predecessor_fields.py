"""Fields of the predecessor's `POST /start`: its callers send them still.

Those that only trace are kept in the batch's metadata. Those that would change the order are refused by name where regen would
carry out another one, never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain.errors import InvalidInput

TRACES = frozenset({"correlation_id", "parent_processor"})
SKIPS = frozenset({"skip_completeness_check", "skip_postponement_check"})
"""They leave out checks that regen does not make at a start: coverage is judged before a promotion, a game called off is seen."""
ORDERS = frozenset({"use_multiple_lines", "dataset_prefix"})
FIELDS = TRACES | SKIPS | ORDERS
MAX_TRACE = 200


def kept(body: Mapping[str, Any]) -> dict[str, Any]:
    """The predecessor's fields as the batch's metadata keeps them.

    Raises:
        InvalidInput: a field has another type, or asks for what regen does not do.
    """
    found: dict[str, Any] = {}
    for name in sorted(FIELDS & body.keys()):
        value = body[name]
        if name in TRACES and value is not None and not (isinstance(value, str) and len(value) <= MAX_TRACE):
            raise InvalidInput(name, f"a text of at most {MAX_TRACE} characters, or null")
        if name in SKIPS and not isinstance(value, bool):
            raise InvalidInput(name, "true or false")
        if name == "use_multiple_lines" and value is not False:
            expected = (
                "false, or no such field: regen predicts each line that the bookmaker offers, and no others beside it"
            )
            raise InvalidInput(name, expected)
        if name == "dataset_prefix" and value not in ("", None):
            expected = "an empty text, or no such field: a deployment has its prefix, REGEN_DATASET_PREFIX; send it to that one"
            raise InvalidInput(name, expected)
        found[name] = value
    return found
