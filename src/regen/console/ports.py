"""What the console is given. Pages get the two ports that read; only the pages of acts get the one that gives orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from regen.api.alerts import Alert
from regen.api.backfills import Backfill, ListedBackfill
from regen.api.batches import ListedBatch, Waiting, WholeBatch
from regen.api.forms import Form
from regen.api.halts import HaltView
from regen.api.health import Ready
from regen.api.moves import Moves
from regen.client.answers import Received
from regen.domain.invariants import Finding

T = TypeVar("T")
Row = Mapping[str, Any]
"""A row of the tables."""


class Records(Protocol):
    """The coordinator's records, to read. Each call is one request.

    Raises:
        Problem: the coordinator refuses.
        Unreachable: it does not answer.
    """

    def batches(self, first: str | None = None, last: str | None = None) -> list[ListedBatch]:
        """The newest batches, at most 200: of all dates, or of a range."""
        ...

    def on_date(self, game_date: str) -> tuple[list[ListedBatch], list[Waiting]]:
        """The batches of a date, newest first, and the triggers that wait on it."""
        ...

    def batch(self, batch_id: str) -> WholeBatch:
        """A batch in full."""
        ...

    def moves(self, batch_id: str) -> Received[Moves]:
        """What a batch would move, or moved."""
        ...

    def backfills(self, cursor: str | None) -> tuple[list[ListedBackfill], str | None]:
        """A page of backfills, newest first, and the cursor of the next one."""
        ...

    def backfill(self, backfill_id: str) -> Backfill:
        """A backfill, date by date."""
        ...

    def ready(self) -> Ready:
        """The signs of life."""
        ...

    def alerts(self) -> list[Alert]:
        """The newest alerts."""
        ...

    def halt(self) -> HaltView:
        """Whether the platform opens batches."""
        ...

    def findings(self, first: str, last: str) -> list[Finding]:
        """What each invariant of the tables finds over a range of dates."""
        ...


class Tables(Protocol):
    """The warehouse, to read. Each call is one query job.

    Raises:
        WarehouseFailed: BigQuery says no, or does not answer.
    """

    def dates(self, first: date, last: date) -> list[Row]:
        """Each date with a slate: coverage, current rows by tier, games awaited."""
        ...

    def coverage(self, game_date: date) -> list[Row]:
        """Coverage of a date with the names of the missing players; empty without a slate."""
        ...

    def slate(self, game_date: date) -> list[Row]:
        """Everybody on a date's slate, with his standing and the reason."""
        ...

    def current(self, game_date: date) -> list[Row]:
        """The current predictions of a date, of the main system."""
        ...

    def audit(self, game_date: date, batch_id: str = "") -> list[Row]:
        """The acts on a date or of a batch, in order of time."""
        ...

    def awaited(self, first: date, last: date, *, every: bool) -> list[Row]:
        """The games whose late data is awaited; with `every`, those that are over, too."""
        ...

    def zones(self, first: date, last: date) -> list[Row]:
        """Each date whose current predictions rest on other shot zones than the feature store has, the newest first."""
        ...

    def accuracy(self, first: date, last: date) -> list[Row]:
        """Errors of the graded current predictions by date and system."""
        ...

    def quality(self, until: date) -> list[Row]:
        """The newest figures of live quality up to a date, by system and window."""
        ...

    def player(self, player: str, first: date, last: date) -> list[Row]:
        """Every generation of a player's predictions, with what he scored."""
        ...


class Order(Struct, frozen=True):
    """An order as the coordinator takes it.

    Attributes:
        path: of the route.
        body: without `dry_run`.
    """

    path: str
    body: Mapping[str, object]


class Orders(Protocol):
    """The coordinator's routes that act. It keeps the rules, the refusals and the audit.

    Raises:
        Problem: the coordinator refuses.
        Unreachable: it does not answer.
    """

    def preview(self, form: Form[T], order: Order) -> T:
        """What an order would do; nothing is written."""
        ...

    def give(self, order: Order, key: str) -> Mapping[str, object]:
        """Give an order under an idempotency key: given twice, it is carried out once."""
        ...
