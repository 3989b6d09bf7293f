"""The ports: protocols of the services' dependencies. `regen.adapters` implements them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.backfill import DateSurvey
from regen.domain.bdb import BdbChange, BdbGame
from regen.domain.box_scores import BoxScores
from regen.domain.grading import Graded
from regen.domain.invariants import Finding
from regen.domain.news import Standing
from regen.domain.promotion import (
    CurrentPrediction,
    FenceToken,
    MovedPrediction,
    Promotion,
    PromotionCounts,
    Rollback,
    StagedRow,
    StagingTable,
)
from regen.domain.quality import GameSums, Quality
from regen.domain.recorded import Done
from regen.domain.slate_reading import SlateReading
from regen.domain.sources import SourceDay
from regen.domain.zones import ZoneDrift


class Snapshot(Struct, frozen=True):
    """A document as read.

    Attributes:
        version: an opaque token. A write with this version fails with Conflict if the document has changed since.
    """

    path: str
    data: Mapping[str, Any]
    version: Any


class Write(Struct, frozen=True):
    """One write of a commit.

    Attributes:
        op: one of
            `create`: the document must not exist;
            `update`: the document must exist and, if `version` is given, be unchanged; replaces the named top-level fields;
            `put`: replaces the document, if there is one;
            `delete`: conditional like `update`.
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
        """Read several documents, in the order of the paths."""
        ...

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none.

        Raises:
            Conflict: a precondition failed (for a `create`: AlreadyExists).
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
            after: the last document of the previous page; needs `order_by`. Equal values are ordered by path.
        """
        ...


class Message(Struct, frozen=True):
    """A message to publish: `data` becomes JSON."""

    data: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)


class Queue(Protocol):
    """Topics (Pub/Sub)."""

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Publish all messages, and return when every one is durable. After Unavailable, some may have been published."""
        ...


class Warehouse(Protocol):
    """Tables (BigQuery). Each method costs the number of jobs in its docstring, for any number of players."""

    def read_slate(self, game_date: date) -> SlateReading:
        """Slate, features, lines and up to 30 earlier games per player, in one query job.

        Invalid rows do not fail the reading; the entry's `problem` says what is wrong with them.
        """
        ...

    def box_scores(self, first: date, before: date, known: str = "") -> list[BoxScores]:
        """The league's box scores from a date up to the day before another, in order, by date. One query job.

        Args:
            known: fingerprints that the caller has the rows of, which are left out for them.
        """
        ...

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        """The current rows of a date (`superseded IS NULL OR superseded = FALSE`). One query job."""
        ...

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        """Load all rows into a new table of that name, with an explicit schema and an expiry. One load job.

        Returns:
            The number of `prediction` rows.
        """
        ...

    def raise_fence(self, fence: FenceToken) -> None:
        """Take the date for this token; its fence has one row afterwards. One query job.

        Raises:
            FenceLost: another owner holds the date with this token or a higher one; the error names it.
            Conflict: every attempt conflicted with others who took dates at the same time.
        """
        ...

    def mend_fences(self) -> list[date]:
        """Merge fences of which older versions left several rows, and return their dates. One query job."""
        ...

    def promote(self, promotion: Promotion) -> PromotionCounts:
        """Run the promotion as one multi-statement transaction. One query job; a repetition finds the first job.

        Raises:
            FenceLost: the fence holds another token, or this round is promoted already.
            PromotionAborted: an assertion inside the transaction failed; nothing was changed.
            Conflict: another transaction changed the tables; nothing was changed.
        """
        ...

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        """The counts committed for this batch and round (of a promotion or a rollback), or None. One query job."""
        ...

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        """Run the rollback as one multi-statement transaction; raises like `promote`."""
        ...

    def record(self, entries: Sequence[AuditEntry], staging: str | None = None) -> None:
        """Write the audit entries whose `event_id` is not in the table yet. Concurrent calls write each entry once. One job.

        Args:
            staging: also record the worker runs of this staging table; the entries are of its batch.

        Raises:
            InvalidInput: the tables refuse an entry; nothing was written.
        """
        ...

    def keep_challengers(self, batch_id: str, round_: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append the challengers' rows of a promoted round, once: a repetition finds the first job. One load job.

        Args:
            rows: of `prediction_challengers`, each checked by `regen.schemas.challenger_row`.
        """
        ...

    def staging_tables(self) -> list[StagingTable]:
        """The existing staging tables. No job (a listing)."""
        ...

    def drop_staging(self, staging: str) -> None:
        """Drop a staging table, if it exists. No job."""
        ...


class Ledger(Protocol):
    """The tables across dates and batches, for backfills, the BDB watch, grading and verification."""

    def survey(self, first: date, last: date) -> list[DateSurvey]:
        """The dates of a range that have a slate, with their coverage. One query job."""
        ...

    def moves(self, game_date: date, batch_id: str) -> list[MovedPrediction]:
        """Each prediction that a batch superseded or withdrew, by player, system and line. One query job."""
        ...

    def bdb_games(self, since: date) -> list[BdbGame]:
        """The pending games, with the feature rows on which their predictions rest. Two query jobs.

        Args:
            since: first date of the games that upstream has finished with; it keeps all of a season.
        """
        ...

    def zone_drifts(self, first: date, last: date) -> list[ZoneDrift]:
        """The players of these dates whose current predictions rest on other shot zones than the feature store has.

        A prediction or feature row without upstream's hash of the zones is left out, and so is what a rollback brought back.
        """
        ...

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        """Write a scan's changes to rows that are still as they were read. One query job."""
        ...

    def standings(self, first: date, last: date, at: datetime) -> list[Standing]:
        """What predictions of games that begin after `at` rest on, beside what is there now. One query job."""
        ...

    def looked(self, first: date, last: date, now: datetime, threshold: float) -> tuple[list[Finding], frozenset[Done]]:
        """Check every invariant over a range of dates. A constant number of query jobs, and a listing.

        Returns:
            The findings, and what `acts` returns: the same statement has read it.
        """
        ...

    def acts(self, first: date, last: date) -> frozenset[Done]:
        """The rounds of a range of dates that the audit calls promoted or rolled back. One query job."""
        ...

    def changed_dates(self, since: datetime) -> list[date]:
        """The dates with a promotion or a rollback since then. One query job."""
        ...

    def sources(self, first: date, last: date) -> list[SourceDay]:
        """What each input has of each date of a range with games. One query job."""
        ...

    def grade(self, first: date, last: date, at: datetime) -> list[Graded]:
        """Grade the current predictions of played games, and label the grades of superseded ones. One query job."""
        ...

    def grade_challengers(self, first: date, last: date, at: datetime) -> None:
        """Grade the rows of challengers of played games, again where a box score has changed. One query job."""
        ...

    def quality(self, first: date, last: date) -> list[GameSums]:
        """What the graded current predictions of these dates came to, by game and system. One query job."""
        ...

    def keep_quality(self, as_of: date, found: Sequence[Quality], at: datetime) -> None:
        """Keep the figures of a date, unless newer ones of it are kept. Concurrent calls keep one of them. One query job."""
        ...


class Archive(Protocol):
    """Objects that are kept as long as the rows (a bucket). An object is written once and never changed.

    Names are parts joined by slashes. Every method may raise Unavailable.
    """

    def keep(self, name: str, content: bytes) -> None:
        """Write an object, durably; one that is there is left as it is. Concurrent calls write it once."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The names of all objects that begin so, in order."""
        ...

    def read(self, name: str) -> bytes | None:
        """An object's content; None if there is no such object."""
        ...


class Alerts(Protocol):
    """A channel that people watch: a chat's webhook."""

    def send(self, alert: Mapping[str, Any]) -> None:
        """Deliver one alert, or the end of one (`resolved`), in bounded time; raise Unavailable if it was not accepted."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present time, aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Heartbeat(Protocol):
    """Calls a function repeatedly while a block runs."""

    def __call__(self, beat: Callable[[], bool], seconds: float) -> AbstractContextManager[None]:
        """Call `beat` every `seconds` until the block ends or `beat` returns False."""
        ...


class Ids(Protocol):
    """Fresh names."""

    def suffix(self) -> str:
        """Eight new lower-case hex digits."""
        ...
