"""A model of BigQuery's documented concurrency: which transactions and statements may change a table at the same time.

Sources: `transactions#transaction_concurrency` and `data-manipulation-language#concurrent_jobs`,
`#dml_statement_conflicts` under https://cloud.google.com/bigquery/docs/. The rules, shortened:

- A transaction reads one snapshot of all tables, taken when it begins; its own changes are visible to itself.
- When a transaction mutates (updates or deletes) rows of a table, no other transaction or DML statement that mutates rows
  of the same table runs concurrently. Conflicting transactions are cancelled. Conflicting statements outside of
  a transaction are queued to run later.
- Of the mutating statements outside of transactions, two run on a table at once and twenty wait; any further one fails.
- If two of them run at once and mutate the same partition, they conflict; BigQuery runs the later one again, up to three
  times.
- An INSERT conflicts with nothing, and neither does a MERGE whose UPDATE and DELETE clauses were not invoked.

Where the documents are silent, the model takes the case that is worse for the caller. An UPDATE that changes no row mutates
nothing, so it conflicts with nothing. If a transaction conflicts with a running statement, the transaction is cancelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from regen.domain.errors import Conflict, Unavailable

RUNNING = 2
WAITING = 20
AGAIN = 3


class Cancelled(Conflict):
    """A transaction conflicted with another change of the same table, or every run of a statement did."""


class TooManyStatements(Unavailable):
    """Two mutating statements run on the table and twenty wait."""


@dataclass
class _Table:
    """The concurrency state of one table.

    Attributes:
        holder: the running transaction that has mutated it.
        changed: tick of the last mutation, by partition.
        running: statements outside of transactions that are running.
        waiting: statements that wait, in order of arrival.
    """

    holder: Transaction | None = None
    changed: dict[Hashable, int] = field(default_factory=dict)
    running: list[Statement] = field(default_factory=list)
    waiting: list[Statement] = field(default_factory=list)


class Concurrency:
    """The tables of one warehouse; ticks count beginnings and commits."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = defaultdict(_Table)
        self._ticks = 0

    def begin(self) -> Transaction:
        """BEGIN TRANSACTION."""
        return Transaction(self)

    def statement(self, table: str) -> Statement:
        """Submit a mutating statement outside of a transaction; it waits until `runs` is true.

        Raises:
            TooManyStatements: the table's queue is full.
        """
        known = self.at(table)
        made = Statement(self, table)
        if len(known.waiting) >= WAITING:
            raise TooManyStatements(
                f"Resources exceeded: Too many DML statements outstanding against table {table}, limit is {WAITING}"
            )
        known.waiting.append(made)
        return made

    def at(self, table: str) -> _Table:
        """The state of a table."""
        return self._tables[table]

    def tick(self) -> int:
        """Advance the tick, and return it."""
        self._ticks += 1
        return self._ticks


class Transaction:
    """A multi-statement transaction."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._begun = concurrency.tick()
        self._mutated: dict[str, set[Hashable]] = defaultdict(set)

    def mutates(self, table: str, partitions: Iterable[Hashable]) -> None:
        """Record that rows of the table are updated or deleted.

        Raises:
            Cancelled: another transaction has mutated the table since this one began, or another change of it runs.
        """
        known = self._concurrency.at(table)
        later = any(tick > self._begun for tick in known.changed.values())
        if later or known.running or known.holder not in {None, self}:
            self.end()
            raise Cancelled(f"Transaction is aborted due to concurrent update against table {table}")
        known.holder = self
        self._mutated[table].update(partitions)

    def commit(self) -> None:
        """COMMIT TRANSACTION: the changes become visible to others."""
        now = self._concurrency.tick()
        for table, partitions in self._mutated.items():
            self._concurrency.at(table).changed.update(dict.fromkeys(partitions, now))
        self.end()

    def end(self) -> None:
        """End the transaction, committed or not."""
        for table in self._mutated:
            known = self._concurrency.at(table)
            if known.holder is self:
                known.holder = None
        self._mutated.clear()


class Statement:
    """A mutating statement outside of a transaction."""

    def __init__(self, concurrency: Concurrency, table: str) -> None:
        self._concurrency = concurrency
        self._table = table
        self._begun = 0
        self._runs_left = AGAIN

    def runs(self) -> bool:
        """Whether the statement may run; it reads the table as of the first time that this is true."""
        known = self._concurrency.at(self._table)
        if known.holder is not None or known.waiting[0] is not self or len(known.running) >= RUNNING:
            return False
        known.waiting.pop(0)
        known.running.append(self)
        self._begun = self._concurrency.tick()
        return True

    def commit(self, partitions: Iterable[Hashable]) -> bool:
        """End the statement, which mutated these partitions.

        Returns:
            Whether it took effect; False if another change came first, and it must run again.

        Raises:
            Cancelled: another change came first in every run.
        """
        known = self._concurrency.at(self._table)
        mutated = set(partitions)
        known.running.remove(self)
        if any(known.changed.get(partition, 0) > self._begun for partition in mutated):
            if not self._runs_left:
                raise Cancelled(f"Could not serialize access to table {self._table} due to concurrent update")
            self._runs_left -= 1
            known.waiting.insert(0, self)
            return False
        known.changed.update(dict.fromkeys(mutated, self._concurrency.tick()))
        return True

    def abandon(self) -> None:
        """End a statement that has failed."""
        known = self._concurrency.at(self._table)
        for where in (known.running, known.waiting):
            if self in where:
                where.remove(self)
