"""Progress, from Firestore alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from regen.domain.batch import Batch, Status
from regen.domain.batch_end import summarise, withdrawals_of
from regen.domain.errors import Unreadable
from regen.domain.outcome import Outcome, OutcomeKind, failed_outcome
from regen.ports import Snapshot
from regen.services.batch.dates import read_date
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import BATCHES, id_of, requests_path

MAX_LISTED = 200
_NOTHING: Mapping[str, Any] = dict.fromkeys(
    [
        "kind",
        "game_date",
        "round",
        "reason",
        "requested_players",
        "coverage_pct",
        "created_at",
        "updated_at",
        "deadline",
        "ended_at",
        "requested",
        "produced",
        "skipped",
        "failed",
        "superseded",
        "inserted",
        "withdrawn",
        "kept",
    ]
)
"""What is not known of a batch that cannot be read."""


def view_batch(deps: Deps, batch_id: str) -> dict[str, Any]:
    """A batch in full: counts, names of the pending, outcomes that are not produced, verdict, history.

    Raises:
        NoSuchBatch: there is none of that id.
    """
    batch = read_batch(deps, batch_id).batch
    counts = {"requested": batch.requested_players, "produced": 0, "skipped": 0, "failed": 0}
    pending: set[str] = set()
    problems: dict[str, dict[str, Any]] = {}
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
            if outcome.kind is OutcomeKind.PRODUCED:
                done.add(outcome.player_lookup)
                problems.pop(outcome.player_lookup, None)
            elif outcome.player_lookup not in done:
                problems[outcome.player_lookup] = {
                    "player_lookup": outcome.player_lookup,
                    "outcome": outcome.kind.value,
                    "reason": outcome.reason,
                    "error": outcome.error,
                }
    for player in pending:
        problems.pop(player, None)
    counts["produced"] = len(done)
    counts["skipped"] = sum(p["outcome"] == "skipped" for p in problems.values())
    counts["failed"] = sum(p["outcome"] == "failed" for p in problems.values())
    return {
        **_flat(batch),
        "counts": {**_row_counts(batch), **counts},
        "pending": sorted(pending),
        "outcomes": sorted(problems.values(), key=lambda p: p["player_lookup"]),
        "withdrawals": withdrawals_of(batch),
        "verdict": batch.verdict,
        "history": [{"at": s.at.isoformat(), "from": s.from_, "to": s.to, "why": s.why} for s in batch.history],
    }


def _requests(found: Sequence[Snapshot], batch: Batch) -> list[Mapping[str, Any]]:
    """The requests that count and can be read, by round."""
    good = [
        s.data for s in found if s.data.get("opening") in batch.openings and isinstance(s.data.get("players"), list)
    ]
    return sorted((d for d in good if isinstance(d.get("round"), int)), key=lambda d: int(d["round"]))


def _outcomes(data: Mapping[str, Any]) -> list[Outcome]:
    try:
        return unpack_outcomes(data["outcomes"])
    except (KeyError, Unreadable) as error:
        return [failed_outcome(p, "lost_outcomes", data["round"], str(error)) for p in data["players"]]


def _unfinished(player: str, batch: Batch) -> dict[str, Any]:
    """Only a cancelled round leaves requests pending, and one that was never opened: past a deadline they are closed."""
    reason = "opening_lost" if batch.status is Status.FAILED else "cancelled"
    return {"player_lookup": player, "outcome": "failed", "reason": reason, "error": None}


def waiting_triggers(deps: Deps, game_date: date) -> list[dict[str, Any]]:
    """The triggers that wait on a date for the batch that will carry them."""
    return [
        {"trigger_id": t.trigger_id, "reason": t.reason, "triggered_by": t.triggered_by, "at": t.at.isoformat()}
        for t in read_date(deps, game_date).record.coalesced
    ]


def list_batches(
    deps: Deps,
    game_date: str | None,
    status: str | None,
    limit: int = MAX_LISTED,
    trigger_id: str | None = None,
) -> list[dict[str, Any]]:
    """The newest batches, by date, status or a trigger that they carry; of those that match, only the ones to be shown are read in full."""
    where: list[Any] = []
    if game_date:
        where.append(("game_date", "==", game_date))
    if status:
        where.append(("status", "==", status))
    if trigger_id:
        where.append(("trigger_ids", "array_contains", trigger_id))
    if where:
        matching = deps.store.find(BATCHES, where, fields=["created_at"])
        newest = sorted(matching, key=_created, reverse=True)[:limit]
        found = [s for s in deps.store.get_many([s.path for s in newest]) if s is not None] if newest else []
    else:
        found = deps.store.find(BATCHES, order_by="created_at", descending=True, limit=limit)
    return [_listed(snapshot) for snapshot in sorted(found, key=_created, reverse=True)]


def _listed(snapshot: Snapshot) -> dict[str, Any]:
    """A batch of a listing; one that this version cannot read says so, and stands beside the others."""
    try:
        batch = decode_batch(snapshot)
    except Unreadable as error:
        raw = {k: v for k, v in snapshot.data.items() if k in {"kind", "game_date", "reason"} and isinstance(v, str)}
        return {**_NOTHING, **raw, "batch_id": id_of(snapshot), "status": "unreadable", "error": str(error)}
    return {**summarise(batch), **_flat(batch)}


def _created(snapshot: Snapshot) -> float:
    at = snapshot.data.get("created_at")
    return at.timestamp() if isinstance(at, datetime) else 0.0


def _row_counts(batch: Batch) -> Mapping[str, Any]:
    c = batch.counts
    return {"superseded": c.superseded, "inserted": c.inserted, "kept": c.kept, "withdrawn": c.withdrawn}


def _flat(batch: Batch) -> dict[str, Any]:
    first = batch.created_at
    reached = {s.to: round((s.at - first).total_seconds(), 3) for s in batch.history}
    coverage = None
    if batch.verdict:
        coverage = next((c["value"] for c in batch.verdict["checks"] if c["name"] == "coverage"), None)
    return {
        "batch_id": batch.batch_id,
        "kind": batch.kind.value,
        "game_date": batch.game_date.isoformat(),
        "status": batch.status.value,
        "round": batch.round,
        "reason": batch.reason,
        "reasons": list(batch.reasons),
        "metadata": dict(batch.metadata),
        "triggered_by": batch.triggered_by,
        "trigger_ids": list(batch.trigger_ids),
        "systems": list(batch.systems),
        "requested_players": batch.requested_players,
        "excluded_players": batch.excluded_players,
        "requests": batch.request_count,
        "coverage_pct": coverage,
        "partial": batch.status.value == "promoted" and (batch.counts.produced or 0) < batch.requested_players,
        "error": batch.error,
        "created_at": batch.created_at.isoformat(),
        "updated_at": batch.updated_at.isoformat(),
        "deadline": batch.deadline.isoformat(),
        "ended_at": batch.ended_at.isoformat() if batch.ended_at else None,
        "timings": reached,
        "code_version": batch.code_version,
        "feature_snapshot": batch.snapshot,
        "features_built_at": batch.features_built_at.isoformat() if batch.features_built_at else None,
        "promoted_rounds": list(batch.promoted_rounds),
    }
