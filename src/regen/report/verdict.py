"""The head of a page: what became of each batch, what it left as it was, what failed, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence

from regen.api.batches import WholeBatch
from regen.client.standing import facts_of
from regen.domain.batch_facts import BatchFacts, number, to_do, waived
from regen.domain.next_steps import next_commands
from regen.domain.summary import sentence, standing
from regen.report.tables import table_html
from regen.report.texts import escape

MOST = 7
"""Number of batches that are described in full; of a longer backfill, only those that were not promoted."""
BAD = frozenset({"rejected", "held", "failed", "cancelled", "unreadable"})


def verdict(views: Sequence[WholeBatch]) -> str:
    """The section; empty if there is no batch."""
    found = in_full(views)
    parts = "".join(_described(facts_of(view), alone=len(views) == 1) for view in found)
    if len(found) < len(views):
        parts = f"<p>{len(views) - len(found)} of {len(views)} batches were promoted or are under way.</p>{parts}"
    return parts


def in_full(views: Sequence[WholeBatch]) -> Sequence[WholeBatch]:
    """The batches that a page describes in full: all, or of many those that were not promoted."""
    return views if len(views) <= MOST else [view for view in views if view.status in BAD]


def _described(facts: BatchFacts, *, alone: bool) -> str:
    name = "" if alone else f"<h3>{escape(facts.game_date)}: {escape(facts.batch_id)}</h3>"
    lines = [sentence(facts), standing(facts), *map(waived, facts.waivers)]
    said = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return f"{name}{said}{_failed(facts)}{_next(facts)}"


def _failed(facts: BatchFacts) -> str:
    rows = [
        (check.name, _measure(check.value), _measure(check.limit), ", ".join(check.concerns[:5]), to_do(check.name))
        for check in facts.failed_checks
    ]
    heads = ("failed check", "value", "limit", "concerns", "what to do")
    return table_html(heads, rows, "Failed checks", cards=True) if rows else ""


def _measure(value: float | None) -> str | None:
    return None if value is None else number(value)


def _next(facts: BatchFacts) -> str:
    commands = next_commands(facts)
    named = "".join(f"<li><code>{escape(command)}</code></li>" for command in commands)
    return f"<p>Next:</p><ul>{named}</ul>"
