"""How far predictions were off before and after their batches, once the games are played."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from regen.client.moves import MAIN_SYSTEM
from regen.client.reading import Reader


def before_and_after(
    reader: Reader, batch_ids: Sequence[str], first: date, last: date, system: str = MAIN_SYSTEM
) -> dict[str, dict[str, Any]]:
    """By date: how many players, how many of them had a prediction before, and the mean absolute errors."""
    from regen.sql.render import source  # noqa: PLC0415

    if not batch_ids:
        return {}
    rows = reader.query(source("diff_accuracy"), batches=",".join(batch_ids), first=first, last=last, system=system)
    return {row["game_date"]: row for row in rows}
