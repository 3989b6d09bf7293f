"""Fences that older versions doubled: such a date could never be promoted again; a sweep makes one row of them."""

from __future__ import annotations

import logging

from regen.services.state.deps import Deps

log = logging.getLogger(__name__)
MINUTE = 30
"""Of each hour: the sweeps of this minute look."""


def mend_fences(deps: Deps) -> list[str]:
    """Make each date's fence one row, in the sweeps of one minute of the hour; the dates that were mended.

    Raises:
        Unavailable: it cannot be done now.
    """
    if deps.clock.now().minute != MINUTE:
        return []
    mended = [day.isoformat() for day in deps.warehouse.mend_fences()]
    if mended:
        log.warning("the fence was there more than once: %s", ", ".join(mended), extra={"action": "sweep"})
    return mended
