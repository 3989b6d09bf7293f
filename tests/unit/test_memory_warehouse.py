"""What only the memory can show: that it would notice a superseded row being changed, and that it is safe for threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from regen.adapters.memory.promoting import Row, promoted
from regen.adapters.memory.warehouse import MemoryWarehouse, SupersededRowChanged
from regen.domain.errors import FenceLost, StagingMissing
from regen.domain.promotion import Promotion, PromotionCounts, StagedRow
from regen.domain.slate_reading import SlateReading
from support.warehouse_rows import everyone, fence, promotion, staging
from support.warehouses import DAY


def promote(warehouse: MemoryWarehouse, batch: str, token: int) -> None:
    count = warehouse.stage(staging(batch, token), everyone(batch, ["p", "q"]))
    warehouse.raise_fence(fence(batch, token))
    warehouse.promote(promotion(batch, token, count))


def test_a_change_of_a_superseded_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I-03."""
    warehouse = MemoryWarehouse()
    promote(warehouse, "b1", 1)
    promote(warehouse, "b2", 2)

    def careless(rows: Sequence[Row], staged: Sequence[StagedRow], act: Promotion) -> tuple[list[Row], PromotionCounts]:
        after, counts = promoted(rows, staged, act)
        return [{**after[0], "superseded": None}, *after[1:]], counts

    monkeypatch.setattr("regen.adapters.memory.warehouse.promoted", careless)
    before = warehouse.predictions(DAY)
    with pytest.raises(SupersededRowChanged):
        promote(warehouse, "b3", 3)
    assert warehouse.predictions(DAY) == before


def test_one_of_many_simultaneous_owners_promotes() -> None:
    warehouse = MemoryWarehouse()
    for token in range(1, 9):
        warehouse.stage(staging("b1", token), everyone("b1", ["p", "q"]))

    def own(token: int) -> bool:
        try:
            warehouse.raise_fence(fence("b1", token))
            warehouse.promote(promotion("b1", token, 4))
        except FenceLost:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(own, range(1, 9))) == 1
    assert len(warehouse.predictions(DAY)) == 4
    assert len(warehouse.audit()) == 1


def test_staging_expires_by_itself() -> None:
    now = [datetime(2026, 2, 1, tzinfo=UTC)]
    warehouse = MemoryWarehouse(lambda: now[0])
    warehouse.stage(staging("b1", 1), everyone("b1", ["p"]))
    now[0] += timedelta(hours=25)
    assert warehouse.staging_tables() == []
    warehouse.raise_fence(fence("b1", 1))
    with pytest.raises(StagingMissing):
        warehouse.promote(promotion("b1", 1, 2))


def test_slate_returns_what_was_put_in() -> None:
    warehouse = MemoryWarehouse()
    reading = SlateReading(date(2026, 1, 20), (), "snapshot", None)
    warehouse.seed_slate(reading)
    assert warehouse.read_slate(date(2026, 1, 20)) is reading
    assert warehouse.submitted == 1
    assert warehouse.fence(DAY) is None
