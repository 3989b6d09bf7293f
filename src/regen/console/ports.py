"""What the console is given. Pages get the two ports that read; only the pages of acts get the one that gives orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

View = Mapping[str, Any]


class Records(Protocol):
    """The coordinator's records, to read. Each call is one request.

    Raises:
        Problem: the coordinator refuses.
        Unreachable: it does not answer.
    """

    def batches(self, first: str | None = None, last: str | None = None) -> list[View]:
        """The newest batches, at most 200: of all dates, or of a range."""
        ...

    def on_date(self, game_date: str) -> tuple[list[View], list[View]]:
        """The batches of a date, newest first, and the triggers that wait on it."""
        ...

    def batch(self, batch_id: str) -> View:
        """A batch in full."""
        ...

    def moves(self, batch_id: str) -> View:
        """What a batch would move, or moved."""
        ...

    def backfills(self, cursor: str | None) -> tuple[list[View], str | None]:
        """A page of backfills, newest first, and the cursor of the next one."""
        ...

    def backfill(self, backfill_id: str) -> View:
        """A backfill, date by date."""
        ...

    def ready(self) -> View:
        """The signs of life."""
        ...

    def alerts(self) -> list[View]:
        """The newest alerts."""
        ...

    def halt(self) -> View:
        """Whether the platform opens batches."""
        ...

    def findings(self, first: str, last: str) -> list[View]:
        """What each invariant of the tables finds over a range of dates."""
        ...


class Tables(Protocol):
    """The warehouse, to read. Each call is one query job.

    Raises:
        WarehouseFailed: BigQuery says no, or does not answer.
    """

    def dates(self, first: date, last: date) -> list[View]:
        """Each date with a slate: coverage, current rows by tier, games awaited."""
        ...

    def coverage(self, game_date: date) -> list[View]:
        """Coverage of a date with the names of the missing players; empty without a slate."""
        ...

    def slate(self, game_date: date) -> list[View]:
        """Everybody on a date's slate, with his standing and the reason."""
        ...

    def current(self, game_date: date) -> list[View]:
        """The current predictions of a date, of the main system."""
        ...

    def audit(self, game_date: date, batch_id: str = "") -> list[View]:
        """The acts on a date or of a batch, in order of time."""
        ...

    def awaited(self, first: date, last: date, *, every: bool) -> list[View]:
        """The games whose late data is awaited; with `every`, those that are over, too."""
        ...

    def accuracy(self, first: date, last: date) -> list[View]:
        """Errors of the graded current predictions by date and system."""
        ...

    def quality(self, until: date) -> list[View]:
        """The newest figures of live quality up to a date, by system and window."""
        ...

    def player(self, player: str, first: date, last: date) -> list[View]:
        """Every generation of a player's predictions, with what he scored."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the coordinator takes it.

    Attributes:
        path: of the route.
        body: without `dry_run`.
    """

    path: str
    body: Mapping[str, Any]


class Orders(Protocol):
    """The coordinator's routes that act. It keeps the rules, the refusals and the audit.

    Raises:
        Problem: the coordinator refuses.
        Unreachable: it does not answer.
    """

    def preview(self, order: Order) -> View:
        """What an order would do; nothing is written."""
        ...

    def give(self, order: Order, key: str) -> View:
        """Give an order under an idempotency key: given twice, it is carried out once."""
        ...
