"""What is known of a batch, for the sentences about it: its record, or its view, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from regen.domain.batch import Batch
from regen.domain.checks import CHECKS
from regen.domain.checks.waivers import FailedCheck, failed_checks
from regen.domain.persons import asked_by

_NAMED = {check.name: check for check in CHECKS}


class Waiver(Struct, frozen=True):
    """A failed check that an operator accepted; who, when and why are None in records of earlier versions."""

    check: FailedCheck
    by: str | None = None
    at: str | None = None
    reason: str | None = None
    on_behalf_of: str | None = None


class BatchFacts(Struct, frozen=True, kw_only=True):
    """What the sentences are made from.

    Attributes:
        pending: players without an outcome; None if that is not known.
        failed_checks: those that forbid the promotion; `waivers` those that were accepted.
        last_why: the reason of the last step of its history; `last_by` the caller who gave the order, if one did, with the
            person behind it.
        withdrawals: rows and players that a promotion withdraws, by reason.
        withdrawal: the reason of a batch that only withdraws, by an operator's order.
    """

    batch_id: str
    game_date: str
    status: str
    kind: str = "regeneration"
    round: int = 1
    requested: int | None = None
    produced: int | None = None
    skipped: int | None = None
    failed: int | None = None
    pending: int | None = None
    superseded: int | None = None
    inserted: int | None = None
    withdrawn: int | None = None
    kept: int | None = None
    coverage_pct: float | None = None
    error: str | None = None
    promoted_rounds: tuple[int, ...] = ()
    failed_checks: tuple[FailedCheck, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    last_why: str = ""
    last_by: str | None = None
    withdrawals: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    withdrawal: str | None = None

    @property
    def lacking(self) -> int:
        """How many requested players ended without predictions."""
        return (self.skipped or 0) + (self.failed or 0)


def facts_of(batch: Batch) -> BatchFacts:
    """The facts of a batch's record."""
    verdict = batch.verdict or {}
    counts, last = batch.counts, batch.history[-1] if batch.history else None
    return BatchFacts(
        batch_id=batch.batch_id,
        game_date=batch.game_date.isoformat(),
        status=batch.status.value,
        kind=batch.kind.value,
        round=batch.round,
        requested=batch.requested_players,
        produced=counts.produced,
        skipped=counts.skipped,
        failed=counts.failed,
        superseded=counts.superseded,
        inserted=counts.inserted,
        withdrawn=counts.withdrawn,
        kept=counts.kept,
        coverage_pct=next((c["value"] for c in verdict.get("checks", ()) if c["name"] == "coverage"), None),
        error=batch.error,
        promoted_rounds=batch.promoted_rounds,
        failed_checks=forbidding(verdict),
        waivers=waivers(verdict),
        last_why=last.why if last else "",
        last_by=asked_by(last.by, last.on_behalf_of) if last and last.by else None,
        withdrawals=verdict.get("withdrawals") or {},
        withdrawal=batch.withdrawal,
    )


def forbidding(verdict: Mapping[str, Any]) -> tuple[FailedCheck, ...]:
    """The failed checks of a verdict that forbid the promotion."""
    named = verdict.get("failed") or ()
    return tuple(check for name, check in failed_checks(verdict).items() if name in named)


def waivers(verdict: Mapping[str, Any]) -> tuple[Waiver, ...]:
    """The failed checks of a verdict that were accepted."""
    accepted = set(verdict.get("accepted") or ()) - set(verdict.get("failed") or ())
    act = verdict.get("waived") or {}
    return tuple(
        Waiver(check, act.get("by"), act.get("at"), act.get("reason"), act.get("on_behalf_of"))
        for name, check in failed_checks(verdict).items()
        if name in accepted
    )


def to_do(name: str) -> str:
    """What to do when a check fails, as its declaration says; empty if there is no such check."""
    said = _NAMED[name].said if name in _NAMED else None
    return said[1] if said else ""


def measured(check: FailedCheck) -> str:
    """A failed check with its value and limit, in words."""
    declared = _NAMED.get(check.name)
    if check.value is None or check.limit is None or (declared is not None and declared.setting is None):
        return f"{check.name} failed" + (f" ({', '.join(check.concerns[:3])})" if check.concerns else "")
    unit = " %" if declared and (declared.setting or "").endswith("_pct") else ""
    side = "over" if check.value > check.limit else "under"
    return f"{check.name} is {number(check.value)}{unit}, {side} its limit of {number(check.limit)}{unit}"


def waived(waiver: Waiver) -> str:
    """An accepted check, with who accepted it, when and why."""
    said = f"waived: {measured(waiver.check)}"
    if waiver.by:
        said += f"; by {asked_by(waiver.by, waiver.on_behalf_of)}"
    if waiver.at:
        said += f" at {waiver.at[:19].replace('T', ' ')} UTC"
    return f"{said}: {waiver.reason}" if waiver.reason else said


def number(value: float) -> str:
    """A number as a person reads it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
