"""Settings that commands read from the environment, beside those that say where to look."""

from __future__ import annotations

import os
from typing import Any

from regen.client.errors import Misused
from regen.settings import declared, text_of


def setting(name: str) -> Any:  # noqa: ANN401 - as its type says
    """A setting that the command line reads, by the environment or its default.

    Raises:
        Misused: the environment's value is out of its bounds.
    """
    from regen.web.settings import read_value  # noqa: PLC0415

    default = declared()[name].default
    try:
        return read_value(name, os.environ.get(name) or text_of("" if default is None else default))
    except ValueError as error:
        raise Misused(f"{name}: {error}") from None
