"""All of regen over the memory adapters, without faults. Messages wait until `drain` delivers them, in order."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.clock import CountingIds, ManualClock
from regen.adapters.memory.store import MemoryStore
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.api.health import SweepReport
from regen.api.openings import OpeningAnswer
from regen.domain.batch import Batch, Kind
from regen.domain.errors import Refused
from regen.domain.scope import Scope
from regen.domain.slate_reading import SlateEntry
from regen.domain.trigger import Source, Trigger
from regen.domain.values import replace
from regen.ports import Message
from regen.services.batch import completion, opening, orders, processing, verifying
from regen.services.healing import sweeping
from regen.services.state import messages, messages_read
from regen.services.state.commit import read_batch
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC, Deps
from regen.services.state.idempotency import IdempotencyKey
from regen.services.tables import grading
from regen.web import bodies
from support.league import DAY, config, players, reading


class Mailbox:
    """A queue that keeps published messages until the bench delivers them."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, Message]] = deque()
        self.published: list[tuple[str, Message]] = []

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        for message in messages:
            json.dumps(message.data)
            self.waiting.append((topic, message))
            self.published.append((topic, message))

    def of(self, topic: str) -> list[Mapping[str, Any]]:
        """The data of all messages ever published to a topic."""
        return [m.data for t, m in self.published if t == topic]


@dataclass
class Words:
    """The handlers' answers to the delivered messages."""

    said: list[str]

    def __contains__(self, word: str) -> bool:
        return word in self.said


class Bench:
    """The services over memory adapters."""

    def __init__(self, entries: Sequence[SlateEntry] | None = None, **numbers: Any) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.warehouse = MemoryWarehouse(self.clock.now)
        self.queue = Mailbox()
        self.archive = MemoryArchive()
        own = config(**numbers)
        self.deps = Deps(self.store, self.queue, self.warehouse, self.clock, CountingIds(), own, archive=self.archive)
        self.events: deque[str] = deque()
        self.store.subscribe(self._changed)
        self.slate(players() if entries is None else entries)

    def _changed(self, path: str) -> None:
        if path.startswith("prediction_batches/") and path.count("/") == 1:
            self.events.append(path.split("/")[1])

    def slate(self, entries: Sequence[SlateEntry], day: date = DAY) -> None:
        """Put a date's slate into the warehouse."""
        self.warehouse.seed_slate(reading(entries, day))

    def trigger(self, name: str, *, day: date = DAY, **what: Any) -> Trigger:
        """A trigger of an API client; `what` replaces its fields."""
        fields: dict[str, Any] = {
            "kind": Kind.REGENERATION,
            "reason": "feature_upgrade",
            "source": Source.HTTP,
            "triggered_by": "api_key:one",
            "at": self.clock.now(),
            "scope": Scope(),
        }
        return Trigger(trigger_id=name, game_date=day, **{**fields, **what})

    def regenerate(self, name: str = "t1", key: str | None = None, body: str = "", **what: Any) -> OpeningAnswer:
        """Open (or coalesce), without delivering anything."""
        claimed = IdempotencyKey("/regenerate-with-supersede one", key, body) if key else None
        return opening.open_batch(self.deps, self.trigger(name, **what), claimed)

    def run(self, name: str = "t1", **what: Any) -> Batch:
        """Run a regeneration from its trigger to its end; return the batch."""
        answer = self.regenerate(name, **what)
        self.drain()
        self.clock.advance(1)
        return self.batch(answer.batch_id)

    def drain(self) -> Words:
        """Deliver messages and events until none is left; return the handlers' answers."""
        words = Words([])
        while self.queue.waiting or self.events:
            words.said.append(self.step())
        return words

    def until(self, topic: str) -> Message:
        """Deliver until the next message is of this topic; return that message, not yet delivered."""
        while self.events or self.queue.waiting[0][0] != topic:
            self.step()
        return self.queue.waiting[0][1]

    def step(self, *, events: bool = True) -> str:
        """Deliver the next event, or else the next message; return the handler's answer."""
        if events and self.events:
            completion.batch_changed(self.deps, self.events.popleft())
            return "event"
        return self._deliver(*self.queue.waiting.popleft())

    def _deliver(self, topic: str, message: Message) -> str:
        data = message.data
        if topic == REQUEST_TOPIC:
            return processing.process_request(self.deps, data["batch_id"], data["request_id"])
        if topic == VERIFY_TOPIC:
            return verifying.verify(self.deps, data["batch_id"], data["round"])
        if topic == TRIGGER_TOPIC:
            return self._push(data, message.attributes)
        return "kept"

    def _push(self, data: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
        if data.get("mode") == messages.GRADE:
            if self.deps.ledger:
                day = date.fromisoformat(data["game_date"])
                grading.grade(self.deps, day, day)
            return "graded"
        number = f"message-{len(self.queue.published)}"
        trigger = bodies.pushed_trigger(
            data,
            known_systems=self.deps.config.systems,
            caller="pubsub:pusher",
            trigger_id=number,
            now=self.clock.now(),
            attributes={},
            follow_up=messages_read.follow_up_of(self.deps, data, attributes),
        )
        if messages_read.own_event(self.deps, data, attributes) and messages.is_news(data):
            trigger = replace(trigger, news=True)
        try:
            return opening.open_batch(self.deps, trigger).status
        except Refused:
            return "refused"

    def sweep(self) -> SweepReport:
        """One tick of the scheduler, and all that follows from it."""
        report = sweeping.sweep(self.deps)
        self.drain()
        return report

    def order(self, batch: Batch | OpeningAnswer, reason: str = "because") -> orders.Order:
        """An operator's word on a batch."""
        return orders.Order(batch.batch_id, "api_key:one", reason)

    def batch(self, batch_id: str) -> Batch:
        """The stored batch."""
        return read_batch(self.deps, batch_id).batch

    def current(self, day: date = DAY) -> set[tuple[str, str, float | None]]:
        """The keys of the current rows: player, system, line."""
        found = self.warehouse.current_predictions(day)
        return {(row.player_lookup, row.system_id, row.line) for row in found}

    def makers(self, day: date = DAY) -> dict[str, set[str | None]]:
        """The batches that made the current rows, by player."""
        made: dict[str, set[str | None]] = {}
        for row in self.warehouse.current_predictions(day):
            made.setdefault(row.player_lookup, set()).add(row.batch_id)
        return made

    def audited(self, event: str) -> list[Any]:
        """The audit entries of an event."""
        return [row.entry for row in self.warehouse.audit() if row.entry.event.value == event]
