"""Orphaned staging tables: no promotion will use them. They expire automatically, but an operator should know the cause."""

from __future__ import annotations

import logging

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.errors import Unreadable
from regen.domain.promotion import ORPHAN_AFTER
from regen.ports import Snapshot
from regen.services.state.alerting import raise_once
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_outbox
from regen.services.state.paths import BATCHES, OUTBOX, id_of

log = logging.getLogger(__name__)
EVERY_MINUTES = 10
"""Sweeps in every tenth minute of the clock look for orphans: this needs no stored state."""


def report_orphans(deps: Deps) -> list[str]:
    """Report the orphaned staging tables, in every tenth minute, with one alert each.

    Returns:
        Their names; none in other minutes.

    Raises:
        Unavailable: they cannot be listed, or the alerts not be stored.
    """
    if deps.clock.now().minute % EVERY_MINUTES:
        return []
    names = orphaned_staging(deps)
    if names:
        log.warning("orphaned staging tables: %s", ", ".join(names), extra={"action": "sweep"})
    for name in names:
        why = f"staging table {name} is older than the longest verification, and no live batch uses it"
        content = alert(AlertKind.STAGING_ORPHANED, why, table=name)
        raise_once(deps, ids.digest("staging_orphaned", name, length=24), content)
    return names


def orphaned_staging(deps: Deps) -> list[str]:
    """Staging tables older than the longest verification, except those of live batches and of audit entries in the outbox."""
    before = deps.clock.now() - ORPHAN_AFTER
    # Before the tables: of a batch that ends in between, the tables that it drops would be orphans.
    live = deps.store.find(BATCHES, [("live", "==", True)], fields=["batch_id"])
    old = [table.name for table in deps.warehouse.staging_tables() if table.created_at < before]
    if not old:
        return []
    theirs = tuple(ids.staging_prefix(id_of(s)) for s in live)
    awaited = {_staging(s) for s in deps.store.find(OUTBOX, [("kind", "==", "audit")])}
    return [name for name in old if not name.startswith(theirs) and name not in awaited]


def _staging(snapshot: Snapshot) -> str | None:
    """The staging table of an audit entry in the outbox; None if the item cannot be read."""
    try:
        name = decode_outbox(snapshot).payload.get("staging")
    except Unreadable:
        return None
    return name if isinstance(name, str) else None
