"""Fences with two rows, left by older versions. Such a date could never be promoted again; a sweep merges the rows."""

from __future__ import annotations

import logging

from regen.services.state.deps import Deps

log = logging.getLogger(__name__)
MINUTE = 30
"""The minute of each hour whose sweeps check the fences."""


def mend_fences(deps: Deps) -> list[str]:
    """Merge doubled fences, in the sweeps of one minute of the hour.

    Returns:
        The dates that were repaired.

    Raises:
        Unavailable: BigQuery does not answer.
    """
    if deps.clock.now().minute != MINUTE:
        return []
    mended = [day.isoformat() for day in deps.warehouse.mend_fences()]
    if mended:
        log.warning("merged the doubled fences of %s", ", ".join(mended), extra={"action": "sweep"})
    return mended
