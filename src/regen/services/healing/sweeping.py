"""The sweep: find work whose owner died, and carry it on automatically (P13)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from regen.api.health import SweepReport
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEvent
from regen.domain.batch import Batch, Status
from regen.domain.batch_end import ended_entry, summarise, why_closed
from regen.domain.errors import RegenError, Unreadable
from regen.domain.trigger import bounded, triggers_of
from regen.domain.values import replace
from regen.domain.words import counted
from regen.ports import Write
from regen.services.batch import halting
from regen.services.batch.completion import check_completion, pending_in
from regen.services.batch.dates import read_date
from regen.services.batch.dispatching import dispatch, publish_pending, start_dispatching
from regen.services.batch.processing import close_pending
from regen.services.healing.controls import check_controls
from regen.services.healing.disagreements import disagreements, held_dates
from regen.services.healing.fences import mend_fences
from regen.services.healing.orphans import report_orphans
from regen.services.healing.resolving import resolve
from regen.services.healing.waking import wake_live
from regen.services.state import outbox
from regen.services.state.alerting import alert_unreadable, raise_once
from regen.services.state.commit import read_batch, until_committed
from regen.services.state.decoding import readable
from regen.services.state.denials import note_denied
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch
from regen.services.state.leases import PROMOTION, is_free, opening_lease, replace_broken
from regen.services.state.messages import ask_to_verify, follow_up_item
from regen.services.state.paths import BATCHES, lease_path, requests_path
from regen.services.state.recording import AUDIT, flush
from regen.services.tables.source_watching import watch_hourly

log = logging.getLogger(__name__)
T = TypeVar("T")
STUCK_AFTER = timedelta(minutes=5)
"""A batch should end within two sweeps and one verification of its deadline; after this time it counts as stuck."""
NAMED = 50
"""Most unreadable records that a sweep names. After a deployment is rolled back there may be thousands."""


def sweep(deps: Deps) -> SweepReport:
    """Check every live batch, every held date, and the outbox. A failure of one part does not stop the others.

    Raises:
        RegenError: the live batches could not be listed. The other parts were processed all the same.
    """
    report = SweepReport()
    parts = _Parts(deps, report)
    parts.take("controls", lambda: check_controls(deps, parts.unreadable))
    batches = parts.take("batches", lambda: _live(deps, parts))
    for batch in batches or ():
        parts.take(batch.batch_id, lambda b=batch: _see_to(parts, b))  # type: ignore[misc]
    if batches is not None and (held := parts.take("dates", lambda: held_dates(deps, parts.unreadable))) is not None:
        for name, mend in disagreements(deps, batches, held):
            if what := parts.take(name, mend):
                report.healed.append(f"{name}: {what}")
    for name in (PROMOTION, AUDIT):
        if what := parts.take(f"{name} lease", lambda name=name: replace_broken(deps, name)):  # type: ignore[misc]
            report.healed.append(f"{lease_path(name)}: {what}")
    report.orphans = parts.take("staging", lambda: report_orphans(deps)) or []
    mended = parts.take("fences", lambda: mend_fences(deps)) or []
    report.healed += [f"{day}: the fence was doubled" for day in mended]
    report.healed += parts.take("halt", lambda: halting.watch_hourly(deps, parts.unreadable)) or []
    parts.take("sources", lambda: watch_hourly(deps))
    parts.take("alerts", lambda: resolve(deps, parts.unreadable))
    report.flushed = parts.take("outbox", lambda: flush(deps, unreadable=parts.unreadable)) or 0
    parts.take("outbox items", lambda: outbox.report_timeless(deps, parts.unreadable))
    parts.take("backfills", lambda: wake_live(deps, parts.unreadable))
    if parts.unnamed:
        report.trouble.append(f"{parts.unnamed} more records cannot be read")
    if batches is None and isinstance(parts.last, RegenError):
        raise parts.last
    return report


class _Parts(Struct):
    """Runs the parts of a sweep so that a failure of one does not stop the others.

    Attributes:
        last: the error of listing the live batches; None if it succeeded.
        unnamed: number of unreadable records beyond those that the report names.
    """

    deps: Deps
    report: SweepReport
    last: Exception | None = None
    unnamed: int = 0

    def take(self, name: str, act: Callable[[], T]) -> T | None:
        """Run a part and return its result; None if it failed, with the error in the report."""
        try:
            return act()
        except Unreadable as error:
            self.unreadable(error)
            return None
        except RegenError as error:
            log.warning("sweep: %s: %s", name, error, extra={"batch_id": name})
            trouble: Exception = error
            with suppress(RegenError):  # Firestore is out of reach: the next sweep notes it
                note_denied(self.deps, error)
        except Exception as error:
            # A defect, or an unforeseen record: the other batches must still be processed.
            log.exception("sweep: %s", name, extra={"batch_id": name})
            trouble = error
        self.report.trouble.append(f"{name}: {trouble}")
        if name == "batches":
            self.last = trouble
        return None

    def unreadable(self, error: Unreadable) -> None:
        """Report an unreadable record, and alert once."""
        if str(error) in self.report.unreadable:
            return
        if len(self.report.unreadable) == NAMED:
            self.unnamed += 1
            return
        self.report.unreadable.append(str(error))
        self.report.trouble.append(str(error))
        log.warning("sweep: %s", error)
        self.take(f"alert to {str(error)[:200]}", lambda: alert_unreadable(self.deps, error))


def _live(deps: Deps, parts: _Parts) -> list[Batch]:
    found = deps.store.find(BATCHES, [("live", "==", True)])
    parts.report.live = len(found)
    return [batch for _, batch in readable(found, decode_batch, parts.unreadable)]


def _see_to(parts: _Parts, batch: Batch) -> None:
    """Carry a batch on, and alert to it in any case: one that cannot be carried on is stuck."""
    if what := parts.take(batch.batch_id, lambda: _heal(parts, batch)):
        parts.report.healed.append(f"{batch.batch_id}: {what}")
    _alert(parts.deps, batch, what)


def _heal(parts: _Parts, batch: Batch) -> str | None:
    deps, now = parts.deps, parts.deps.clock.now()
    heal: Callable[[], str | None] | None = {
        Status.CREATED: lambda: _opening_lost(deps, batch),
        Status.DISPATCHING: lambda: _dispatch_again(parts, batch, now),
        Status.RUNNING: lambda: _look_at_running(parts, batch, now),
        Status.COMPLETE: lambda: _wake(deps, batch),
        Status.VERIFYING: lambda: _wake(deps, batch),
        Status.PROMOTING: lambda: _wake(deps, batch),
    }.get(batch.status)
    return heal() if heal else None


def _alert(deps: Deps, batch: Batch, healed: str | None) -> None:
    """Alert if the sweep had to carry on a batch, and if a batch is still live past its deadline."""
    now = deps.clock.now()
    idle = now - batch.updated_at > timedelta(seconds=deps.config.lease_seconds)
    if healed and idle and batch.status is not Status.CREATED:
        event = ids.event_id(batch.batch_id, batch.round, f"alert:healed:{batch.status}")
        raise_once(deps, event, alert(AlertKind.BATCH_HEALED, healed, **summarise(batch)), batch.batch_id)
    if now > batch.deadline + STUCK_AFTER:
        event = ids.event_id(batch.batch_id, batch.round, "alert:stuck")
        why = f"{batch.status} and past its deadline of {batch.deadline.isoformat()}"
        raise_once(deps, event, alert(AlertKind.BATCH_STUCK, why, **summarise(batch)), batch.batch_id)


def _opening_lost(deps: Deps, batch: Batch) -> str | None:
    """End a `created` batch whose opener died as `failed`, and return its triggers to the date, in one commit (I-17)."""
    if not is_free(deps, opening_lease(batch.batch_id)):
        return None
    if batch.withdrawal is not None:  # the commit that made it has its players, too
        start_dispatching(deps, batch.batch_id)
        dispatch(deps, batch.batch_id)
        return "dispatched"

    def decide() -> tuple[Sequence[Write], str | None]:
        seen = read_batch(deps, batch.batch_id)
        if seen.batch.status is not Status.CREATED:
            return [], None
        now = deps.clock.now()
        failed = seen.batch.moved(Status.FAILED, "opening_lost", now, error="opening_lost", ended_at=now)
        date = read_date(deps, batch.game_date)
        record = date.record
        if record.live == batch.batch_id:
            record = replace(record, live=None, carried=(), coalesced=bounded((*triggers_of(batch), *record.coalesced)))
        entry = ended_entry(failed, AuditEvent.FAILED, "opening_lost", "sweep")
        why = "the coordinator died while it opened the batch; its trigger waits for a new one"
        ended = alert(AlertKind.BATCH_FAILED, why, **summarise(failed))
        healed = alert(AlertKind.BATCH_HEALED, "opening_lost", **summarise(batch))
        items = [
            outbox.audit_item(entry),
            outbox.alert_item(ids.event_id(batch.batch_id, batch.round, "alert:failed"), now, ended, batch.batch_id),
            outbox.alert_item(ids.event_id(batch.batch_id, batch.round, "alert:healed"), now, healed, batch.batch_id),
            follow_up_item(record, f"{batch.batch_id}/{batch.round}", now),
        ]
        return [seen.update(failed), date.write(record), *outbox.put(items)], "opening_lost"

    return until_committed(deps, decide)


def _dispatch_again(parts: _Parts, batch: Batch, now: datetime) -> str | None:
    deps = parts.deps
    if batch.deadline <= now:
        return _close(parts, batch)
    if not is_free(deps, opening_lease(batch.batch_id)):
        return None
    dispatch(deps, batch.batch_id)
    return "dispatched"


def _look_at_running(parts: _Parts, batch: Batch, now: datetime) -> str | None:
    deps = parts.deps
    if check_completion(deps, batch):
        return "completed"
    if batch.deadline <= now:
        return _close(parts, batch)
    last = batch.published_at or batch.updated_at
    if now - last < timedelta(seconds=deps.config.republish_after_seconds):
        return None
    number = publish_pending(deps, batch)

    def decide() -> tuple[Sequence[Write], None]:
        seen = read_batch(deps, batch.batch_id)
        if seen.batch.status is not Status.RUNNING or seen.batch.round != batch.round:
            return [], None
        return [seen.update(replace(seen.batch, published_at=deps.clock.now()))], None

    until_committed(deps, decide)
    return f"published {counted(number, 'request')} again"


def _close(parts: _Parts, batch: Batch) -> str:
    """Fail the pending players of a batch past its deadline (`deadline`); it is then verified as usual (I-18)."""
    deps = parts.deps
    pending = deps.store.find(requests_path(batch.batch_id), pending_in(batch))
    closed = close_pending(deps, pending, batch, why_closed(batch), parts.unreadable)
    check_completion(deps, batch)
    return f"closed {counted(closed, 'request')} past the deadline"


def _wake(deps: Deps, batch: Batch) -> str | None:
    """Ask again for the verification of a batch that no verifier works on."""
    if not is_free(deps, batch.batch_id):
        return None
    ask_to_verify(deps, batch)
    return f"woken in {batch.status}"
