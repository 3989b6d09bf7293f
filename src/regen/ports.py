"""What the services need from the outside, as protocols. Adapters: `regen.adapters`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.backfill import DateSurvey
from regen.domain.bdb import BdbChange, BdbGame
from regen.domain.grading import Graded
from regen.domain.invariants import Finding
from regen.domain.promotion import (
    CurrentPrediction,
    FenceToken,
    Promotion,
    PromotionCounts,
    Rollback,
    StagedRow,
    StagingTable,
)
from regen.domain.slate_reading import SlateReading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it was read.

    Attributes:
        version: opaque; a write that names it fails with Conflict if the document has changed since.
    """

    path: str
    data: Mapping[str, Any]
    version: Any


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a commit.

    Attributes:
        op: `create` (must not exist), `update` (must exist and, if `version` is given, be unchanged; replaces the named
            top-level fields), `put` (whatever was there is replaced), `delete` (likewise conditional).
    """

    op: Literal["create", "update", "put", "delete"]
    path: str
    data: Mapping[str, Any] = field(default_factory=dict)
    version: Any = None


Condition = tuple[str, Literal["==", "<", "<=", ">", ">=", "in", "array_contains"], Any]


class BatchStore(Protocol):
    """Documents with preconditions (Firestore). Values: str, int, float, bool, None, bytes, aware datetime, list, dict.

    Every method may raise Unavailable; an Unavailable commit may or may not have happened.
    """

    def get(self, path: str) -> Snapshot | None:
        """Read one document, strongly consistent."""
        ...

    def get_many(self, paths: Sequence[str]) -> list[Snapshot | None]:
        """Read several documents, in the order asked for."""
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none.

        Raises:
            Conflict: a precondition failed (AlreadyExists for a `create`).
        """
        ...

    def find(
        self,
        collection: str,
        where: Sequence[Condition] = (),
        *,
        limit: int | None = None,
        order_by: str | None = None,
        descending: bool = False,
        fields: Sequence[str] | None = None,
        after: Snapshot | None = None,
    ) -> list[Snapshot]:
        """Documents of one collection (path without the document id) that meet all conditions.

        Args:
            fields: read only these top-level fields.
            after: the last document of the page before, with `order_by`; equal values are ordered by path.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message to publish: `data` becomes JSON."""

    data: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)


class Queue(Protocol):
    """Topics (Pub/Sub)."""

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Publish all; returns when every one is durable. After Unavailable, any of them may have been published."""
        ...


class Warehouse(Protocol):
    """Tables (BigQuery). Each method costs the number of jobs that its docstring names, whatever the players."""

    def read_slate(self, game_date: date) -> SlateReading:
        """Slate, features, lines and up to 30 earlier games a player, in one query job.

        Rows that cannot be understood do not fail the reading: the entry's `problem` says what is wrong with them.
        """
        ...

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """The current rows of a date (`superseded IS NULL OR superseded = FALSE`). One query job."""
        ...

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        """Load all rows into a table of that name (replacing it), explicit schema, expiring by itself. One load job.

        Returns:
            The number of `prediction` rows.
        """
        ...

    def raise_fence(self, fence: FenceToken) -> None:
        """Take the date for this token; the date has one row of the fence afterwards. One query job.

        Raises:
            FenceLost: another token holds the date, this one or a higher; the error names it.
            Conflict: others took dates at the same moment, again and again.
        """
        ...

    def mend_fences(self) -> list[date]:
        """Make one row of each date's fence where older versions left several; those dates. One query job."""
        ...

    def promote(self, promotion: Promotion) -> PromotionCounts:
        """Run the promotion as one multi-statement transaction. One query job; repeating it finds the first one.

        Raises:
            FenceLost: the fence holds another token, or this round is promoted already.
            PromotionAborted: an assertion inside the transaction failed; nothing was changed.
            Conflict: another transaction touched the tables; nothing was changed.
        """
        ...

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """What was committed for this batch and round (a promotion or a rollback), or None. One query job."""
        ...

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        """Run the rollback as one multi-statement transaction; raises like `promote`."""
        ...

    def record(self, entries: Sequence[AuditEntry], staging: str | None = None) -> None:
        """Write audit entries that are not there yet, by `event_id`; each comes once, whoever else does the same. One job.

        Args:
            staging: the worker runs of this staging table go with the entries, which are of its batch.

        Raises:
            InvalidInput: the tables do not take an entry; nothing was written.
        """
        ...

    def staging_tables(self) -> list[StagingTable]:
        """The staging tables that exist. No job (a listing)."""
        ...

    def drop_staging(self, staging: str) -> None:
        """Drop a staging table; one that does not exist is fine. No job."""
        ...


class Ledger(Protocol):
    """The tables as backfills, the BDB watch, grading and verification need them: across dates, beside any batch."""

    def survey(self, first: date, last: date) -> list[DateSurvey]:
        """The dates of a range that have a slate, with their coverage. One query job."""
        ...

    def bdb_games(self) -> list[BdbGame]:
        """The games that are neither completed nor expired, beside what their predictions rest on. Two query jobs."""
        ...

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        """Write what a scan decided, where the row is still as it was read. One query job."""
        ...

    def verify(self, first: date, last: date, now: datetime, threshold: float) -> list[Finding]:
        """Every invariant over a range of dates. A constant number of query jobs, and a listing."""
        ...

    def changed_dates(self, since: datetime) -> list[date]:
        """The dates on which something was promoted or rolled back since then. One query job."""
        ...

    def grade(self, first: date, last: date, at: datetime) -> list[Graded]:
        """Grade the current predictions of played games, and label the grades of superseded ones. One query job."""
        ...


class Alerts(Protocol):
    """Where people look: a chat's webhook."""

    def send(self, alert: Mapping[str, Any]) -> None:
        """Deliver one alert; raises Unavailable if it was not taken."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Heartbeat(Protocol):
    """Does something again and again beside the work at hand."""

    def __call__(self, beat: Callable[[], bool], seconds: float) -> AbstractContextManager[None]:
        """Call `beat` every so many seconds until the block ends or it answers False."""
        ...


class Ids(Protocol):
    """Fresh names."""

    def suffix(self) -> str:
        """Eight lower-case hex digits that nobody has had before."""
        ...
