"""A batch as the coordinator answers it, as the facts of its summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain.batch_facts import BatchFacts, forbidding, waivers
from regen.domain.persons import asked_by

View = Mapping[str, Any]


def looked_at(verdict: View) -> list[View]:
    """The checks of a verdict that had something to look at; the others passed in form only, and `not_looked_at` says why."""
    unseen = {one["name"] for one in verdict.get("not_looked_at", ())}
    return [check for check in verdict.get("checks", ()) if check["name"] not in unseen]


def facts_of(view: View) -> BatchFacts:
    """The facts of a batch's view, whole or of a list; what an older coordinator does not say is unknown."""
    counts: View = view.get("counts") or view
    verdict: View = view.get("verdict") or {}
    history = view.get("history") or ()
    last: View = history[-1] if history else {}
    return BatchFacts(
        batch_id=str(view["batch_id"]),
        game_date=str(view["game_date"]),
        status=str(view["status"]),
        kind=str(view.get("kind") or "regeneration"),
        round=view.get("round") or 1,
        requested=counts.get("requested") if counts.get("requested") is not None else view.get("requested_players"),
        produced=counts.get("produced"),
        skipped=counts.get("skipped"),
        failed=counts.get("failed"),
        pending=len(view["pending"]) if "pending" in view else None,
        superseded=counts.get("superseded"),
        inserted=counts.get("inserted"),
        withdrawn=counts.get("withdrawn"),
        kept=counts.get("kept"),
        coverage_pct=view.get("coverage_pct"),
        error=view.get("error"),
        promoted_rounds=tuple(view.get("promoted_rounds") or ()),
        failed_checks=forbidding(verdict),
        waivers=waivers(verdict),
        last_why=str(last.get("why") or ""),
        last_by=asked_by(last["by"], last.get("on_behalf_of")) if last.get("by") else None,
        withdrawals=view.get("withdrawals") or {},
        withdrawal=view.get("withdrawal"),
    )
