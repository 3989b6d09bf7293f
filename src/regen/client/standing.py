"""A batch as the coordinator answers it, as the facts of its summary."""

from __future__ import annotations

from collections.abc import Mapping

from regen.api.batches import Found, ListedBatch, Verdict, WholeBatch, Withdrawn
from regen.api.forms import Record, record
from regen.domain.batch_facts import BatchFacts, forbidding, waivers
from regen.domain.persons import asked_by
from regen.domain.values import replace


def looked_at(verdict: Verdict | None) -> list[Found]:
    """The checks of a verdict that had something to look at; the others passed in form only, and `not_looked_at` says why."""
    if verdict is None:
        return []
    unseen = {one.name for one in verdict.not_looked_at or []}
    return [check for check in verdict.checks if check.name not in unseen]


def verdict_record(view: WholeBatch) -> Record:
    """The verdict as the rules of the domain read it; empty before there is one."""
    return record(view.verdict) if view.verdict else {}


def by_reason(withdrawals: Mapping[str, Withdrawn]) -> dict[str, dict[str, int]]:
    """Withdrawn players and rows by reason, as the sentences of the domain read them."""
    return {reason: {"players": gone.players, "rows": gone.rows} for reason, gone in withdrawals.items()}


def facts_of(view: WholeBatch | ListedBatch) -> BatchFacts:
    """The facts of a batch's view, whole or of a list; what an older coordinator does not say is unknown."""
    counts = view.counts if isinstance(view, WholeBatch) else view
    known = BatchFacts(
        batch_id=view.batch_id,
        game_date=str(view.game_date),
        status=view.status,
        kind=view.kind or "regeneration",
        round=view.round or 1,
        requested=view.requested_players if counts.requested is None else counts.requested,
        produced=counts.produced,
        skipped=counts.skipped,
        failed=counts.failed,
        superseded=counts.superseded,
        inserted=counts.inserted,
        withdrawn=counts.withdrawn,
        kept=counts.kept,
        coverage_pct=view.coverage_pct,
        error=view.error,
        promoted_rounds=tuple(view.promoted_rounds or ()),
        withdrawal=view.withdrawal or None,
    )
    if isinstance(view, ListedBatch):
        return known
    verdict, last = verdict_record(view), view.history[-1] if view.history else None
    return replace(
        known,
        pending=len(view.pending),
        failed_checks=forbidding(verdict),
        waivers=waivers(verdict),
        last_why=last.why if last else "",
        last_by=asked_by(last.by, last.on_behalf_of) if last and last.by else None,
        withdrawals=by_reason(view.withdrawals),
    )
