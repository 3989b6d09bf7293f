"""Checks every effect as it happens: the promises hold at each moment that an outside reader could see."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.promoting import Row
from regen.adapters.memory.tables import AUDIT, FENCES, GRADES, PREDICTIONS, RUNS, Rows
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import LIVE, TRANSITIONS, WAITING, Status
from regen.domain.promotion import Promotion, Rollback
from regen.domain.slate_reading import SlateReading
from regen.ports import Message, Write
from regen.services.state.deps import REQUEST_TOPIC, VERIFY_TOPIC
from simulation.baton import Task
from simulation.ports import QuickStore
from simulation.rows import violations_of
from simulation.truth import Problem, promotion_explained, rollback_complete, unkept
from simulation.upstream import Upstream, scan_request
from simulation.watch_backfills import BackfillWatch
from support.wire import Reply

WAIT = frozenset(WAITING)
ONCE = (AUDIT, RUNS, GRADES)


class TrackedRows(dict[Any, Rows]):
    """Rows by key, and the keys that were written since the last check."""

    def __init__(self) -> None:
        super().__init__()
        self.written: set[Any] = set()

    def __setitem__(self, key: Any, rows: Rows) -> None:
        super().__setitem__(key, rows)
        self.written.add(key)


class Watch:
    """Checks each effect and collects violations.

    Attributes:
        lossy: whether a message was lost for good, so that only the sweep can repair its request.
        archive: what was kept; None in a run that keeps nothing.
        late: batches with outcomes that a stalled worker wrote after their round.
        dead: the number of the dead letter of each message that Pub/Sub gave up on.
        readings: every slate of the run, by the name of its snapshot.
    """

    def __init__(
        self, store: QuickStore, warehouse: MemoryWarehouse, ledger: Upstream, log: Callable[[str], None]
    ) -> None:
        self._store, self._warehouse, self._log = store, warehouse, log
        self.archive: MemoryArchive | None = None
        self._seen: dict[str, tuple[Status, int]] = {}
        self._live: dict[str, set[str]] = {}
        self._done: dict[str, Any] = {}
        self.violations: list[str] = []
        self.lossy = False
        self.late: set[str] = set()
        self.dead: dict[str, str] = {}
        self.readings: dict[str, SlateReading] = {}
        self.backfills = BackfillWatch(store, self.report)
        self._ledger = ledger
        warehouse.tables.rows.update({table: TrackedRows() for table in ONCE})
        self._asked: set[tuple[str, str, int]] = set()
        self._doubled: set[tuple[str, Any]] = set()
        ledger.report = self.report
        ledger.on_record = lambda key, attempt: (key[0].isoformat(), key[1], attempt) in self._asked

    def report(self, promise: str, what: str, more: object = None) -> None:
        """Record that a promise was broken."""
        text = f"{promise}: {what}" + (f" ({more})" if more is not None else "")
        self._log(f"VIOLATION {text}")
        self.violations.append(text)

    # Firestore

    def on_commit(self, writes: Sequence[Write]) -> None:
        """Check a commit."""
        follows = any(w.path.startswith("outbox/") and w.op == "put" for w in writes)
        for write in writes:
            if write.path.startswith("backfills/"):
                self.backfills.on_commit(write.path, follows=follows)
            elif write.path.startswith("outbox/") and write.op == "put":
                self._check_outbox_message(json.loads(write.data["payload"]).get("data"))
            if not write.path.startswith("prediction_batches/"):
                continue
            depth = write.path.count("/")
            if depth == 1:
                self._check_batch(write.path, follows=follows)
            elif depth == 3 and "/requests/" in write.path:
                self._check_request(write.path)

    def _check_outbox_message(self, data: Mapping[str, Any] | None) -> None:
        """Check that a scan's trigger names only games with rebuilt features."""
        what = scan_request(data)
        if not data or what is None:
            return
        for key, game in self._ledger.games.items():
            if key[0].isoformat() == data["game_date"] and key[1] in what["games"]:
                attempt = what["attempts"][what["games"].index(key[1])]
                self._asked.add((data["game_date"], key[1], attempt))
                if self._ledger.measured(game).old_features:
                    self.report("BDB", f"{key} is regenerated before its features were rebuilt")

    def _check_batch(self, path: str, *, follows: bool) -> None:
        data = self._store.peek(path)
        assert data is not None
        batch_id, status, round_ = path.split("/")[1], Status(data["status"]), data["round"]
        old = self._seen.get(batch_id)
        self._seen[batch_id] = status, round_
        if old is None:
            if status not in {Status.CREATED, Status.REJECTED}:
                self.report("P2", f"{batch_id} begins as {status}")
        elif old[0] is not status and status not in TRANSITIONS[old[0]]:
            self.report("3.4", f"{batch_id} went from {old[0]} to {status}")
        if old is not None and old == (status, round_):
            return
        if not follows and (old is None or status not in LIVE or round_ != old[1]):
            self.report("P7", f"{batch_id} became {status} without an entry in the same commit")
        if status is Status.COMPLETE and self._pending_requests(batch_id, data["openings"][-1]):
            self.report("P4", f"{batch_id} is complete while a request is pending")
        self._check_date(batch_id, status, data["game_date"])

    def _check_date(self, batch_id: str, status: Status, day: str) -> None:
        holders = self._live.setdefault(day, set())
        known = self._store.peek(f"game_dates/{day}") or {}
        if status in LIVE:
            holders.add(batch_id)
            if len(holders) > 1 or known.get("live") != batch_id:
                self.report("3.1", f"{day} has more than one live batch: {sorted(holders)}")
            return
        holders.discard(batch_id)
        if known.get("live") == batch_id:
            self.report("P13", f"{batch_id} is {status} and holds {day} still")

    def _check_request(self, path: str) -> None:
        data = self._store.peek(path)
        assert data is not None
        if path in self._done and self._done[path] != (data["state"], data["outcomes"]):
            self.report("P3", f"{path} had its outcomes and was changed")
        if data["state"] == "done":
            self._done.setdefault(path, (data["state"], data["outcomes"]))
            batch_id = path.split("/")[1]
            batch = self._store.peek(f"prediction_batches/{batch_id}") or {}
            if batch.get("status") not in LIVE or data["opening"] != batch["openings"][-1]:
                self.late.add(batch_id)

    def _pending_requests(self, batch_id: str, opening: str) -> int:
        requests = self._store.peek_all(f"prediction_batches/{batch_id}/requests")
        return sum(r["state"] == "pending" and r["opening"] == opening for r in requests)

    # Pub/Sub and HTTP

    def on_publish(self, topic: str, message: Message) -> None:
        """Check a published message."""
        if topic not in {REQUEST_TOPIC, VERIFY_TOPIC}:
            return
        batch_id = message.data["batch_id"]
        batch = self._store.peek(f"prediction_batches/{batch_id}")
        if batch is None or batch["status"] == "created":
            self.report("P2", f"published for {batch_id} before it was recorded")
            return
        if topic == REQUEST_TOPIC:
            requests = self._store.peek_all(f"prediction_batches/{batch_id}/requests")
            if sum(r["round"] == 1 for r in requests) != batch["request_count"]:
                self.report("P2", f"published for {batch_id} before all its requests were recorded")

    def on_answer(self, task: Task, reply: Reply | None) -> None:
        """Check the answer of a function; None if its process died."""
        if reply is not None and reply.status == 500:
            self.report("P10", f"{task.name} answered 500")

    def on_acknowledge(self, path: str, number: str, data: bytes) -> None:
        """Check a message that a function acknowledged."""
        if path not in {"/", "/dead-letters"}:
            return
        try:
            named: Mapping[str, Any] = json.loads(data)
            batch_id, request_id = named["batch_id"], named["request_id"]
        except (ValueError, LookupError, TypeError):
            return
        batch = self._store.peek(f"prediction_batches/{batch_id}")
        request = self._store.peek(f"prediction_batches/{batch_id}/requests/{request_id}")
        if batch is None or request is None or batch["status"] not in WAIT:
            return
        if request["state"] == "pending" and request["opening"] == batch["openings"][-1]:
            self.report("P10", f"{number} was acknowledged and its request has no outcome")

    # BigQuery

    def warehouse_act(self, name: str, act: Any, effect: Callable[[], Any]) -> Any:
        """Run a call to the warehouse, and check the change of its rows."""
        tables = self._warehouse.tables.rows
        before = dict(tables[PREDICTIONS])
        try:
            return effect()
        finally:
            for day, rows in tables[PREDICTIONS].items():
                if rows is not before.get(day, ()):
                    self._check_change(name, act, day, before.get(day, ()), rows)
            if any(len(rows) > 1 for rows in tables[FENCES].values()):
                self.report("P1", f"{name}: the fence of a date is there twice")
            self._check_duplicates(name)

    def _check_duplicates(self, name: str) -> None:
        """Check the keys written since the last check: each has at most one row."""
        for table in ONCE:
            noted = self._warehouse.tables.rows[table]
            assert isinstance(noted, TrackedRows)
            for key in noted.written:
                number = len(noted.get(key, ()))
                if number > 1 and (table, key) not in self._doubled:
                    self._doubled.add((table, key))
                    self.report("P7", f"{name}: {table} has {number} of {key}")
            noted.written.clear()

    def _check_change(self, name: str, act: Any, day: date, before: Sequence[Row], after: Sequence[Row]) -> None:
        entries = [row.entry for row in self._warehouse.audit()]
        for promise, what in (
            *violations_of(name, act, before, after, entries),
            *self._unexplained(act, day, before, after),
        ):
            self.report(promise, f"{day}: {name}: {what}")

    def _unexplained(self, act: Any, day: date, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Problem]:
        if not isinstance(act, Promotion | Rollback):
            return
        if self.archive is not None:
            yield from unkept(self.archive, before, after)
        if act.fence.game_date != day:
            yield "P1", f"an act on {act.fence.game_date} has changed another date"
        elif isinstance(act, Rollback):
            yield from rollback_complete(act, before, after)
        else:
            batch = self._store.peek(f"prediction_batches/{act.fence.batch_id}") or {}
            withdrawn = self.withdrawn(day.isoformat())
            yield from promotion_explained(
                act, self._readings_of(batch), batch.get("scope") or {}, before, after, withdrawn
            )

    def withdrawn(self, day: str) -> set[str]:
        """The players of a date whom an operator has ever withdrawn."""
        found = (b for b in self._store.peek_all("prediction_batches") if b["game_date"] == day and b.get("withdrawal"))
        return {player for batch in found for player in batch["scope"]["players"]}

    def _readings_of(self, batch: Mapping[str, Any]) -> list[SlateReading]:
        """The slates that the batch read, at its opening and at each redrive."""
        documents = self._store.peek_all(f"prediction_batches/{batch.get('batch_id')}/excluded")
        read = {d.get("opening"): d.get("snapshot") for d in documents}
        names = (batch.get("snapshot"), *(read.get(opening) for opening in batch.get("openings", [])[1:]))
        return [self.readings[name] for name in names if name in self.readings]
