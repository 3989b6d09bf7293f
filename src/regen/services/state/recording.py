"""The one flusher of the outbox: audit entries go to the table many a job, and everything else is delivered.

The verifier alone does this, under a lease. That an entry comes once is no merit of the lease: the statement that writes
it conflicts with itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from regen.domain.errors import InvalidInput, StagingMissing, Unavailable, Unreadable
from regen.services.state.deps import Deps
from regen.services.state.leases import LeaseBusy, take
from regen.services.state.outbox import BUDGET, LIMIT, Carrier, Due, due_items, entry_of

log = logging.getLogger(__name__)
AUDIT = "audit"
"""The name of the flusher's lease."""
ENTRIES, BYTES = 200, 3_000_000
"""Of one job, at most. A request to BigQuery may have 10 MB and 10,000 parameters, a struct's fields counted or not
(https://cloud.google.com/bigquery/quotas#query_jobs)."""


def flush(deps: Deps, batch_id: str | None = None, unreadable: Callable[[Unreadable], None] | None = None) -> int:
    """Carry out what is due, of one batch or all, the oldest first, for a bounded time; what is left waits for the next.

    Args:
        unreadable: gets the error of each item that this version cannot read.

    Returns:
        The number of items carried out.

    Raises:
        Unavailable: something could not be carried out, now or ever; the rest was.
    """
    carrier = Carrier(deps, deps.clock.now() + BUDGET)
    full = True
    while full and not carrier.late:
        before, found = carrier.done, due_items(deps, batch_id, unreadable)
        carrier.deliver(found)
        _record_all(carrier, [due for due in found if due.item.kind == "audit"])
        full = len(found) >= LIMIT and carrier.done > before
    if carrier.trouble:
        raise carrier.trouble
    return carrier.done


def await_runs(deps: Deps, batch_id: str) -> None:
    """See to it that the worker runs of a batch's earlier rounds are recorded, or cannot be.

    A promotion and a recording only insert into the table of runs, and BigQuery lets them pass each other: the runs that
    both have would come twice.

    Raises:
        Unavailable: they are not recorded yet.
    """
    if _runs_wait(deps, batch_id):
        flush(deps, batch_id)
        if _runs_wait(deps, batch_id):
            raise Unavailable(f"{batch_id}: the worker runs of an earlier round are not recorded yet")


def _runs_wait(deps: Deps, batch_id: str) -> bool:
    items = (due.item for due in due_items(deps, batch_id))
    return any(item.kind == "audit" and item.payload.get("staging") for item in items)


def _record_all(carrier: Carrier, found: Sequence[Due]) -> None:
    good = [due for due in found if _is_entry(carrier, due)]
    if not good:
        return
    try:
        lease = take(carrier.deps, AUDIT)
    except LeaseBusy:
        return  # another flush is at it
    try:
        with lease.kept():
            for group in _jobs(good):
                if not carrier.carry(group, partial(_record, carrier.deps)):
                    return  # BigQuery does not answer: nor will it for the others
    finally:
        lease.release()


def _is_entry(carrier: Carrier, due: Due) -> bool:
    """Whether it can be read; what another version wrote otherwise is put off alone."""
    try:
        entry_of(due.item)
    except InvalidInput as error:
        carrier.refused(due, error)
        return False
    return True


def _jobs(found: Sequence[Due]) -> Iterator[list[Due]]:
    """What goes with one job: many entries, or one and the worker runs that are staged for it."""
    group: list[Due] = []
    size = 0
    for due in found:
        if due.item.payload.get("staging"):
            yield [due]
            continue
        own = len(str(due.snapshot.data["payload"]))
        if group and (len(group) == ENTRIES or size + own > BYTES):
            yield group
            group, size = [], 0
        group.append(due)
        size += own
    if group:
        yield group


def _record(deps: Deps, group: Sequence[Due]) -> None:
    entries = [entry_of(due.item) for due in group]
    staging = group[0].item.payload.get("staging")
    try:
        deps.warehouse.record(entries, staging)
    except StagingMissing:
        # A flush died after it had recorded all and dropped the table, or the table has expired.
        log.warning("%s is gone; the audit entry is recorded without it", staging)
        deps.warehouse.record(entries)
    if staging:
        deps.warehouse.drop_staging(staging)
