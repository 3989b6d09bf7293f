"""The ports over the operator's own means: the coordinator's address and key, the rights to read BigQuery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from regen.client.http import Coordinator
from regen.client.moves import MAIN_SYSTEM
from regen.client.quality import newest
from regen.client.reader import Reader
from regen.client.slates import slate_rows
from regen.console.ports import Order, View

PATIENCE_SECONDS = 20.0
"""A page waits so long for one answer; the command line has more time."""


@dataclass(frozen=True, slots=True)
class CoordinatorRecords:
    """The coordinator's records: no method sends anything but a question."""

    coordinator: Coordinator

    @classmethod
    def of(cls, coordinator: Coordinator) -> CoordinatorRecords:
        """Without repeats: a page says at once that the coordinator is away, and the next look asks again."""
        return cls(replace(coordinator, pauses=(), patience=0.0, timeout=PATIENCE_SECONDS))

    def batches(self, first: str | None = None, last: str | None = None) -> list[View]:
        """As in the port."""
        return list(self.coordinator.batches(first=first, last=last))

    def on_date(self, game_date: str) -> tuple[list[View], list[View]]:
        """As in the port."""
        batches, waiting = self.coordinator.on_date(game_date)
        return list(batches), list(waiting)

    def batch(self, batch_id: str) -> View:
        """As in the port."""
        return self.coordinator.batch(batch_id)

    def moves(self, batch_id: str) -> View:
        """As in the port."""
        return self.coordinator.moves(batch_id)

    def backfills(self, cursor: str | None) -> tuple[list[View], str | None]:
        """As in the port."""
        found, following = self.coordinator.backfills(cursor)
        return list(found), following

    def backfill(self, backfill_id: str) -> View:
        """As in the port."""
        return self.coordinator.get(f"/backfills/{backfill_id}")

    def ready(self) -> View:
        """As in the port."""
        return self.coordinator.get("/ready")

    def alerts(self) -> list[View]:
        """As in the port."""
        return list(self.coordinator.get("/alerts", limit="50")["alerts"])

    def halt(self) -> View:
        """As in the port."""
        return self.coordinator.get("/halt")

    def findings(self, first: str, last: str) -> list[View]:
        """As in the port."""
        found: list[View] = self.coordinator.post("/checks", {"from": first, "to": last})["findings"]
        return found


@dataclass(frozen=True, slots=True)
class CoordinatorOrders:
    """The coordinator's routes that act."""

    coordinator: Coordinator

    def preview(self, order: Order) -> View:
        """As in the port."""
        return self.coordinator.post(order.path, {**order.body, "dry_run": True})

    def give(self, order: Order, key: str) -> View:
        """As in the port."""
        return self.coordinator.post_keyed(order.path, order.body, key)


@dataclass(frozen=True, slots=True)
class WarehouseTables:
    """BigQuery through the statements that only read."""

    reader: Reader

    def dates(self, first: date, last: date) -> list[View]:
        """As in the port."""
        return self._run("board_dates", first=first, last=last)

    def coverage(self, game_date: date) -> list[View]:
        """As in the port."""
        return self._run("coverage", first=game_date, last=game_date)

    def slate(self, game_date: date) -> list[View]:
        """As in the port."""
        return list(slate_rows(self.reader, game_date))

    def current(self, game_date: date) -> list[View]:
        """As in the port."""
        return self._run("show", game_date=game_date, player="", system=MAIN_SYSTEM)

    def audit(self, game_date: date, batch_id: str = "") -> list[View]:
        """As in the port."""
        return self._run("audit", batch_id=batch_id, day=game_date)

    def awaited(self, first: date, last: date, *, every: bool) -> list[View]:
        """As in the port."""
        return self._run("bdb_list", first=first, last=last, status="", every=every)

    def accuracy(self, first: date, last: date) -> list[View]:
        """As in the port."""
        return self._run("accuracy", first=first, last=last)

    def quality(self, until: date) -> list[View]:
        """As in the port."""
        return list(newest(self.reader, until))

    def player(self, player: str, first: date, last: date) -> list[View]:
        """As in the port."""
        return self._run("player_generations", player=player, first=first, last=last)

    def _run(self, name: str, **values: Any) -> list[View]:  # noqa: ANN401
        return list(self.reader.run(name, **values))
