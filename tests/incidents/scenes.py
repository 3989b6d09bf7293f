"""What several incidents need: functions over a bench, faults at a port, and what is current."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from regen.adapters.memory.store import MemoryStore
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.errors import Unavailable
from regen.domain.promotion import Promotion, PromotionCounts
from regen.domain.values import replace
from regen.ports import Write
from regen.services.state.deps import Deps
from support.bench import Bench
from support.league import DAY, names, old_row
from support.wire import KEYED, PUSHED, TICKED, Functions, Reply, envelope

SYSTEMS = ("steady", "bold")
Row = Any


def seeded(bench: Bench, number: int = 8) -> list[Row]:
    """The bench's date with a current row of the predecessor for each player and system; those rows."""
    bench.warehouse.seed_predictions([old_row(p, s, 11.5) for p in names(number) for s in SYSTEMS])
    return bench.warehouse.predictions(DAY)


def current_rows(bench: Bench) -> list[Row]:
    """The rows that are current, whole."""
    return [row for row in bench.warehouse.predictions(DAY) if row.get("superseded") is not True]


def superseded_rows(bench: Bench) -> dict[str, Row]:
    """The rows that are not current any more, by id."""
    return {row["prediction_id"]: row for row in bench.warehouse.predictions(DAY) if row.get("superseded") is True}


def current_at(bench: Bench, moment: datetime) -> set[str]:
    """Ids of what was current at a moment, as `predictions_at` reads it."""
    return {
        row["prediction_id"]
        for row in bench.warehouse.predictions(DAY)
        if row["created_at"] <= moment and (row.get("superseded") is not True or row["superseded_at"] > moment)
    }


class Interrupted(MemoryWarehouse):
    """A warehouse that does something once, just before a promotion is carried out."""

    before_promotion: Callable[[], None] | None = None

    def promote(self, promotion: Promotion) -> PromotionCounts:
        act, self.before_promotion = self.before_promotion, None
        if act:
            act()
        return super().promote(promotion)


class FailingStore(MemoryStore):
    """A store whose next commits of a kind fail, without having happened."""

    fails: Callable[[Sequence[Write]], bool] | None = None
    times = 0

    def commit(self, writes: Sequence[Write]) -> None:
        if self.times and self.fails and self.fails(writes):
            self.times -= 1
            raise Unavailable("the store does not answer")
        super().commit(writes)


def with_warehouse(bench: Bench, warehouse: MemoryWarehouse) -> Bench:
    """The bench over another warehouse, with the same slate."""
    warehouse.seed_slate(bench.warehouse.read_slate(DAY))
    bench.warehouse = warehouse
    bench.deps = replace(bench.deps, warehouse=warehouse)
    return bench


def with_store(bench: Bench, store: FailingStore) -> FailingStore:
    """The bench over a store that can fail."""
    store.subscribe(bench._changed)
    bench.store = store
    bench.deps = replace(bench.deps, store=store)
    return store


class Http:
    """The three functions over HTTP, and the messages that come to them."""

    def __init__(self, deps: Deps) -> None:
        self._functions = Functions(deps)
        self._count = 0

    def key(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """A client with an API key calls the coordinator."""
        return self._functions.call("coordinator", method, path, {**KEYED, **headers}, body)

    def tick(self, service: str, path: str, body: bytes = b"{}", **headers: str) -> Reply:
        """The scheduler calls."""
        return self._functions.call(service, "POST", path, {**TICKED, **headers}, body)

    def push(self, service: str, path: str, data: bytes, *, message_id: str | None = None) -> Reply:
        """Pub/Sub delivers a message."""
        self._count += 1
        body = envelope(message_id or f"m{self._count}", data, {}, "subscription", 1)
        return self._functions.call(service, "POST", path, PUSHED, body)

    def raw(self, service: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """Anybody calls with anything."""
        return self._functions.call(service, method, path, headers, body)
