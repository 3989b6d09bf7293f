"""The flusher of the outbox: it writes audit entries to the table, many per job, and delivers the other items.

Only the verifier does this, under a lease. The lease is not what makes entries unique: concurrent runs of the statement
that writes them conflict with each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from regen.domain.errors import InvalidInput, StagingMissing, StatementRefused, Unavailable, Unreadable
from regen.services.state.deps import Deps
from regen.services.state.leases import LeaseBusy, take
from regen.services.state.outbox import BUDGET, LIMIT, Carrier, Due, due_items, entry_of, items_of

log = logging.getLogger(__name__)
AUDIT = "audit"
"""The name of the flusher's lease."""
ENTRIES, BYTES = 200, 3_000_000
"""Limits of one job. A request to BigQuery may have 10 MB and 10,000 parameters, possibly counting a struct's fields
(https://cloud.google.com/bigquery/quotas#query_jobs)."""


def flush(deps: Deps, batch_id: str | None = None, unreadable: Callable[[Unreadable], None] | None = None) -> int:
    """Carry out the due items of one batch, or of all, oldest first, within `BUDGET`; the rest waits for the next flush.

    Args:
        unreadable: gets the error of each item that this version cannot read.

    Returns:
        The number of items carried out.

    Raises:
        Unavailable: an item could not be carried out; the others were.
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
    """Make sure that the worker runs of a batch's earlier rounds are recorded, or never will be.

    A promotion and a recording only insert into the table of runs, and BigQuery lets them pass each other: the runs that
    both have would come twice. So what was put off is waited for as well: the job whose answer was lost may run still.

    Raises:
        Unavailable: they are not recorded yet, or it is not known whether they are.
    """
    waiting = _runs(deps, batch_id)
    if not waiting:
        return
    carrier = Carrier(deps, deps.clock.now() + BUDGET)
    _record_all(carrier, waiting)
    hopeless = {name for name, error in carrier.refusals.items() if _is_sure(error)}
    if any(due.item.event_id not in hopeless for due in _runs(deps, batch_id)):
        raise Unavailable(f"{batch_id}: the worker runs of an earlier round are not recorded yet") from carrier.trouble


def _runs(deps: Deps, batch_id: str) -> list[Due]:
    found = items_of(deps, batch_id)
    return [due for due in found if due.item.kind == "audit" and due.item.payload.get("staging")]


def _is_sure(error: Exception) -> bool:
    """Whether nothing of the recording was carried out, nor will be."""
    return isinstance(error, InvalidInput) or (isinstance(error, StatementRefused) and error.final)


def _record_all(carrier: Carrier, found: Sequence[Due]) -> None:
    good = carrier.sound(found)
    if not good:
        return
    try:
        lease = take(carrier.deps, AUDIT)
    except LeaseBusy:
        return  # another flush is running
    try:
        with lease.kept():
            for group in _jobs(good):
                if not carrier.carry(group, partial(_record, carrier.deps)):
                    return  # BigQuery does not answer, and would not for the other groups
    finally:
        lease.release()


def _jobs(found: Sequence[Due]) -> Iterator[list[Due]]:
    """The groups of one job each: many entries, or one entry with its staged worker runs."""
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
        # An earlier flush recorded everything, dropped the table and died; or the table has expired.
        log.warning("%s is gone; the audit entry is recorded without it", staging)
        deps.warehouse.record(entries)
    if staging:
        deps.warehouse.drop_staging(staging)
