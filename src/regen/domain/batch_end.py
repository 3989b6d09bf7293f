"""Records of the end of a batch: its summary, its audit entry, its alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regen.domain import ids
from regen.domain.alerts import AlertKind
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.batch import Act, Batch, Status
from regen.domain.batch_facts import facts_of
from regen.domain.plan import SYSTEM_RETIRED, in_words
from regen.domain.summary import sentence

EXPECTED = frozenset({"out", SYSTEM_RETIRED})
"""Withdrawals that raise no alert: the injury report names the players who are out, a setting the systems that are gone."""


def alerts_of(batch: Batch) -> Iterator[tuple[AlertKind, str]]:
    """The alerts that an end raises, each with its cause in a sentence."""
    said = sentence(facts_of(batch))
    if batch.status is Status.REJECTED:
        yield AlertKind.BATCH_REJECTED, said
    elif batch.status is Status.HELD:
        yield AlertKind.BATCH_HELD, f"{said} It can be promoted until {batch.expires_at:%Y-%m-%d %H:%M} UTC."
    elif batch.status is Status.FAILED:
        yield AlertKind.BATCH_FAILED, said
    elif batch.status is Status.PROMOTED:
        if (batch.counts.produced or 0) < batch.requested_players:
            yield AlertKind.BATCH_PARTIAL, said
        beyond = {reason: counts for reason, counts in withdrawals_of(batch).items() if reason not in EXPECTED}
        if beyond and batch.act is not Act.ROLLBACK:
            yield AlertKind.PREDICTIONS_WITHDRAWN, f"withdrawn without a replacement: {in_words(beyond)}"


def summarise(batch: Batch) -> dict[str, object]:
    """The summary of a batch for messages and alerts."""
    counts = batch.counts
    return {
        "batch_id": batch.batch_id,
        "game_date": batch.game_date.isoformat(),
        "status": batch.status.value,
        "round": batch.round,
        "reason": batch.reason,
        "requested": counts.requested,
        "produced": counts.produced,
        "skipped": counts.skipped,
        "failed": counts.failed,
        "superseded": counts.superseded,
        "inserted": counts.inserted,
        "withdrawn": counts.withdrawn,
        "kept": counts.kept,
    }


def is_closed(batch: Batch) -> bool:
    """Whether an operator has ended the waiting of its round."""
    return (batch.command or {}).get("closed_round") == batch.round


def why_closed(batch: Batch) -> str:
    """Why the pending players of a batch past its deadline fail: an operator has ended the waiting, or time has."""
    return "closed" if is_closed(batch) else "deadline"


def requested_entry(batch: Batch) -> AuditEntry:
    """The audit entry of an opening."""
    return AuditEntry(
        event_id=ids.event_id(batch.batch_id, 1, "requested"),
        event=AuditEvent.REQUESTED,
        at=batch.created_at,
        game_date=batch.game_date,
        batch_id=batch.batch_id,
        round=1,
        status="created",
        reason=batch.reason,
        triggered_by=batch.triggered_by,
        on_behalf_of=batch.on_behalf_of,
        metadata=batch.metadata,
        trigger_id=batch.trigger_ids[0] if batch.trigger_ids else None,
        requested=batch.requested_players,
        started_at=batch.created_at,
    )


def ended_entry(batch: Batch, event: AuditEvent, why: str, caller: str, person: str | None = None) -> AuditEntry:
    """The audit entry of an end.

    Args:
        person: the person behind the caller.
    """
    counts = batch.counts
    return AuditEntry(
        event_id=ids.event_id(batch.batch_id, batch.round, event.value),
        event=event,
        at=batch.updated_at,
        game_date=batch.game_date,
        batch_id=batch.batch_id,
        round=batch.round,
        status=batch.status.value,
        reason=batch.reason,
        triggered_by=caller,
        metadata=batch.metadata,
        trigger_id=batch.trigger_ids[0] if batch.trigger_ids else None,
        requested=counts.requested,
        produced=counts.produced,
        skipped=counts.skipped,
        failed=counts.failed,
        kept=counts.kept,
        withdrawn=counts.withdrawn,
        superseded_count=counts.superseded,
        regenerated_count=counts.inserted,
        coverage_pct=coverage_of(batch),
        verdict=batch.verdict,
        error=None if batch.status is Status.HELD else batch.error or why,
        started_at=batch.created_at,
        finished_at=batch.ended_at,
        on_behalf_of=person,
    )


def withdrawals_of(batch: Batch) -> Mapping[str, Mapping[str, int]]:
    """Players and rows that its promotion withdraws, by reason, as counted by its verification."""
    return (batch.verdict or {}).get("withdrawals") or {}


def coverage_of(batch: Batch) -> float | None:
    """The coverage that its verification measured."""
    if not batch.verdict:
        return None
    return next((c["value"] for c in batch.verdict["checks"] if c["name"] == "coverage"), None)
