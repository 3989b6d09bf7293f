"""What to type next, once a batch is where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from regen.domain.batch import LIVE, Status
from regen.domain.batch_facts import BatchFacts, to_do
from regen.domain.checks import NEVER_ACCEPTED

_ORDER = re.compile(r"`regen (redrive|regenerate) (?:BATCH|DATE)`")


def next_commands(facts: BatchFacts) -> tuple[str, ...]:
    """The commands, the likeliest first; each can be typed as it stands, but for a reason."""
    if facts.status in LIVE:
        return (f"regen wait {facts.batch_id}",)
    after = AFTER.get(facts.status)
    return after(facts) if after else ("regen doctor",)


def _promoted(facts: BatchFacts) -> tuple[str, ...]:
    if facts.lacking:
        return (f"regen redrive {facts.batch_id} --wait",)
    return (f"regen diff {facts.batch_id}" if facts.superseded else f"regen show {facts.game_date}",)


def _rejected(facts: BatchFacts) -> tuple[str, ...]:
    """What the failed checks ask for; the waiver beside it, where an operator may give one."""
    said = [found for check in facts.failed_checks if (found := _ORDER.findall(to_do(check.name)))]
    words = {orders[-1] for orders in said}
    again = f"regen regenerate {facts.game_date} --wait"
    if "regenerate" not in words and (facts.lacking or "redrive" in words):
        again = f"regen redrive {facts.batch_id} --wait"
    names = [check.name for check in facts.failed_checks]
    if not names or NEVER_ACCEPTED.intersection(names):
        return (again,)
    waiver = f'regen promote {facts.batch_id} --check {",".join(names)} --reason "WHY" --dry-run'
    return (again, waiver)


def _held(facts: BatchFacts) -> tuple[str, ...]:
    return (f"regen diff {facts.batch_id}", f'regen promote {facts.batch_id} --reason "WHY" --wait')


def _cancelled(facts: BatchFacts) -> tuple[str, ...]:
    if facts.requested:
        return (f"regen redrive {facts.batch_id} --wait", f"regen regenerate {facts.game_date} --wait")
    return (f"regen regenerate {facts.game_date} --wait",)


def _failed(facts: BatchFacts) -> tuple[str, ...]:
    return (f"regen wait --date {facts.game_date}",)


def _rolled_back(facts: BatchFacts) -> tuple[str, ...]:
    return (f"regen show {facts.game_date}", f"regen regenerate {facts.game_date} --wait")


AFTER: Mapping[str, Callable[[BatchFacts], tuple[str, ...]]] = {
    Status.PROMOTED: _promoted,
    Status.REJECTED: _rejected,
    Status.HELD: _held,
    Status.CANCELLED: _cancelled,
    Status.FAILED: _failed,
    Status.ROLLED_BACK: _rolled_back,
}
