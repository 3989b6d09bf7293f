"""Opening a batch: its record is durable before the first message, for every kind of batch (P2, I-02)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct, structs

from regen.api.forms import Form
from regen.api.openings import OpeningAnswer, Preview
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.audit import AuditEvent
from regen.domain.batch import Batch, Counts, Kind, Status
from regen.domain.batch_end import requested_entry
from regen.domain.dates import evening_of
from regen.domain.errors import InvalidInput, NobodyMissing, NobodyRequested, NoSlate, Refused, Unavailable
from regen.domain.scope import Scope, UnknownNames
from regen.domain.slate import EXPLAINED, POSTPONED, Slate, fix_slate, shape_of
from regen.domain.slate_reading import SlateReading
from regen.domain.soundness import is_moment
from regen.domain.trigger import Source, Trigger, bounded, merge
from regen.domain.values import replace
from regen.domain.withdrawal import kept, ruled
from regen.ports import Write
from regen.services.batch.dates import DateSeen, coalesce, must_wait, read_date
from regen.services.batch.dispatching import dispatch, start_dispatching
from regen.services.batch.ending import end_round
from regen.services.batch.halting import park
from regen.services.batch.pinning import NO_PINS, Pins, alert_lost, hindrances_alerted, pins
from regen.services.batch.reading import with_features
from regen.services.batch.requests import build_requests, excluded_writes, write_requests
from regen.services.state import outbox
from regen.services.state.commit import until_unopposed
from regen.services.state.deps import Deps
from regen.services.state.documents import RequestRecord, encode_batch
from regen.services.state.halts import read_halt, standing
from regen.services.state.idempotency import IdempotencyKey, claims, recall, settle
from regen.services.state.leases import Lease, opening_write
from regen.services.state.models import pinned_systems
from regen.services.state.paths import batch_path

_ANSWER = Form(OpeningAnswer)


def open_batch(deps: Deps, trigger: Trigger, key: IdempotencyKey | None = None) -> OpeningAnswer:
    """Open a batch for a trigger, or coalesce the trigger with the batch that holds the date.

    Returns:
        The answer, `accepted`, `coalesced` or `halted`; the same key always gets the same answer.

    Raises:
        NoSlate: the date has no slate. (A Pub/Sub trigger becomes a rejected batch instead.)
        NobodyRequested: no player is to be predicted (likewise for Pub/Sub), or no requested name is on the slate.
        InvalidInput: some requested names are on the slate and others are not.
        Refused: `/start` while a batch is live, or without `force` on a date promoted before.
        KeyReused: the key came with another body.
        ModelUnavailable: the store lacks a model as ONNX that the batch would run.
    """
    read = cache(lambda: deps.warehouse.read_slate(trigger.game_date))
    made = cache(lambda: with_features(deps, read()))
    chosen = cache(lambda: pins(deps))

    def take() -> OpeningAnswer | _Opened:
        if answer := recall(deps, key, _ANSWER):
            return answer
        try:
            named, date, waiting = _looked_at(deps, trigger, read)
            if waiting:
                return coalesce(deps, named, date, waiting, key)
            halt, seen = read_halt(deps)
            if halt is not None and halt.halted:
                return park(deps, named, date, (halt, seen), key)
            return _take_date(deps, named, date, (made(), chosen()), key)
        except NobodyMissing as error:
            if trigger.follow_up is not None:
                deps.store.commit([date.write(replace(date.record, coalesced=()))])
            answer = OpeningAnswer(
                "complete", "", trigger.game_date, 0, 0, trigger_id=trigger.trigger_id, note=str(error)
            )
            settle(deps, key, answer)
            return answer
        except Refused:
            # The batch that is live may be the one that this very key has opened since the key was looked at.
            if answer := recall(deps, key, _ANSWER):
                return answer
            raise

    with hindrances_alerted(deps):
        taken = until_unopposed(deps, take)
    if not isinstance(taken, OpeningAnswer):
        alert_lost(deps, chosen().lost)
    return taken if isinstance(taken, OpeningAnswer) else _opened(deps, taken)


def _opened(deps: Deps, opened: _Opened) -> OpeningAnswer:
    """Write the requests of a batch that has taken its date, and publish them."""
    if opened.requests is None:
        outbox.deliver(deps, opened.batch.batch_id, opened.batch)
        return opened.answer
    excluded = excluded_writes(opened.batch, opened.slate.excluded)
    with opened.lease.kept():
        try:
            write_requests(deps, opened.batch, opened.requests, excluded)
        except InvalidInput as error:
            return _unstorable(deps, opened, error)
        start_dispatching(deps, opened.batch.batch_id)
        dispatch(deps, opened.batch.batch_id, [r.request_id for r in opened.requests])
    opened.lease.release()
    return opened.answer


def _unstorable(deps: Deps, opened: _Opened, error: InvalidInput) -> OpeningAnswer:
    """Firestore refuses the requests, and would again: left to the sweep, the batch would be opened anew without end."""
    batch_id, allowed = opened.batch.batch_id, frozenset({Status.CREATED})
    why = f"unstorable: {error}"
    ended = end_round(deps, batch_id, 1, Status.REJECTED, why, allowed=allowed, caller="coordinator", error=why)
    outbox.deliver(deps, batch_id, ended)
    return structs.replace(opened.answer, status="rejected")


def preview(deps: Deps, trigger: Trigger, key: IdempotencyKey | None = None) -> Preview:
    """What opening would do, found out in the way of opening itself, up to the first write.

    Raises:
        RegenError: any error that opening would raise.
    """
    read = cache(lambda: deps.warehouse.read_slate(trigger.game_date))
    answer = recall(deps, key, _ANSWER)
    waiting, opened = None, None
    if answer is None:
        trigger, date, waiting = _looked_at(deps, trigger, read)
        if waiting is None:
            try:
                opened = _planned(deps, trigger, date, (read(), NO_PINS), key)
            except NobodyMissing:
                answer = OpeningAnswer("complete", "", trigger.game_date, 0, 0)
            else:
                answer = opened.answer
    slate, built = (opened.slate, opened.batch.features_built_at) if opened else _seen(deps, trigger, read)
    return Preview(
        game_date=trigger.game_date,
        would=_would(deps, waiting, answer),
        live_batch_id=waiting or read_date(deps, trigger.game_date).record.live,
        requested_players=answer.requested_players if answer else len(slate.requested),
        requests=answer.requests if answer else -(-len(slate.requested) // deps.config.players_per_request),
        excluded=dict(slate.reasons),
        players=[e.player_lookup for e in slate.requested],
        systems=list(_systems(deps, trigger)),
        features_built_at=built,
    )


def _would(deps: Deps, waiting: str | None, answer: OpeningAnswer | None) -> str:
    if waiting or (answer and answer.status == "coalesced"):
        return "coalesce"
    if answer and answer.status == "complete":
        return "nothing"
    return "record" if (answer and answer.status == "halted") or standing(deps) else "open"


def _seen(deps: Deps, trigger: Trigger, read: Callable[[], SlateReading]) -> tuple[Slate, datetime | None]:
    """The players that the trigger asks for; an empty slate if it cannot be read, as a coalesced trigger needs none."""
    try:
        reading = read()
    except Unavailable:
        return Slate((), (), ()), None
    return fix_slate(reading.entries, trigger.scope, _min_minutes(deps, trigger)), reading.features_built_at


def _looked_at(deps: Deps, trigger: Trigger, read: Callable[[], SlateReading]) -> tuple[Trigger, DateSeen, str | None]:
    """The trigger with names spelled as on the slate, the date, and the batch that the trigger must wait for.

    Raises:
        Refused: `must_wait` refuses it.
        InvalidInput: some of its players or games are on the slate and others are not.
        NobodyRequested: none of its players or games is on the slate.
    """
    date = read_date(deps, trigger.game_date)
    if trigger.follow_up is not None and not date.record.coalesced:
        # A redelivered follow-up: another batch has carried its triggers, so no more is read for it.
        raise Refused(f"no trigger waits on {trigger.game_date.isoformat()}")
    waiting = must_wait(deps, trigger, date.record)
    named = trigger.scope.players is not None or trigger.scope.games is not None
    if named and trigger.follow_up is None and (entries := read().entries):
        try:
            scope = trigger.scope.on(entries, trigger.game_date.isoformat())
        except UnknownNames as error:
            if error.all and trigger.source is not Source.PUBSUB:
                raise NobodyRequested(str(error)) from error
            raise
        trigger = replace(trigger, scope=scope)
    return trigger, date, waiting


class _Opened(Struct, frozen=True):
    batch: Batch
    slate: Slate
    requests: Sequence[RequestRecord] | None
    lease: Lease
    answer: OpeningAnswer
    writes: Sequence[Write]


def _take_date(
    deps: Deps, trigger: Trigger, date: DateSeen, seen: tuple[SlateReading, Pins], key: IdempotencyKey | None
) -> _Opened:
    """One commit: the batch as `created`, the date taken, the key claimed, the lease held."""
    opened = _planned(deps, trigger, date, seen, key)
    deps.store.commit(opened.writes)
    return opened


def _planned(
    deps: Deps, trigger: Trigger, date: DateSeen, seen: tuple[SlateReading, Pins], key: IdempotencyKey | None
) -> _Opened:
    """The batch of a trigger, and the writes that take the date for it."""
    reading, chosen = seen
    absorbed = date.record.coalesced if trigger.kind is Kind.REGENERATION else ()
    is_follow_up = trigger.follow_up is not None
    if is_follow_up and not absorbed:
        # A redelivered follow-up: another batch has carried its triggers.
        raise Refused(f"no trigger waits on {trigger.game_date.isoformat()}")
    triggers = absorbed if is_follow_up else (trigger, *absorbed)
    merged = merge(triggers)
    now = deps.clock.now()
    withdrawn = date.record.withdrawn
    for each in triggers:
        # What a person names again is on again; any other trigger leaves out what was withdrawn.
        withdrawn = kept(withdrawn, each.scope) if each.source is Source.HTTP else withdrawn
    reading = replace(reading, entries=ruled(reading.entries, withdrawn))
    minutes = _min_minutes(deps, trigger, *triggers)
    scope = _to_come(triggers, merged.scope, reading, now)
    if reading.entries and all(each.missing for each in triggers):
        scope = _lacking(deps, reading, scope, minutes)
    slate = fix_slate(reading.entries, scope, minutes)
    reason = trigger.reason if not is_follow_up else triggers[0].reason
    batch_id = ids.batch_id(trigger.kind, trigger.game_date, reason, deps.ids.suffix())
    systems = _systems(deps, replace(trigger, scope=scope))
    batch = Batch(
        batch_id=batch_id,
        kind=trigger.kind,
        game_date=trigger.game_date,
        reason=reason,
        status=Status.CREATED,
        triggered_by=trigger.triggered_by if not is_follow_up else triggers[0].triggered_by,
        on_behalf_of=trigger.on_behalf_of if not is_follow_up else triggers[0].on_behalf_of,
        created_at=now,
        updated_at=now,
        deadline=now + timedelta(seconds=deps.config.deadline_seconds),
        expires_at=now + timedelta(days=deps.config.retention_days),
        scope=scope,
        metadata=merged.metadata,
        trigger_ids=merged.trigger_ids,
        reasons=merged.reasons,
        systems=systems,
        thresholds=deps.config.thresholds,
        requested_players=len(slate.requested),
        excluded_players=len(slate.excluded),
        counts=Counts(requested=len(slate.requested)),
        code_version=deps.config.code_version,
        snapshot=reading.snapshot,
        slate=shape_of(reading.entries),
        features_built_at=reading.features_built_at if is_moment(reading.features_built_at) else None,
        backfill_id=next((t.backfill_id for t in (trigger, *triggers) if t.backfill_id), None),
        min_minutes=minutes,
        traceparent=deps.trace(),
        hold=merged.hold,
        models=chosen.hashes,
        challengers=tuple(name for name in chosen.challengers if name not in systems),
        external_systems=pinned_systems(deps, systems, chosen.challengers),
    )
    if not slate.requested and not _withdraws(deps, batch, slate):
        return _nobody(deps, trigger, date, batch, slate, reading, key)
    requests = build_requests(deps, batch, slate.requested)
    batch = replace(batch, request_count=len(requests))
    answer = OpeningAnswer(
        "accepted",
        batch_id,
        trigger.game_date,
        len(slate.requested),
        len(requests),
        dict(slate.reasons),
        trigger.trigger_id,
    )
    lease, lease_write = opening_write(deps, batch_id)
    waiting = () if absorbed else date.record.coalesced
    record = replace(date.record, live=batch_id, coalesced=waiting, carried=bounded(triggers), withdrawn=withdrawn)
    writes = [
        Write("create", batch_path(batch_id), encode_batch(batch)),
        date.write(record),
        lease_write,
        *outbox.put([outbox.audit_item(requested_entry(batch))]),
    ]
    return _Opened(batch, slate, requests, lease, answer, [*writes, *claims(deps, key, answer)])


def _to_come(triggers: Sequence[Trigger], scope: Scope, reading: SlateReading, now: datetime) -> Scope:
    """The scope; of news alone without the players whose game has begun since."""
    if scope.players is None or not all(trigger.news for trigger in triggers):
        return scope
    evening = evening_of(reading.game_date)
    begun = {
        e.player_lookup
        for e in reading.entries
        if ((e.game_start if is_moment(e.game_start) else None) or evening) <= now
    }
    return replace(scope, players=tuple(name for name in scope.players if name not in begun))


def _lacking(deps: Deps, reading: SlateReading, scope: Scope, minutes: float) -> Scope:
    """The scope of the players who are expected, have no current row, and can be predicted from what is there.

    Raises:
        NobodyMissing: there is none.
    """
    day = reading.game_date
    missing = {name for survey in deps.books.survey(day, day) for name in survey.missing}
    lacking = [e for e in fix_slate(reading.entries, scope, minutes).requested if e.player_lookup in missing]
    ready = [e.player_lookup for e in lacking if e.inputs and e.inputs.feature_quality >= deps.config.min_quality]
    if not ready:
        what = f"{len(lacking)} players are missing, and none has features" if lacking else "no player is missing"
        raise NobodyMissing(f"{day.isoformat()}: {what}")
    return replace(scope, players=tuple(sorted(ready)))


def _withdraws(deps: Deps, batch: Batch, slate: Slate) -> bool:
    """Whether a batch without players to predict has rows to withdraw: a filtered one, or one of a date called off."""
    if batch.scope.systems is not None:
        return False
    if batch.scope.whole_slate and any(e.reason != POSTPONED for e in slate.excluded):
        return False
    names = {e.player_lookup for e in slate.excluded if e.reason in EXPLAINED}
    return bool(names) and any(
        row.player_lookup in names for row in deps.warehouse.current_predictions(batch.game_date)
    )


def _nobody(
    deps: Deps,
    trigger: Trigger,
    date: DateSeen,
    batch: Batch,
    slate: Slate,
    reading: SlateReading,
    key: IdempotencyKey | None,
) -> _Opened:
    """Refuse a batch without players to predict (I-06): raise for a caller who waits, record a rejected batch for Pub/Sub."""
    begun = batch.scope.players == ()
    why = "no_slate" if not reading.entries else "game_has_begun" if begun else "nobody_requested"
    if trigger.source is not Source.PUBSUB:
        if why == "no_slate":
            raise NoSlate(f"no slate for {batch.game_date.isoformat()}")
        raise NobodyRequested(
            f"no player of {batch.game_date.isoformat()} is requested: {len(slate.excluded)} are excluded"
        )
    rejected = replace(batch.moved(Status.REJECTED, why, batch.created_at), error=why, ended_at=batch.created_at)
    entry = replace(
        requested_entry(rejected),
        event=AuditEvent.REJECTED,
        status="rejected",
        error=why,
        event_id=ids.event_id(batch.batch_id, 1, "rejected"),
    )
    content = alert(
        AlertKind.BATCH_REJECTED, why, "WARNING", batch_id=batch.batch_id, game_date=batch.game_date.isoformat()
    )
    answer = OpeningAnswer("rejected", batch.batch_id, batch.game_date, 0, 0)
    lease, _ = opening_write(deps, batch.batch_id)
    items = [outbox.audit_item(entry)]
    if not begun:  # news that comes too late is no trouble
        items.append(outbox.alert_item(ids.event_id(batch.batch_id, 1, "alert_rejected"), batch.created_at, content))
    writes = [
        Write("create", batch_path(batch.batch_id), encode_batch(rejected)),
        date.write(replace(date.record, coalesced=())),
        *outbox.put(items),
    ]
    return _Opened(rejected, slate, None, lease, answer, [*writes, *claims(deps, key, answer)])


def _systems(deps: Deps, trigger: Trigger) -> tuple[str, ...]:
    known = tuple(deps.config.systems)
    wanted = trigger.scope.systems
    return known if wanted is None else tuple(s for s in known if s in wanted)


def _min_minutes(deps: Deps, *triggers: Trigger) -> float:
    """The average under which a player without a line is excluded; of several triggers the first that names one."""
    return next((t.min_minutes for t in triggers if t.min_minutes is not None), deps.config.min_minutes)
