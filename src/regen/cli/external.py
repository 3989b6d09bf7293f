"""The external systems of a command, as the environment names them."""

from __future__ import annotations

from regen.cli.variables import setting
from regen.client.errors import Misused


def admitted(more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Have the systems that REGEN_EXTERNAL_SYSTEMS names, and these, in the registry.

    Raises:
        Misused: one of them cannot be used.
    """
    from regen.systems import admit  # noqa: PLC0415
    from regen.systems.external import SystemsUnusable  # noqa: PLC0415

    names = tuple(dict.fromkeys((*setting("REGEN_EXTERNAL_SYSTEMS"), *more)))
    try:
        admit(names)
    except SystemsUnusable as error:
        raise Misused(str(error)) from error
    return names
