"""Fields of the predecessor's `POST /start`: its callers send them still.

Those that only trace are kept in the batch's metadata. Those that would change the order are refused by name where regen would
carry out another one, never ignored.
"""

from __future__ import annotations

from msgspec import UNSET

from regen.api.forms import Record
from regen.api.requests import LINES, Start
from regen.domain.errors import InvalidInput

FIELDS = (
    "correlation_id",
    "dataset_prefix",
    "parent_processor",
    "skip_completeness_check",  # coverage is judged before a promotion
    "skip_postponement_check",  # a game called off is seen
    "use_multiple_lines",
)


def kept(body: Start) -> Record:
    """The predecessor's fields as the batch's metadata keeps them.

    Raises:
        InvalidInput: a field asks for what regen does not do.
    """
    if body.use_multiple_lines is True:
        raise InvalidInput("use_multiple_lines", LINES)
    said = {name: getattr(body, name) for name in FIELDS}
    return {name: value for name, value in said.items() if value is not UNSET}
