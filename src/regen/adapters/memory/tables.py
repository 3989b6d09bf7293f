"""Tables in memory: rows that are never changed in place, transactions over a snapshot of them, steps that others come between."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, TypeVar

from regen.adapters.memory.concurrency import Concurrency

T = TypeVar("T")
Rows = tuple[Any, ...]
Table = dict[Any, Rows]
"""Rows by partition, or by whatever finds them quickly."""
Steps = Generator[None, None, T]
"""An act; wherever it yields, others may come in between."""
NAMES = (
    "player_prop_predictions",
    "promotion_fence",
    "prediction_regeneration_audit",
    "prediction_worker_runs",
    "prediction_accuracy",
    "statement_locks",
)
PREDICTIONS, FENCES, AUDIT, RUNS, GRADES, LOCKS = NAMES
_PATIENCE = 10_000


class Tables:
    """The tables of a warehouse."""

    def __init__(self) -> None:
        self.rows: dict[str, Table] = {name: {} for name in NAMES}
        self.concurrency = Concurrency()

    def of(self, table: str, key: Hashable) -> Rows:
        """What is committed."""
        return self.rows[table].get(key, ())

    def insert(self, table: str, key: Hashable, rows: Sequence[Any]) -> None:
        """An INSERT outside of a transaction: it conflicts with nothing."""
        self.rows[table][key] = (*self.of(table, key), *rows)

    def update(self, table: str, key: Hashable, change: Callable[[Rows], Rows]) -> Steps[Rows]:
        """An UPDATE or DELETE outside of a transaction, of the rows under one key; those rows as it left them.

        Raises:
            TooManyStatements: the table's queue is full.
            Cancelled: others changed the same rows first, each time.
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
                    self.rows[table][key] = (*after, *self.of(table, key)[len(before) :])
                    return after
        finally:
            statement.abandon()


class Work:
    """A transaction at work: it sees the tables as they were when it began, and what it has changed itself."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._transaction = tables.concurrency.begin()
        self._seen = {name: dict(rows) for name, rows in tables.rows.items()}
        self._before: dict[tuple[str, Hashable], Rows] = {}
        self._mutated: set[tuple[str, Hashable]] = set()

    def of(self, table: str, key: Hashable) -> Rows:
        """The rows under a key."""
        return self._seen[table].get(key, ())

    def put(self, table: str, key: Hashable, after: Sequence[Any]) -> None:
        """The rows under a key from now on: those that were there, changed or not, in their order, then new ones.

        Raises:
            Cancelled: rows are changed or gone, and somebody else is at the table.
        """
        known = self.of(table, key)
        if len(after) < len(known) or any(old is not new for old, new in zip(known, after, strict=False)):
            self._transaction.mutates(table, {key})
            self._mutated.add((table, key))
        self._before.setdefault((table, key), known)
        self._seen[table][key] = tuple(after)

    def insert(self, table: str, key: Hashable, rows: Sequence[Any]) -> None:
        """New rows under a key."""
        self.put(table, key, (*self.of(table, key), *rows))

    def commit(self) -> None:
        """All of it at once. What others have inserted since stays: an INSERT conflicts with nothing."""
        for (table, key), before in self._before.items():
            mine, live = self._seen[table][key], self._tables.of(table, key)
            if (table, key) in self._mutated:
                self._tables.rows[table][key] = (*mine, *live[len(before) :])
            else:
                self._tables.rows[table][key] = (*live, *mine[len(before) :])
        self._transaction.commit()

    def end(self) -> None:
        """The transaction is over; what was not committed has not happened."""
        self._transaction.end()


def at_once(steps: Steps[T]) -> T:
    """Take all steps of an act, with nobody in between."""
    for _ in range(_PATIENCE):
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
    raise AssertionError("an act waits for one that will not end")
