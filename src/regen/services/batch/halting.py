"""Halting the platform: triggers are recorded on their dates and opened after the resumption; all else goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from regen.api.halts import HaltView, WouldHalt
from regen.api.openings import OpeningAnswer
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEvent
from regen.domain.dates import eastern_today
from regen.domain.errors import Refused, Unreadable
from regen.domain.trigger import Source, Trigger, bounded
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.batch.dates import DateSeen, coalesced_entry, day_of, read_date
from regen.services.batch.platform_orders import PlatformOrder
from regen.services.state import outbox
from regen.services.state.alerting import alert_unreadable, raise_once
from regen.services.state.commit import until_committed
from regen.services.state.decoding import left_out
from regen.services.state.deps import Deps
from regen.services.state.halts import Halt, halt_write, read_halt, read_replaceable, standing, unchanged
from regen.services.state.idempotency import IdempotencyKey, claims, is_known, remember
from regen.services.state.messages import follow_up_item
from regen.services.state.paths import DATES, id_of

RESUMED = "resumed"
"""The label under which the follow-ups of a resumption leave."""
AT_ONCE = 100
"""Dates whose triggers are opened in the commit of the resumption; Firestore takes 500 writes."""
MINUTE = 20
"""The minute of each hour whose sweeps look at a halt."""


class HaltOrder(PlatformOrder, frozen=True):
    """An operator's order to halt or to resume.

    Attributes:
        halt: whether to halt; else to resume.
    """

    halt: bool

    @property
    def word(self) -> str:
        """The order in one word."""
        return "halt" if self.halt else "resume"


def order(deps: Deps, given: HaltOrder) -> HaltView | WouldHalt:
    """Halt or resume; resuming has the triggers that were recorded opened. A broken record is replaced.

    A date whose record cannot be read keeps its triggers, and is opened by a later sweep once it can be.

    Raises:
        Refused: the platform is halted already, or is not halted.
        KeyReused: the key came with another body.
        Unreadable: a newer version wrote the record of the halt.
    """
    unreadable = left_out if given.dry_run else partial(alert_unreadable, deps)

    def decide() -> tuple[Sequence[Write], bool]:
        if is_known(deps, given.key):
            return [], False
        before, seen = read_replaceable(deps)
        is_halted = before is not None and before.halted
        is_broken = before is None and seen is not None
        if before is not None and is_halted and given.halt:
            raise Refused(f"the platform is halted since {before.at.isoformat()} by {before.by}: {before.reason}")
        if not is_halted and not is_broken and not given.halt:
            raise Refused("the platform is not halted")
        now = deps.clock.now()
        after = Halt(given.halt, now, given.caller, given.reason)
        event_id = ids.digest(given.word, now.isoformat(), given.caller, length=24)
        entry = given.entry(event_id, AuditEvent.HALTED if given.halt else AuditEvent.RESUMED, given.word, now)
        writes = [halt_write(after, seen), *outbox.put([outbox.audit_item(entry)])]
        writes += claims(deps, given.key, HaltView(status="halted" if given.halt else "running"))
        for day in () if given.halt else waiting_dates(deps)[:AT_ONCE]:
            writes += _released(deps, day, after, unreadable)
        return writes, True

    if given.dry_run:
        _, would = decide()
        return WouldHalt(would=given.word if would else "nothing", waiting=len(waiting_dates(deps)))
    until_committed(deps, decide)
    if not given.halt:
        _release_rest(deps, unreadable)
        outbox.deliver(deps, RESUMED)
    return view(deps)


def view(deps: Deps) -> HaltView:
    """How the platform stands, and the dates whose triggers wait for its resumption, or until their records can be read."""
    return replace(in_force(deps) or HaltView(status="running"), waiting=waiting_dates(deps))


def in_force(deps: Deps) -> HaltView | None:
    """The halt in force, if there is one, or a record that cannot be read; without what waits for its end."""
    try:
        halt = standing(deps)
    except Unreadable as error:
        return HaltView(status="unreadable", reason=str(error))
    return HaltView(status="halted", at=halt.at, by=halt.by, reason=halt.reason) if halt else None


def waiting_dates(deps: Deps) -> list[str]:
    """The dates with triggers that were recorded during a halt."""
    return sorted(id_of(snapshot) for snapshot in deps.store.find(DATES, [("parked", "==", True)], fields=["parked"]))


def park(
    deps: Deps, trigger: Trigger, seen: DateSeen, halt: tuple[Halt, Snapshot | None], key: IdempotencyKey | None
) -> OpeningAnswer:
    """Record a trigger on its date, to be opened after the resumption; the commit fails if the halt has ended since.

    Args:
        halt: the halt in force, as it was read.

    Raises:
        Refused: a backfill opens it. Its date waits, and is opened when the platform runs again.
    """
    why = f"the platform is halted since {halt[0].at.isoformat()} by {halt[0].by}: {halt[0].reason}"
    if trigger.source is Source.BACKFILL:
        raise Refused(why)
    answer = OpeningAnswer("halted", "", trigger.game_date, 0, 0, trigger_id=trigger.trigger_id, note=why)
    record = seen.record
    who = (trigger.trigger_id, trigger.triggered_by)
    known = trigger.follow_up is not None or any((t.trigger_id, t.triggered_by) == who for t in record.coalesced)
    if not known:
        record = replace(record, coalesced=bounded((*record.coalesced, trigger)))
    entry = coalesced_entry(deps, trigger, None, "halted")
    items = () if trigger.follow_up is not None else outbox.put([outbox.audit_item(entry)])
    writes = [seen.write(replace(record, parked=True)), unchanged(*halt), *items]
    if key:
        writes.append(remember(deps, key, answer))
    deps.store.commit(writes)
    return answer


def _released(deps: Deps, day: str, halt: Halt, unreadable: Callable[[Unreadable], object]) -> Sequence[Write]:
    """The writes that have the triggers of a date opened: one message for all of them; none if it cannot be read."""
    try:
        seen = read_date(deps, day_of(day))
    except Unreadable as error:
        unreadable(error)
        return ()
    if not seen.record.parked:
        return ()
    record, now = replace(seen.record, parked=False), deps.clock.now()
    # A live batch is followed up when it ends.
    due = record.coalesced and record.live is None
    items = [follow_up_item(record, f"{RESUMED}:{halt.at.isoformat()}", now, RESUMED)] if due else []
    return [seen.write(record), *outbox.put(items)]


def _release_rest(deps: Deps, unreadable: Callable[[Unreadable], object]) -> list[str]:
    """Have the triggers opened of the dates that the commit of the resumption had no room for, or could not read."""
    halt, _ = read_halt(deps)
    if halt is None or halt.halted:
        return []

    def release(day: str) -> tuple[Sequence[Write], bool]:
        writes = _released(deps, day, halt, unreadable)
        return writes, bool(writes)

    return [day for day in waiting_dates(deps) if until_committed(deps, partial(release, day))]


def watch_hourly(deps: Deps, unreadable: Callable[[Unreadable], object]) -> list[str]:
    """In the sweeps of one minute of the hour: alert once a day to a halt that stands; for the sweep's report.

    Args:
        unreadable: gets the error of each date whose triggers wait, and whose record cannot be read.
    """
    if deps.clock.now().minute != MINUTE:
        return []
    halt = standing(deps)
    if halt is None:
        return [f"{day}: opened after a halt" for day in _release_rest(deps, unreadable)]
    today = eastern_today(deps.clock.now())
    waiting = waiting_dates(deps)
    why = f"halted since {halt.at.isoformat()} by {halt.by}: {halt.reason}; triggers of {len(waiting)} dates wait"
    raise_once(
        deps,
        ids.digest("halted", halt.at.isoformat(), today, length=24),
        alert(AlertKind.PLATFORM_HALTED, why, waiting=waiting[:50] or None),
    )
    return []
