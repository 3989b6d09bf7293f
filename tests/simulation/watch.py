"""Looks at every effect as it happens: whatever an outside reader could see at any moment must keep the promises."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from regen.adapters.memory.promoting import Row
from regen.adapters.memory.tables import AUDIT, FENCES, GRADES, PREDICTIONS, RUNS, Rows
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import LIVE, TRANSITIONS, WAITING, Status
from regen.domain.promotion import Promotion, Rollback
from regen.domain.slate_reading import SlateReading
from regen.ports import Message, Write
from regen.services.state.deps import REQUEST_TOPIC, VERIFY_TOPIC
from simulation.baton import Task
from simulation.doors import QuickStore
from simulation.rows import broken_by
from simulation.truth import Problem, promotion_explained, rollback_complete
from simulation.upstream import Upstream, by_scan
from simulation.watch_backfills import BackfillWatch
from support.wire import Reply

WAIT = frozenset(WAITING)
ONCE = (AUDIT, RUNS, GRADES)


class Noted(dict[Any, Rows]):
    """Rows by what finds them, with the keys that were written lately."""

    def __init__(self) -> None:
        super().__init__()
        self.written: set[Any] = set()

    def __setitem__(self, key: Any, rows: Rows) -> None:
        super().__setitem__(key, rows)
        self.written.add(key)


class Watch:
    """Collects violations.

    Attributes:
        lossy: a message was lost for good, so that only the sweep can know of its request.
        late: batches of which a worker that stood still has written outcomes when their round was over.
        dead: numbers of messages that Pub/Sub gave up on, and those of their dead letters.
        readings: every state of the inputs there has been, by the name of the snapshot.
    """

    def __init__(
        self, store: QuickStore, warehouse: MemoryWarehouse, ledger: Upstream, say: Callable[[str], None]
    ) -> None:
        self._store, self._warehouse, self._say = store, warehouse, say
        self._seen: dict[str, tuple[Status, int]] = {}
        self._live: dict[str, set[str]] = {}
        self._done: dict[str, Any] = {}
        self.violations: list[str] = []
        self.lossy = False
        self.late: set[str] = set()
        self.dead: dict[str, str] = {}
        self.readings: dict[str, SlateReading] = {}
        self.backfills = BackfillWatch(store, self.broken)
        self._ledger = ledger
        warehouse.tables.rows.update({table: Noted() for table in ONCE})
        self._asked: set[tuple[str, str, int]] = set()
        self._doubled: set[tuple[str, Any]] = set()
        ledger.broken = self.broken
        ledger.on_record = lambda key, attempt: (key[0].isoformat(), key[1], attempt) in self._asked

    def broken(self, promise: str, what: str, more: object = None) -> None:
        """A promise is broken."""
        text = f"{promise}: {what}" + (f" ({more})" if more is not None else "")
        self._say(f"VIOLATION {text}")
        self.violations.append(text)

    # Firestore

    def committed(self, writes: Sequence[Write]) -> None:
        """A commit has happened."""
        follows = any(w.path.startswith("outbox/") and w.op == "put" for w in writes)
        for write in writes:
            if write.path.startswith("backfills/"):
                self.backfills.committed(write.path, follows=follows)
            elif write.path.startswith("outbox/") and write.op == "put":
                self._sent(json.loads(write.data["payload"]).get("data"))
            if not write.path.startswith("prediction_batches/"):
                continue
            depth = write.path.count("/")
            if depth == 1:
                self._batch(write.path, follows=follows)
            elif depth == 3 and "/requests/" in write.path:
                self._request(write.path)

    def _sent(self, data: Mapping[str, Any] | None) -> None:
        """What is in the outbox will be a message; a scan's asks for games whose features rest on what has come."""
        what = by_scan(data)
        if not data or what is None:
            return
        for key, game in self._ledger.games.items():
            if key[0].isoformat() == data["game_date"] and key[1] in what["games"]:
                attempt = what["attempts"][what["games"].index(key[1])]
                self._asked.add((data["game_date"], key[1], attempt))
                if self._ledger.measured(game).old_features:
                    self.broken("BDB", f"{key} is to be regenerated before its features were made again")

    def _batch(self, path: str, *, follows: bool) -> None:
        data = self._store.peek(path)
        assert data is not None
        batch_id, status, round_ = path.split("/")[1], Status(data["status"]), data["round"]
        old = self._seen.get(batch_id)
        self._seen[batch_id] = status, round_
        if old is None:
            if status not in {Status.CREATED, Status.REJECTED}:
                self.broken("P2", f"{batch_id} begins as {status}")
        elif old[0] is not status and status not in TRANSITIONS[old[0]]:
            self.broken("3.4", f"{batch_id} went from {old[0]} to {status}")
        if old is not None and old == (status, round_):
            return
        if not follows and (old is None or status not in LIVE or round_ != old[1]):
            self.broken("P7", f"{batch_id} became {status} without an entry in the same commit")
        if status is Status.COMPLETE and self._pending(batch_id, data["openings"][-1]):
            self.broken("P4", f"{batch_id} is complete while a request is pending")
        self._date(batch_id, status, data["game_date"])

    def _date(self, batch_id: str, status: Status, day: str) -> None:
        holders = self._live.setdefault(day, set())
        known = self._store.peek(f"game_dates/{day}") or {}
        if status in LIVE:
            holders.add(batch_id)
            if len(holders) > 1 or known.get("live") != batch_id:
                self.broken("3.1", f"{day} has more than one live batch: {sorted(holders)}")
            return
        holders.discard(batch_id)
        if known.get("live") == batch_id:
            self.broken("P13", f"{batch_id} is {status} and holds {day} still")

    def _request(self, path: str) -> None:
        data = self._store.peek(path)
        assert data is not None
        if path in self._done and self._done[path] != (data["state"], data["outcomes"]):
            self.broken("P3", f"{path} had its outcomes and was changed")
        if data["state"] == "done":
            self._done.setdefault(path, (data["state"], data["outcomes"]))
            batch_id = path.split("/")[1]
            batch = self._store.peek(f"prediction_batches/{batch_id}") or {}
            if batch.get("status") not in LIVE or data["opening"] != batch["openings"][-1]:
                self.late.add(batch_id)

    def _pending(self, batch_id: str, opening: str) -> int:
        requests = self._store.peek_all(f"prediction_batches/{batch_id}/requests")
        return sum(r["state"] == "pending" and r["opening"] == opening for r in requests)

    # Pub/Sub and HTTP

    def published(self, topic: str, message: Message) -> None:
        """A message has reached a topic."""
        if topic not in {REQUEST_TOPIC, VERIFY_TOPIC}:
            return
        batch_id = message.data["batch_id"]
        batch = self._store.peek(f"prediction_batches/{batch_id}")
        if batch is None or batch["status"] == "created":
            self.broken("P2", f"published for {batch_id} before it was recorded")
            return
        if topic == REQUEST_TOPIC:
            requests = self._store.peek_all(f"prediction_batches/{batch_id}/requests")
            if sum(r["round"] == 1 for r in requests) != batch["request_count"]:
                self.broken("P2", f"published for {batch_id} before all its requests were recorded")

    def answered(self, task: Task, reply: Reply | None) -> None:
        """A function has answered, or died."""
        if reply is not None and reply.status == 500:
            self.broken("P10", f"{task.name} answered 500")

    def acknowledged(self, path: str, number: str, data: bytes) -> None:
        """A function has taken a message for good."""
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
            self.broken("P10", f"{number} was acknowledged and its request has no outcome")

    # BigQuery

    def warehouse_act(self, name: str, act: Any, effect: Callable[[], Any]) -> Any:
        """Run a call to the warehouse and compare what was current before and after."""
        tables = self._warehouse.tables.rows
        before = dict(tables[PREDICTIONS])
        try:
            return effect()
        finally:
            for day, rows in tables[PREDICTIONS].items():
                if rows is not before.get(day, ()):
                    self._changed(name, act, day, before.get(day, ()), rows)
            if any(len(rows) > 1 for rows in tables[FENCES].values()):
                self.broken("P1", f"{name}: the fence of a date is there twice")
            self._doubles(name)

    def _doubles(self, name: str) -> None:
        """Rows that are there once: looked at where something was written since the last look."""
        for table in ONCE:
            noted = self._warehouse.tables.rows[table]
            assert isinstance(noted, Noted)
            for key in noted.written:
                number = len(noted.get(key, ()))
                if number > 1 and (table, key) not in self._doubled:
                    self._doubled.add((table, key))
                    self.broken("P7", f"{name}: {table} has {number} of {key}")
            noted.written.clear()

    def _changed(self, name: str, act: Any, day: date, before: Sequence[Row], after: Sequence[Row]) -> None:
        entries = [row.entry for row in self._warehouse.audit()]
        for promise, what in (
            *broken_by(name, act, before, after, entries),
            *self._explained(act, day, before, after),
        ):
            self.broken(promise, f"{day}: {name}: {what}")

    def _explained(self, act: Any, day: date, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Problem]:
        if not isinstance(act, Promotion | Rollback):
            return
        if act.fence.game_date != day:
            yield "P1", f"an act on {act.fence.game_date} has changed another date"
        elif isinstance(act, Rollback):
            yield from rollback_complete(act, before, after)
        else:
            batch = self._store.peek(f"prediction_batches/{act.fence.batch_id}") or {}
            yield from promotion_explained(act, self._read_by(batch), batch.get("scope") or {}, before, after)

    def _read_by(self, batch: Mapping[str, Any]) -> list[SlateReading]:
        """What the batch has read of the slate: when it was opened, and at each redrive."""
        documents = self._store.peek_all(f"prediction_batches/{batch.get('batch_id')}/excluded")
        read = {d.get("opening"): d.get("snapshot") for d in documents}
        names = (batch.get("snapshot"), *(read.get(opening) for opening in batch.get("openings", [])[1:]))
        return [self.readings[name] for name in names if name in self.readings]
