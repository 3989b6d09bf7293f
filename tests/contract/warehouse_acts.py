"""What the tests of both warehouses do and look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regen.domain.promotion import PromotionCounts, StagedRow
from support.warehouse_rows import SYSTEMS, fence, old, promotion, staging
from support.warehouses import DAY, Harness

PLAYERS = ("karlanthonytowns", "deaaronfox", "lukadoncic", "garypaytonii")
Promote = Callable[..., PromotionCounts]


@pytest.fixture
def promote(harness: Harness) -> Promote:
    def act(batch: str, token: int, rows: Sequence[StagedRow], *, round_: int = 1, **more: Any) -> PromotionCounts:
        count = harness.warehouse.stage(staging(batch, token, round_), rows)
        harness.warehouse.raise_fence(fence(batch, token, round_))
        return harness.warehouse.promote(promotion(batch, token, count, round_=round_, **more))

    return act


def seed(harness: Harness, players: Sequence[str] = PLAYERS) -> None:
    """The predecessor's rows: two lines for each system, superseded null or false."""
    rows = []
    for number, player in enumerate(players):
        superseded: dict[str, Any] = {} if number % 2 else {"superseded": False}
        rows += [old(player, system, line, **superseded) for system in SYSTEMS for line in (24.5, 25.0)]
    harness.seed(rows)


def current(harness: Harness) -> list[tuple[str, str, float | None, str | None]]:
    rows = harness.warehouse.current_predictions(DAY)
    return sorted(((r.player_lookup, r.system_id, r.line, r.batch_id) for r in rows), key=str)


def by_id(harness: Harness) -> dict[str, dict[str, Any]]:
    return {row["prediction_id"]: row for row in harness.predictions(DAY)}
