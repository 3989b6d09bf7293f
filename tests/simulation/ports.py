"""The simulated ports: each call of a service goes through `World.call`, which may inject a fault."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.bigquery.warehouse import _job_id
from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.statements import held
from regen.adapters.memory.store import MemoryStore
from regen.adapters.memory.tables import Rows
from regen.adapters.memory.warehouse import MemoryWarehouse
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
from regen.ports import Condition, Message, Snapshot, Write
from simulation.faults import Fault
from simulation.platform import Statement
from simulation.upstream import Upstream

T = TypeVar("T")
EPOCH = datetime.fromisoformat("2026-01-20T12:00:00+00:00")


class PortCall(Protocol):
    """A call from a service to a port (`World.call`)."""

    def __call__(
        self,
        name: str,
        effect: Callable[[], T],
        *,
        writes: bool = ...,
        conditional: bool = ...,
        documents: bool = ...,
        of: str = ...,
        instead: Mapping[Fault, Callable[[], T]] = ...,
    ) -> T: ...


class QuickStore(MemoryStore):
    """The store in memory without deep copies: readers share lists and maps with it, and must not change them.

    Attributes:
        strays: records of other versions, which the judge of this version's records skips.
    """

    def __init__(self) -> None:
        super().__init__()
        self.strays: dict[str, Mapping[str, Any]] = {}

    @staticmethod
    def _copy(data: Mapping[str, Any], fields: Sequence[str] | None) -> dict[str, Any]:
        return dict(data) if fields is None else {k: v for k, v in data.items() if k in fields}

    def peek(self, path: str) -> Mapping[str, Any] | None:
        """A document without a copy; do not change it."""
        document = self._documents.get(path)
        return None if document is None else document.data

    def peek_all(self, collection: str) -> list[Mapping[str, Any]]:
        """The documents of a collection without a copy; do not change them."""
        found = self._collections.get(collection, {})
        return [self._documents[path].data for path in found if path not in self.strays]


class SimulatedStore:
    """The simulated BatchStore."""

    def __init__(
        self,
        store: MemoryStore,
        call: PortCall,
        watch: Callable[[Sequence[Write]], None],
        touch: Callable[[str], None],
    ) -> None:
        self._store, self._call, self._watch, self._touch = store, partial(call, of="Firestore"), watch, touch

    def get(self, path: str) -> Snapshot | None:
        return self._call(f"get {path}", lambda: self._store.get(path))

    def get_many(self, paths: Sequence[str]) -> list[Snapshot | None]:
        return self._call(f"get {' '.join(paths)}", lambda: self._store.get_many(paths))

    def commit(self, writes: Sequence[Write]) -> None:
        conditional = any(w.version is not None or w.op == "create" for w in writes)

        def effect() -> None:
            self._store.commit(writes)
            self._watch(writes)

        def touched() -> None:
            for write in writes:
                if write.version is not None and write.path.startswith("prediction_b") and write.path.count("/") == 1:
                    self._touch(write.path)
            effect()

        name = "commit " + " ".join(f"{w.op}:{w.path}" for w in writes)
        # Only documents with upstream data count: a record that names failed players only is small.
        documents = any("inputs" in w.data or w.data.get("produced") for w in writes if "/requests/" in w.path)
        instead = {Fault.TOUCHED: touched}
        self._call(name, effect, writes=True, conditional=conditional, documents=documents, instead=instead)

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
        return self._call(
            f"find {collection}",
            lambda: self._store.find(
                collection, where, limit=limit, order_by=order_by, descending=descending, fields=fields, after=after
            ),
        )


class SimulatedQueue:
    """The simulated Queue. It publishes several messages by two calls, so that a fault may come between them."""

    def __init__(self, call: PortCall, post: Callable[[str, Message], object]) -> None:
        self._call, self._post = partial(call, of="Pub/Sub"), post

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        for message in messages:
            json.dumps(message.data)
        half = len(messages) // 2
        for part in (messages[:half], messages[half:]):
            if part:
                self._call(f"publish {len(part)} to {topic}", partial(self._post_all, topic, part), writes=True)

    def _post_all(self, topic: str, messages: Sequence[Message]) -> None:
        for message in messages:
            self._post(topic, message)


class SimulatedWarehouse:
    """The simulated Warehouse. Changes run as jobs, as the adapter submits them; `watch` compares rows before and after."""

    def __init__(
        self,
        warehouse: MemoryWarehouse,
        jobs: Jobs,
        call: PortCall,
        watch: Callable[[str, Any, Callable[[], Any]], Any],
    ) -> None:
        self._warehouse, self._jobs, self._call, self._watch = warehouse, jobs, call, watch

    def _writes(self, name: str, effect: Callable[[], T]) -> T:
        def watched() -> T:
            result: T = self._watch(name, None, effect)
            return result

        return self._call(name, watched, writes=True)

    def read_slate(self, game_date: date) -> SlateReading:
        return self._call("read_slate", lambda: self._warehouse.read_slate(game_date))

    def box_scores(self, first: date, before: date, known: str = "") -> list[BoxScores]:
        return self._call("box_scores", lambda: self._warehouse.box_scores(first, before, known))

    def current_predictions(self, game_date: date) -> list[CurrentPrediction]:
        return self._call("current_predictions", lambda: self._warehouse.current_predictions(game_date))

    def stage(self, staging: str, rows: Iterable[StagedRow]) -> int:
        known = tuple(rows)
        return self._writes(f"stage {staging}", lambda: self._warehouse.stage(staging, known))

    def raise_fence(self, fence: FenceToken) -> None:
        rows = self._take(fence)
        if len(rows) > 1 and max(rows, key=lambda row: row.token).held_by(fence):
            self.mend_fences()
            rows = self._take(fence)
        held(rows, fence)

    def _take(self, fence: FenceToken) -> Rows:
        name = f"raise_fence {fence.token} {fence.batch_id}"
        rows: Rows = self._jobs.alone(Statement(name, lambda: self._warehouse.take_fence_steps(fence)), ())
        return rows

    def mend_fences(self) -> list[date]:
        mended: list[date] = self._jobs.alone(Statement("mend_fences", self._warehouse.mend_fences_steps), ())
        return mended

    def promote(self, promotion: Promotion) -> PromotionCounts:
        name = f"promote {promotion.fence.batch_id} r{promotion.fence.round} t{promotion.fence.token}"
        statement = Statement(name, lambda: self._warehouse.promote_steps(promotion), act=promotion)
        counts: PromotionCounts = self._jobs.query(statement, (), _job_id("promote", promotion.fence))
        return counts

    def rollback(self, rollback: Rollback) -> PromotionCounts:
        name = f"rollback {rollback.batch_id} r{rollback.fence.round} t{rollback.fence.token}"
        statement = Statement(name, lambda: self._warehouse.rollback_steps(rollback), act=rollback)
        counts: PromotionCounts = self._jobs.query(statement, (), _job_id("rollback", rollback.fence))
        return counts

    def promotion_of(
        self, game_date: date, batch_id: str, round_: int, event: AuditEvent = AuditEvent.PROMOTED
    ) -> PromotionCounts | None:
        return self._call("promotion_of", lambda: self._warehouse.promotion_of(game_date, batch_id, round_, event))

    def record(self, entries: Sequence[AuditEntry], staging: str | None = None) -> None:
        name = f"record {' '.join(e.event.value for e in entries)}"
        steps = partial(self._warehouse.record_steps, entries, staging)
        self._jobs.alone(Statement(name, steps, transaction=False), ())

    def keep_challengers(self, batch_id: str, round_: int, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writes(f"keep_challengers {batch_id}", lambda: self._warehouse.keep_challengers(batch_id, round_, rows))

    def staging_tables(self) -> list[StagingTable]:
        return self._call("staging_tables", self._warehouse.staging_tables)

    def drop_staging(self, staging: str) -> None:
        self._writes(f"drop_staging {staging}", lambda: self._warehouse.drop_staging(staging))


class SimulatedLedger:
    """The simulated Ledger, as far as backfills and scans need it."""

    def __init__(self, ledger: Upstream, jobs: Jobs, call: PortCall) -> None:
        self._ledger, self._jobs, self._call = ledger, jobs, call

    def survey(self, first: date, last: date) -> list[DateSurvey]:
        return self._call("survey", lambda: self._ledger.survey(first, last))

    def moves(self, game_date: date, batch_id: str) -> list[MovedPrediction]:
        return self._call("moves", lambda: self._ledger.moves(game_date, batch_id))

    def bdb_games(self, since: date) -> list[BdbGame]:
        return self._call("bdb_games", lambda: self._ledger.bdb_games(since))

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        self._call("change_bdb", lambda: self._ledger.change_bdb(changes), writes=True)

    def zone_drifts(self, first: date, last: date) -> list[ZoneDrift]:
        return self._call("zone_drifts", lambda: self._ledger.zone_drifts(first, last))

    def standings(self, first: date, last: date, at: datetime) -> list[Standing]:
        return self._call("standings", lambda: self._ledger.standings(first, last, at))

    def grade(self, first: date, last: date, at: datetime) -> list[Graded]:
        statement = Statement(f"grade {first} {last}", lambda: self._ledger.grade_steps(first, last, at))
        graded: list[Graded] = self._jobs.alone(statement, ())
        return graded

    def looked(self, first: date, last: date, now: datetime, threshold: float) -> tuple[list[Finding], frozenset[Done]]:
        return self._call("verify", lambda: self._ledger.looked(first, last, now, threshold))

    def acts(self, first: date, last: date) -> frozenset[Done]:
        return self._call("acts", lambda: self._ledger.acts(first, last))

    def sources(self, first: date, last: date) -> list[SourceDay]:
        return self._call("sources", lambda: self._ledger.sources(first, last))

    def grade_challengers(self, first: date, last: date, at: datetime) -> None:
        self._call("grade_challengers", lambda: self._ledger.grade_challengers(first, last, at), writes=True)

    def quality(self, first: date, last: date) -> list[GameSums]:
        return self._call("quality", lambda: self._ledger.quality(first, last))

    def keep_quality(self, as_of: date, found: Sequence[Quality], at: datetime) -> None:
        self._call("keep_quality", lambda: self._ledger.keep_quality(as_of, found, at), writes=True)

    def changed_dates(self, since: datetime) -> list[date]:
        return self._call("changed_dates", lambda: self._ledger.changed_dates(since))


class SimulatedClock:
    """The simulated Clock."""

    def __init__(self, seconds: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._seconds, self._sleep = seconds, sleep

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=round(self._seconds(), 6))

    def sleep(self, seconds: float) -> None:
        self._sleep(seconds)


class SimulatedAlerts:
    """The simulated Alerts: a chat that accepts every alert."""

    def __init__(self, call: PortCall) -> None:
        self._call = partial(call, of="the chat")
        self.taken: list[Mapping[str, Any]] = []

    def send(self, alert: Mapping[str, Any]) -> None:
        self._call("alert", lambda: self.taken.append(alert), writes=True)


class SimulatedArchive:
    """The simulated Archive, as the verifier uses it."""

    def __init__(self, archive: MemoryArchive, call: PortCall) -> None:
        self._archive, self._call = archive, partial(call, of="Cloud Storage")

    def keep(self, name: str, content: bytes) -> None:
        self._call(f"keep {name}", lambda: self._archive.keep(name, content), writes=True)

    def names(self, prefix: str) -> list[str]:
        return self._call(f"names {prefix}", lambda: self._archive.names(prefix))

    def read(self, name: str) -> bytes | None:
        return self._call(f"read {name}", lambda: self._archive.read(name))
