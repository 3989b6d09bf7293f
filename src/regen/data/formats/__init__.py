"""The formats that regen reads: one file each, found here by name or by what a file looks like."""

from __future__ import annotations

from regen.data.formats.native import NATIVE_LINES, NATIVE_LOGS, NATIVE_REPORTS, NATIVE_SCHEDULE, NATIVE_ZONES
from regen.data.formats.shape import Format
from regen.domain.errors import InvalidInput

FORMATS: tuple[Format, ...] = (
    NATIVE_LOGS,
    NATIVE_LINES,
    NATIVE_ZONES,
    NATIVE_REPORTS,
    NATIVE_SCHEDULE,
)


def by_name(name: str) -> Format:
    """The format of a name.

    Raises:
        InvalidInput: there is none.
    """
    for form in FORMATS:
        if form.name == name:
            return form
    raise InvalidInput("format", f"one of {', '.join(form.name for form in FORMATS)}; {name} is none")
