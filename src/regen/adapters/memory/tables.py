"""Tables in memory: rows that are never changed in place, transactions over snapshots, and acts in interruptible steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, TypeVar

from regen.adapters.memory.concurrency import Concurrency

T = TypeVar("T")
Rows = tuple[Any, ...]
Table = dict[Any, Rows]
"""Rows by partition, or by another key for quick access."""
Steps = Generator[None, None, T]
"""An act in steps; wherever it yields, other acts may run."""
NAMES = (
    "player_prop_predictions",
    "promotion_fence",
    "prediction_regeneration_audit",
    "prediction_worker_runs",
    "prediction_accuracy",
    "statement_locks",
    "prediction_challengers",
)
PREDICTIONS, FENCES, AUDIT, RUNS, GRADES, LOCKS, CHALLENGERS = NAMES
_PATIENCE = 10_000


class Tables:
    """The tables of a warehouse."""

    def __init__(self) -> None:
        self.rows: dict[str, Table] = {name: {} for name in NAMES}
        self.concurrency = Concurrency()
        self.transactions: list[Work] = []

    def of(self, table: str, key: Hashable) -> Rows:
        """The committed rows under a key."""
        return self.rows[table].get(key, ())

    def put(self, table: str, key: Hashable, rows: Rows) -> None:
        """Replace the committed rows under a key; running transactions still see the old ones."""
        before = self.of(table, key)
        for work in self.transactions:
            work.snapshot.setdefault((table, key), before)
        self.rows[table][key] = rows

    def insert(self, table: str, key: Hashable, rows: Sequence[Any]) -> None:
        """Insert rows outside of a transaction, which conflicts with nothing."""
        self.put(table, key, (*self.of(table, key), *rows))

    def update(self, table: str, key: Hashable, change: Callable[[Rows], Rows]) -> Steps[Rows]:
        """Update or delete rows under one key outside of a transaction, and return the new rows.

        Raises:
            TooManyStatements: the table's queue is full.
            Cancelled: other changes of the same rows came first in every run.
        """
        statement = self.concurrency.statement(table)
        try:
            while True:
                while not statement.runs():
                    yield
                before = self.of(table, key)
                yield
                after = change(before)
                if statement.commit({key} if after != before else ()):
                    self.put(table, key, (*after, *self.of(table, key)[len(before) :]))
                    return after
        finally:
            statement.abandon()


class Work:
    """A running transaction: it sees the tables as of its beginning, and its own changes.

    Attributes:
        snapshot: the old rows, where others have changed them since the transaction began.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._transaction = tables.concurrency.begin()
        self.snapshot: dict[tuple[str, Hashable], Rows] = {}
        self._mine: dict[tuple[str, Hashable], Rows] = {}
        self._before: dict[tuple[str, Hashable], Rows] = {}
        self._mutated: set[tuple[str, Hashable]] = set()
        tables.transactions.append(self)

    def of(self, table: str, key: Hashable) -> Rows:
        """The rows under a key, as the transaction sees them."""
        for rows in (self._mine, self.snapshot):
            if (table, key) in rows:
                return rows[table, key]
        return self._tables.of(table, key)

    def put(self, table: str, key: Hashable, after: Sequence[Any]) -> None:
        """Set the rows under a key: the existing ones in their order, changed or not, then new ones.

        Raises:
            Cancelled: rows are changed or removed, and another transaction or statement is changing the table.
        """
        known = self.of(table, key)
        if len(after) < len(known) or any(old is not new for old, new in zip(known, after, strict=False)):
            self._transaction.mutates(table, {key})
            self._mutated.add((table, key))
        self._before.setdefault((table, key), known)
        self._mine[table, key] = tuple(after)

    def insert(self, table: str, key: Hashable, rows: Sequence[Any]) -> None:
        """Insert rows under a key."""
        self.put(table, key, (*self.of(table, key), *rows))

    def commit(self) -> None:
        """Commit all changes at once. Rows that others have inserted since are kept: an INSERT conflicts with nothing."""
        for (table, key), before in self._before.items():
            mine, live = self._mine[table, key], self._tables.of(table, key)
            mutated = (table, key) in self._mutated
            self._tables.put(table, key, (*mine, *live[len(before) :]) if mutated else (*live, *mine[len(before) :]))
        self._transaction.commit()
        self._forget()

    def end(self) -> None:
        """End the transaction; without a commit it has no effect."""
        self._transaction.end()
        self._forget()

    def _forget(self) -> None:
        if self in self._tables.transactions:
            self._tables.transactions.remove(self)


def at_once(steps: Steps[T]) -> T:
    """Run all steps of an act without interruption."""
    for _ in range(_PATIENCE):
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
    raise AssertionError("the act waits for another one that does not end")
