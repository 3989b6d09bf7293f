"""The ports over the operator's own means: the coordinator's address and key, the rights to read BigQuery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from msgspec import Struct

from regen.api.alerts import Alert
from regen.api.backfills import Backfill, ListedBackfill
from regen.api.batches import ListedBatch, Waiting, WholeBatch
from regen.api.forms import Form
from regen.api.halts import HaltView
from regen.api.health import Ready
from regen.api.moves import Moves
from regen.client.answers import Received, received
from regen.client.coordinator import Coordinator
from regen.client.drifting import zone_drift_rows
from regen.client.moves import MAIN_SYSTEM
from regen.client.quality import newest
from regen.client.reader import Reader
from regen.client.slates import slate_rows
from regen.console.ports import Order, Row
from regen.domain.invariants import Finding
from regen.domain.values import replace

T = TypeVar("T")

PATIENCE_SECONDS = 20.0
"""A page waits so long for one answer; the command line has more time."""


class CoordinatorRecords(Struct, frozen=True):
    """The coordinator's records: no method sends anything but a question."""

    coordinator: Coordinator

    @classmethod
    def of(cls, coordinator: Coordinator) -> CoordinatorRecords:
        """Without repeats: a page says at once that the coordinator is away, and the next look asks again."""
        return cls(replace(coordinator, pauses=(), patience=0.0, timeout=PATIENCE_SECONDS))

    def batches(self, first: str | None = None, last: str | None = None) -> list[ListedBatch]:
        """As in the port."""
        return [one.value for one in self.coordinator.batches(first=first, last=last)]

    def on_date(self, game_date: str) -> tuple[list[ListedBatch], list[Waiting]]:
        """As in the port."""
        return self.coordinator.on_date(game_date)

    def batch(self, batch_id: str) -> WholeBatch:
        """As in the port."""
        return self.coordinator.batch(batch_id).value

    def moves(self, batch_id: str) -> Received[Moves]:
        """As in the port."""
        return self.coordinator.moves(batch_id)

    def backfills(self, cursor: str | None) -> tuple[list[ListedBackfill], str | None]:
        """As in the port."""
        found, following = self.coordinator.backfills(cursor)
        return [one.value for one in found], following

    def backfill(self, backfill_id: str) -> Backfill:
        """As in the port."""
        return self.coordinator.backfill(backfill_id).value

    def ready(self) -> Ready:
        """As in the port."""
        return self.coordinator.ready().value

    def alerts(self) -> list[Alert]:
        """As in the port."""
        return [one.value for one in self.coordinator.alerts(50)]

    def halt(self) -> HaltView:
        """As in the port."""
        return self.coordinator.halt()

    def findings(self, first: str, last: str) -> list[Finding]:
        """As in the port."""
        return self.coordinator.findings({"from": first, "to": last})


class CoordinatorOrders(Struct, frozen=True):
    """The coordinator's routes that act."""

    coordinator: Coordinator

    def preview(self, form: Form[T], order: Order) -> T:
        """As in the port."""
        said = self.coordinator.post(order.path, {**order.body, "dry_run": True})
        return received(form, said, f"POST {order.path}").value

    def give(self, order: Order, key: str) -> Mapping[str, object]:
        """As in the port."""
        return self.coordinator.post_keyed(order.path, order.body, key)


class WarehouseTables(Struct, frozen=True):
    """BigQuery through the statements that only read."""

    reader: Reader

    def dates(self, first: date, last: date) -> list[Row]:
        """As in the port."""
        return self._run("board_dates", first=first, last=last)

    def coverage(self, game_date: date) -> list[Row]:
        """As in the port."""
        return self._run("coverage", first=game_date, last=game_date)

    def slate(self, game_date: date) -> list[Row]:
        """As in the port."""
        return list(slate_rows(self.reader, game_date))

    def current(self, game_date: date) -> list[Row]:
        """As in the port."""
        return self._run("show", game_date=game_date, player="", system=MAIN_SYSTEM)

    def audit(self, game_date: date, batch_id: str = "") -> list[Row]:
        """As in the port."""
        return self._run("audit", batch_id=batch_id, day=game_date)

    def awaited(self, first: date, last: date, *, every: bool) -> list[Row]:
        """As in the port."""
        return self._run("bdb_list", first=first, last=last, status="", every=every)

    def zones(self, first: date, last: date) -> list[Row]:
        """As in the port."""
        return list(zone_drift_rows(self.reader, first, last))

    def accuracy(self, first: date, last: date) -> list[Row]:
        """As in the port."""
        return self._run("accuracy", first=first, last=last)

    def quality(self, until: date) -> list[Row]:
        """As in the port."""
        return list(newest(self.reader, until))

    def player(self, player: str, first: date, last: date) -> list[Row]:
        """As in the port."""
        return self._run("player_generations", player=player, first=first, last=last)

    def _run(self, name: str, **values: Any) -> list[Row]:  # noqa: ANN401
        return list(self.reader.run(name, **values))
