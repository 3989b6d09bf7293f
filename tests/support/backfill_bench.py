"""A bench with a ledger and backfills, and crashes at any call of a port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.backfill import Backfill, Only
from regen.domain.values import replace
from regen.services.backfill import backfilling
from regen.services.backfill.backfilling import Wanted
from regen.services.backfill.changes import read_backfill
from regen.services.state.idempotency import IdempotencyKey
from regen.services.state.messages import ADVANCE
from support.bench import Bench
from support.league import DAY, players

DAYS = [DAY + timedelta(days=n) for n in range(5)]


class Crash(BaseException):
    """The process has died."""


class Crashing:
    """A port whose n-th call, counted over all ports that share the counter, kills the process."""

    def __init__(self, port: Any, counter: list[int], *, after: bool) -> None:
        self._port, self._counter, self._after = port, counter, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name.startswith("_") or name == "subscribe":
            return found
        return self._dying(found)

    def _dying(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            self._counter[0] -= 1
            if self._counter[0] == 0 and not self._after:
                raise Crash
            result = call(*args, **kwargs)
            if self._counter[0] == 0:
                raise Crash
            return result

        return run


class BackfillBench(Bench):
    """A bench with slates on all days but the third."""

    def __init__(self, *, days: list[date] | None = None, **numbers: Any) -> None:
        super().__init__(**numbers)
        self.ledger = MemoryLedger(self.warehouse)
        self.deps = replace(self.deps, ledger=self.ledger)
        for day in DAYS if days is None else days:
            if day != DAYS[2]:
                self.slate(players(6, day=day), day)

    def create(self, key: str | None = None, body: str = "", **what: Any) -> Backfill:
        fields: dict[str, Any] = {"first": DAYS[0], "last": DAYS[-1], "reason": "backfill", "caller": "api_key:one"}
        claimed = IdempotencyKey("/backfills one", key, body) if key else None
        return backfilling.create(self.deps, Wanted(**{**fields, **what}), claimed)

    def plan(self, only: Only) -> dict[date, str]:
        wanted = Wanted(DAYS[0], DAYS[-1], "backfill", "api_key:one", only=only)
        return {d.game_date: d.status.value for d in backfilling.plan(self.deps, wanted)}

    def backfill(self, backfill_id: str) -> Backfill:
        return read_backfill(self.deps, backfill_id)[0]

    def states(self, backfill_id: str) -> list[str]:
        return [d.status.value for d in self.backfill(backfill_id).dates]

    def under_way(self) -> int:
        return len(self.store.find("prediction_batches", [("live", "==", True)]))

    def _push(self, data: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
        if data.get("mode") == ADVANCE:
            backfilling.advance(self.deps, data["backfill_id"])
            return "advanced"
        return super()._push(data, attributes)

    def dying_at(self, call: int, *, after: bool) -> None:
        """Kill the process at the call of that number, counted from now; answer later calls."""
        counter = [call]
        self.counter = counter
        self.deps = replace(
            self.deps,
            store=Crashing(self.store, counter, after=after),
            queue=Crashing(self.queue, counter, after=after),
            warehouse=Crashing(self.warehouse, counter, after=after),
            ledger=Crashing(self.ledger, counter, after=after),
        )


def lose_the_next_opening(bench: BackfillBench) -> None:
    """Kill the opener of the next batch right after its first commit; the batch stays `created`."""
    store, deps = bench.store, bench.deps

    class Dying:
        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def commit(self, writes: list[object]) -> None:
            store.commit(writes)  # type: ignore[arg-type]
            if any(w.path.startswith("prediction_batches/") for w in writes):  # type: ignore[attr-defined]
                raise Crash

    bench.deps = replace(deps, store=Dying())  # type: ignore[arg-type]
    with pytest.raises(Crash):
        bench.drain()
    bench.deps = deps
    bench.clock.advance(100)
