"""Progress, from Firestore alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, ValidationError
from msgspec.structs import asdict

from regen.api.batches import UNREADABLE, Batch, ListedBatch, PlayerProblem, Step, Verdict, Waiting, WholeBatch
from regen.api.forms import Form
from regen.domain.batch import Batch as StoredBatch
from regen.domain.batch import Status
from regen.domain.batch_end import coverage_of
from regen.domain.errors import Unreadable
from regen.domain.outcome import Outcome, OutcomeKind, failed_outcome
from regen.domain.values import replace
from regen.ports import Condition, Snapshot
from regen.services.batch.dates import read_date
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import BATCHES, batch_path, id_of, requests_path
from regen.services.views.paging import page

MAX_LISTED = 200
_VERDICT = Form(Verdict)


def view_batch(deps: Deps, batch_id: str) -> WholeBatch:
    """A batch in full: counts, names of the pending, outcomes that are not produced, verdict, history.

    Raises:
        NoSuchBatch: there is none of that id.
    """
    batch = read_batch(deps, batch_id).batch
    pending: set[str] = set()
    problems: dict[str, PlayerProblem] = {}
    done: set[str] = set()
    fields = ("players", "state", "round", "opening", "outcomes")
    for data in _requests(deps.store.find(requests_path(batch_id), fields=fields), batch):
        if data.get("state") == "pending":
            if batch.live and data["round"] == batch.round:
                pending |= set(data["players"]) - done
            else:
                problems |= {p: _unfinished(p, batch) for p in data["players"] if p not in done | problems.keys()}
            continue
        for outcome in _outcomes(data):
            name = outcome.player_lookup
            if outcome.kind is OutcomeKind.PRODUCED:
                done.add(name)
                problems.pop(name, None)
            elif name not in done:
                kind = outcome.kind.value
                problems[name] = PlayerProblem(
                    player_lookup=name, outcome=kind, reason=outcome.reason, error=outcome.error
                )
    for player in pending:
        problems.pop(player, None)
    counts = replace(
        batch.counts,
        requested=batch.requested_players,
        produced=len(done),
        skipped=sum(p.outcome == "skipped" for p in problems.values()),
        failed=sum(p.outcome == "failed" for p in problems.values()),
    )
    verdict = _verdict(batch)
    return WholeBatch(
        **asdict(_batch(batch)),
        counts=counts,
        superseded_count=counts.superseded,
        regenerated_count=counts.inserted,
        processing_time_seconds=None if batch.ended_at is None else (batch.ended_at - batch.created_at).total_seconds(),
        pending=sorted(pending),
        outcomes=sorted(problems.values(), key=lambda p: p.player_lookup),
        withdrawals=(verdict and verdict.withdrawals) or {},
        verdict=verdict,
        history=[
            Step(at=s.at, from_=s.from_, to=s.to, why=s.why, by=s.by, on_behalf_of=s.on_behalf_of)
            for s in batch.history
        ],
    )


def _verdict(batch: StoredBatch) -> Verdict | None:
    try:
        return _VERDICT.convert(batch.verdict) if batch.verdict else None
    except ValidationError as error:
        raise Unreadable(f"{batch_path(batch.batch_id)}: verdict: {error}") from error


def _requests(found: Sequence[Snapshot], batch: StoredBatch) -> list[Mapping[str, Any]]:
    """The requests that count and can be read, by round."""
    good = [s.data for s in found if s.data.get("opening") in batch.openings and _are_names(s.data.get("players"))]
    return sorted((d for d in good if type(d.get("round")) is int), key=lambda d: int(d["round"]))


def _are_names(players: object) -> bool:
    return isinstance(players, list) and all(isinstance(p, str) for p in players)


def _outcomes(data: Mapping[str, Any]) -> list[Outcome]:
    try:
        return unpack_outcomes(data["outcomes"])
    except (KeyError, Unreadable) as error:
        return [failed_outcome(p, "lost_outcomes", data["round"], str(error)) for p in data["players"]]


def _unfinished(player: str, batch: StoredBatch) -> PlayerProblem:
    """Only a cancelled round leaves requests pending, and one that was never opened: past a deadline they are closed."""
    reason = "opening_lost" if batch.status is Status.FAILED else "cancelled"
    return PlayerProblem(player_lookup=player, outcome="failed", reason=reason)


def waiting_triggers(deps: Deps, game_date: date) -> list[Waiting]:
    """The triggers that wait on a date for the batch that will carry them."""
    return [
        Waiting(
            trigger_id=t.trigger_id, reason=t.reason, triggered_by=t.triggered_by, at=t.at, on_behalf_of=t.on_behalf_of
        )
        for t in read_date(deps, game_date).record.coalesced
    ]


class Filter(Struct, frozen=True):
    """Which batches are listed; what is not set lets all through.

    Attributes:
        first: first game date, with `last`.
    """

    game_date: str | None = None
    first: date | None = None
    last: date | None = None
    statuses: tuple[str, ...] = ()
    trigger_id: str | None = None


def page_of_batches(
    deps: Deps, wanted: Filter, limit: int = MAX_LISTED, cursor: str | None = None
) -> tuple[list[ListedBatch], str | None]:
    """A page of batches, newest first, and the cursor of the next one; only the batches of the page are read in full.

    Args:
        cursor: the last batch of the page before.

    Raises:
        InvalidInput: there is no batch of the cursor's id.
    """
    matching = None if wanted == Filter() else _matching(deps, wanted)
    shown, following = page(deps, BATCHES, matching, limit, cursor)
    return [_listed(snapshot) for snapshot in shown], following


def _matching(deps: Deps, wanted: Filter) -> list[Snapshot]:
    """All batches that a filter lets through, with the fields that order them.

    Firestore needs an index of its own for a range beside another condition: beside a range of dates, the others are looked
    at here.
    """
    if wanted.first is None or wanted.last is None:
        return _by_words(deps, wanted)
    first, last = wanted.first.isoformat(), wanted.last.isoformat()
    span: list[Condition] = [("game_date", ">=", first), ("game_date", "<=", last)]
    found = deps.store.find(BATCHES, span, fields=["created_at", "status", "trigger_ids"])
    return [
        s
        for s in found
        if (not wanted.statuses or s.data.get("status") in wanted.statuses)
        and (wanted.trigger_id is None or _names(s.data.get("trigger_ids"), wanted.trigger_id))
    ]


def _names(found: object, trigger_id: str) -> bool:
    return isinstance(found, list) and trigger_id in found


def _by_words(deps: Deps, wanted: Filter) -> list[Snapshot]:
    where: list[Condition] = []
    if wanted.game_date:
        where.append(("game_date", "==", wanted.game_date))
    if wanted.statuses:
        where.append(("status", "in", list(wanted.statuses)))
    if wanted.trigger_id:
        where.append(("trigger_ids", "array_contains", wanted.trigger_id))
    return deps.store.find(BATCHES, where, fields=["created_at"])


def _listed(snapshot: Snapshot) -> ListedBatch:
    """A batch of a listing; one that this version cannot read says so, and stands beside the others."""
    try:
        batch = decode_batch(snapshot)
    except Unreadable as error:
        return _unreadable(snapshot, str(error))
    c = batch.counts
    return ListedBatch(
        **asdict(_batch(batch)),
        requested=c.requested,
        produced=c.produced,
        skipped=c.skipped,
        failed=c.failed,
        superseded=c.superseded,
        inserted=c.inserted,
        withdrawn=c.withdrawn,
        kept=c.kept,
    )


def _unreadable(snapshot: Snapshot, error: str) -> ListedBatch:
    """What can be said of a record that this version cannot read."""
    texts = {name: value for name, value in snapshot.data.items() if isinstance(value, str)}
    try:
        day = date.fromisoformat(texts.get("game_date", ""))
    except ValueError:
        day = None
    kind, reason = texts.get("kind"), texts.get("reason")
    return ListedBatch(
        batch_id=id_of(snapshot), status=UNREADABLE, error=error, game_date=day, kind=kind, reason=reason
    )


def _batch(batch: StoredBatch) -> Batch:
    first = batch.created_at
    return Batch(
        batch_id=batch.batch_id,
        kind=batch.kind.value,
        game_date=batch.game_date,
        status=batch.status.value,
        round=batch.round,
        reason=batch.reason,
        reasons=list(batch.reasons),
        metadata=dict(batch.metadata),
        triggered_by=batch.triggered_by,
        on_behalf_of=batch.on_behalf_of,
        trigger_ids=list(batch.trigger_ids),
        systems=list(batch.systems),
        requested_players=batch.requested_players,
        excluded_players=batch.excluded_players,
        requests=batch.request_count,
        coverage_pct=coverage_of(batch),
        partial=batch.status is Status.PROMOTED and (batch.counts.produced or 0) < batch.requested_players,
        error=batch.error,
        created_at=batch.created_at,
        updated_at=batch.updated_at,
        deadline=batch.deadline,
        ended_at=batch.ended_at,
        timings={s.to: round((s.at - first).total_seconds(), 3) for s in batch.history},
        code_version=batch.code_version,
        feature_snapshot=batch.snapshot,
        features_built_at=batch.features_built_at,
        promoted_rounds=list(batch.promoted_rounds),
        hold=batch.hold,
        withdrawal=batch.withdrawal,
        models=dict(batch.models),
        challengers=list(batch.challengers),
        challenger_problems=list(batch.challenger_problems),
        external_systems=dict(batch.external_systems),
    )
