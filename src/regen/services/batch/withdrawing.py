"""Withdrawing current predictions by an operator's order: a batch without requests, promoted and rolled back like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from msgspec import Struct

from regen.api.forms import Form
from regen.api.openings import OpeningAnswer, WouldWithdraw
from regen.domain import ids
from regen.domain.batch import Batch, Kind, Status
from regen.domain.batch_end import requested_entry
from regen.domain.dates import eastern_today
from regen.domain.errors import NobodyRequested, Refused
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope, UnknownNames, resolved
from regen.domain.slate import Exclusion
from regen.domain.values import replace
from regen.domain.withdrawal import played_games
from regen.ports import Write
from regen.services.batch.dates import read_date
from regen.services.batch.dispatching import dispatch, start_dispatching
from regen.services.batch.requests import excluded_writes
from regen.services.state import outbox
from regen.services.state.commit import until_unopposed
from regen.services.state.deps import Deps
from regen.services.state.documents import encode_batch
from regen.services.state.idempotency import IdempotencyKey, claims, recall
from regen.services.state.leases import Lease, opening_write
from regen.services.state.paths import batch_path

_ANSWER = Form(OpeningAnswer)


class Withdrawal(Struct, frozen=True):
    """An operator's order to withdraw current predictions.

    Attributes:
        scope: players, or games.
    """

    game_date: date
    reason: str
    scope: Scope
    caller: str
    trigger_id: str
    metadata: Mapping[str, Any]
    person: str | None = None
    """The person behind the caller."""


def withdraw(deps: Deps, wanted: Withdrawal, key: IdempotencyKey | None = None) -> OpeningAnswer:
    """Open the batch that withdraws the predictions; the verifier promotes it.

    Raises:
        NobodyRequested: none of the named players or games has current predictions.
        InvalidInput: some of them have none.
        Refused: a batch is live on the date, or one of the games has been played.
        KeyReused: the key came with another body.
    """
    read = cache(lambda: _looked_up(deps, wanted))

    def take() -> OpeningAnswer | tuple[Batch, Lease, OpeningAnswer]:
        if answer := recall(deps, key, _ANSWER):
            return answer
        try:
            seen = read_date(deps, wanted.game_date)
            _refuse_live(seen.record.live, wanted)
            scope, rows = read()
        except Refused:
            if answer := recall(deps, key, _ANSWER):
                return answer  # the batch that is live is the one that this very key has opened
            raise
        batch, excluded = _batch(deps, wanted, scope, rows)
        answer = OpeningAnswer(
            "accepted",
            batch.batch_id,
            wanted.game_date,
            0,
            0,
            {wanted.reason: len(excluded)},
            wanted.trigger_id,
        )
        lease, lease_write = opening_write(deps, batch.batch_id)
        writes: list[Write] = [
            Write("create", batch_path(batch.batch_id), encode_batch(batch)),
            *excluded_writes(batch, excluded),
            seen.write(replace(seen.record, live=batch.batch_id, carried=())),
            lease_write,
            *outbox.put([outbox.audit_item(requested_entry(batch))]),
            *claims(deps, key, answer),
        ]
        deps.store.commit(writes)
        return batch, lease, answer

    taken = until_unopposed(deps, take)
    if isinstance(taken, OpeningAnswer):
        return taken
    batch, lease, answer = taken
    with lease.kept():
        start_dispatching(deps, batch.batch_id)
        dispatch(deps, batch.batch_id, [])
    lease.release()
    return answer


def preview(deps: Deps, wanted: Withdrawal, key: IdempotencyKey | None = None) -> WouldWithdraw:
    """What a withdrawal would do; refused whenever the order would be."""
    if known := recall(deps, key, _ANSWER):
        return WouldWithdraw(
            would="nothing", game_date=known.game_date, reason=wanted.reason, games=[], players=[], rows=0
        )
    _refuse_live(read_date(deps, wanted.game_date).record.live, wanted)
    scope, rows = _looked_up(deps, wanted)
    return WouldWithdraw(
        would="withdraw",
        game_date=wanted.game_date,
        reason=wanted.reason,
        games=list(scope.games or ()),
        players=sorted({row.player_lookup for row in rows}),
        rows=len(rows),
    )


def _refuse_live(live: str | None, wanted: Withdrawal) -> None:
    if live is not None:
        day = wanted.game_date.isoformat()
        raise Refused(f"{live} is live on {day}: wait for its end, or cancel it, then withdraw", live)


def _looked_up(deps: Deps, wanted: Withdrawal) -> tuple[Scope, Sequence[CurrentPrediction]]:
    """The scope spelled as in the current rows of the date, and the rows that it covers."""
    day = wanted.game_date.isoformat()
    current = deps.warehouse.current_predictions(wanted.game_date)
    if not current:
        raise NobodyRequested(f"{day} has no current predictions")
    scope = wanted.scope
    try:
        if scope.games is not None:
            known = {row.game_id for row in current}
            scope = replace(scope, games=resolved("games", scope.games, known, f"games with predictions of {day}"))
        if scope.players is not None:
            known = {row.player_lookup for row in current}
            named = resolved("players", scope.players, known, f"players with predictions of {day}")
            scope = replace(scope, players=named)
    except UnknownNames as error:
        if error.all:
            raise NobodyRequested(str(error)) from error
        raise
    rows = [row for row in current if scope.covers(row.player_lookup, row.game_id)]
    if wanted.game_date <= eastern_today(deps.clock.now()):
        played = played_games(deps.warehouse.box_scores(wanted.game_date, wanted.game_date + timedelta(days=1)))
        if over := sorted({row.game_id for row in rows} & played):
            raise Refused(
                f"{', '.join(over)} of {day} has a box score: what was predicted of a played game is graded, not withdrawn"
            )
    return scope, rows


def _batch(
    deps: Deps, wanted: Withdrawal, scope: Scope, rows: Sequence[CurrentPrediction]
) -> tuple[Batch, Sequence[Exclusion]]:
    now, config = deps.clock.now(), deps.config
    games = {row.player_lookup: row.game_id for row in rows}
    excluded = [Exclusion(name, wanted.reason, game) for name, game in sorted(games.items())]
    batch = Batch(
        batch_id=ids.batch_id(Kind.REGENERATION, wanted.game_date, wanted.reason, deps.ids.suffix()),
        kind=Kind.REGENERATION,
        game_date=wanted.game_date,
        reason=wanted.reason,
        status=Status.CREATED,
        triggered_by=wanted.caller,
        on_behalf_of=wanted.person,
        created_at=now,
        updated_at=now,
        deadline=now + timedelta(seconds=config.deadline_seconds),
        expires_at=now + timedelta(days=config.retention_days),
        scope=scope,
        metadata=wanted.metadata,
        trigger_ids=(wanted.trigger_id,),
        reasons=(wanted.reason,),
        systems=tuple(config.systems),
        thresholds=config.thresholds,
        excluded_players=len(excluded),
        code_version=config.code_version,
        min_minutes=config.min_minutes,
        traceparent=deps.trace(),
        withdrawal=wanted.reason,
    )
    return batch, excluded
