"""A backfill in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from regen.client.reader import Record
from regen.domain.words import counted

if TYPE_CHECKING:  # the command line starts without the structs
    from regen.api.backfills import Backfill, ListedBackfill

SHORT = frozenset({"rejected", "held", "failed", "cancelled"})


def backfill_sentence(view: Backfill | ListedBackfill, errors: Mapping[str, Record] | None = None) -> str:
    """How a backfill stands, with the rows that it changed.

    Args:
        errors: by date, mean absolute errors before and after, where games are played.
    """
    from regen.domain.summary import range_sentence  # noqa: PLC0415 - the command line starts without the checks

    text = range_sentence(view.backfill_id, view.status, view.dates)
    pairs = [(e["pairs"], e["mae_before"], e["mae_after"]) for e in (errors or {}).values() if e["pairs"]]
    if number := sum(n for n, _, _ in pairs):
        before = sum(n * b for n, b, _ in pairs) / number
        after = sum(n * a for n, _, a in pairs) / number
        text += f"; MAE {before:.3f} before, {after:.3f} after, over {counted(number, 'player')}"
    return text
